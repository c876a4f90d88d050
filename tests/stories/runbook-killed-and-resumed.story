# A part that was under way when its operator died is never carried out again by itself.
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
0:09  ben carries part 0
      > 0:09 part 0 begins
      > 0:09 part 0: done, durable, by ben
      > 0:09 part 0 is proved
      > 0:09 watch is hold
      >   run: run 1 is not at its end: fence is next
0:10  ben begins part 1
      > 0:10 part 1 begins
      > 0:10 watch is hold
      >   run: run 1 is not at its end: fence is under way
0:11  ben crashes
0:14  ben takes the run
      > 0:14 run 1 is taken, lease 2, by ben
      > 0:14 watch is hold
      >   run: run 1: nobody can know whether fence was carried out: ownership is ambiguous; a person must say what happened
0:15  ben begins part 1
      > 0:15 refused, NOT_NEXT: not now: a person must say whether fence was carried out
0:16  carla settles part 1 done: writes are shut, I looked
      > 0:16 part 1 was done, by carla
      > 0:16 watch is hold
      >   run: run 1 is not at its end: fence is under way
0:17  ben walks
      > 0:25 part 1 is proved
      > 0:25 part 2 begins
      > 0:25 part 2: done, by ben
      > 0:25 watch is hold
      >   run: run 1 is not at its end: catch-up is under way
      > 0:40 part 2 is proved
      > 0:40 point of no return, part 3, by ben
      > 0:40 part 4 begins
      > 0:40 part 4: done, durable, by ben
      > 0:40 part 4 is proved
      > 0:40 part 5 begins
      > 0:40 part 5: done, durable, by ben
      > 0:40 watch is hold
      >   run: run 1 is not at its end: traffic at 10 % is under way
      > 0:55 part 5 is proved
      > 0:55 part 6 begins
      > 0:55 part 6: done, durable, by ben
      > 0:55 watch is hold
      >   run: run 1 is not at its end: traffic at 100 % is under way
      > 1:10 part 6 is proved
      > 1:10 traffic is on the target, by ben
      > 1:10 part 7 begins
      > 1:10 watch is hold
      >   run: run 1 is not at its end: confirm waits for its owner's word
1:50  ben crashes
      > 2:05 run 1 is left, lease 2
2:10  the run is told
      > 2:10 forward, nobody, next: confirm 7
      >   0 reverse-ready: done, durable
      >   1 fence: done
      >   2 catch-up: done
      >   3 no-return: done
      >   4 open: done, durable
      >   5 traffic 10 %: done, durable
      >   6 traffic 100 %: done, durable
      >   7 confirm: begun
2:11  carla takes the run
      > 2:11 run 1 is taken, lease 3, by carla
2:12  olga confirms part 7: customers order
      > 2:12 part 7: done, by olga
      > 2:12 part 7 is proved
      > 2:12 run 1 is completed, writes were shut for 30 s
      > 2:12 cutover -> watch
      > 2:12 asked: commit, for gate committed
      > 2:12 committed is hold
      >   decision commit: waits for olga or carla (or ben) to decide commit: 0 of 2 voices
2:13  the run is told
      > 2:13 completed, nobody, next: over
      >   0 reverse-ready: done, durable
      >   1 fence: done
      >   2 catch-up: done
      >   3 no-return: done
      >   4 open: done, durable
      >   5 traffic 10 %: done, durable
      >   6 traffic 100 %: done, durable
      >   7 confirm: done
