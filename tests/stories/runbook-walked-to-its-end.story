# One operator walks every step; each is proved on evidence younger than itself.
scenario login, critical, both: 1 pass in a row
scenario writers, important, both: silent for 20
gate ready: login
gate cutover: decision cutover
gate committed: login, decision commit
gate rolled-back: login
step reverse-ready, reverse, ben: run, undo
step fence, fence, ben: run, undo, planned 5 s, deadline 40 s
step catch-up, catch-up, ben: after login, planned 5 s, deadline 40 s
step no-return, point-of-no-return, olga
step open, open, ben: run, planned 2 s
step traffic, route, ben: run, undo, weights 10 100, after login, bake 5 s
step confirm, confirm, olga

0:00  all pass
      > 0:00 prepare -> sync
      > 0:00 ready is unknown
      >   missing login on source by s1: s1 has not reported it
      >   missing login on target by t1: t1 has not reported it
0:00  writers reports: writes 0
      > 0:05 sync -> ready
      > 0:05 asked: cutover, for gate cutover
      > 0:05 gate ready opens, epoch 2
      > 0:05 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
0:06  olga says go on cutover
      > 0:06 cutover: go, by olga, complete
      > 0:06 gate cutover opens, epoch 3
      > 0:06 cutover is open: 1 scenario is proved: gate cutover is open
0:07  ben confirms
      > 0:07 ready -> cutover, by ben
      > 0:07 watch is hold
      >   run: the runbook of the cutover is not walked yet
0:08  ben begins cutover
      > 0:08 run 1 of cutover begins, lease 1, by ben
      > 0:08 watch is hold
      >   run: run 1 is not at its end: reverse-ready is next
0:09  ben walks
      > 0:09 part 0 begins
      > 0:09 part 0: done, durable, by ben
      > 0:09 part 0 is proved
      > 0:09 part 1 begins
      > 0:09 part 1: done, durable, by ben
      > 0:09 watch is hold
      >   run: run 1 is not at its end: fence is under way
      > 0:15 part 1 is proved
      > 0:15 part 2 begins
      > 0:15 part 2: done, by ben
      > 0:15 watch is hold
      >   run: run 1 is not at its end: catch-up is under way
      > 0:30 part 2 is proved
      > 0:30 point of no return, part 3, by ben
      > 0:30 part 4 begins
      > 0:30 part 4: done, durable, by ben
      > 0:30 part 4 is proved
      > 0:30 part 5 begins
      > 0:30 part 5: done, durable, by ben
      > 0:30 watch is hold
      >   run: run 1 is not at its end: traffic at 10 % is under way
      > 0:45 part 5 is proved
      > 0:45 part 6 begins
      > 0:45 part 6: done, durable, by ben
      > 0:45 watch is hold
      >   run: run 1 is not at its end: traffic at 100 % is under way
      > 1:00 part 6 is proved
      > 1:00 traffic is on the target, by ben
      > 1:00 part 7 begins
      > 1:00 watch is hold
      >   run: run 1 is not at its end: confirm waits for its owner's word
1:40  the run is told
      > 1:40 forward, ben, next: confirm 7
      >   0 reverse-ready: done, durable
      >   1 fence: done, durable
      >   2 catch-up: done
      >   3 no-return: done
      >   4 open: done, durable
      >   5 traffic 10 %: done, durable
      >   6 traffic 100 %: done, durable
      >   7 confirm: begun
1:41  ben confirms part 7: customers order
      > 1:41 part 7: done, by ben
      > 1:41 part 7 is proved
      > 1:41 run 1 is completed, writes were shut for 21 s
      > 1:41 cutover -> watch
      > 1:41 asked: commit, for gate committed
      > 1:41 committed is hold
      >   decision commit: waits for olga or carla (or ben) to decide commit: 0 of 2 voices
1:45  the run is told
      > 1:45 completed, nobody, next: over
      >   0 reverse-ready: done, durable
      >   1 fence: done, durable
      >   2 catch-up: done
      >   3 no-return: done
      >   4 open: done, durable
      >   5 traffic 10 %: done, durable
      >   6 traffic 100 %: done, durable
      >   7 confirm: done
