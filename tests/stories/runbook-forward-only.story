# Past the point of no return a failed part waits for a person, and nothing is undone.
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
0:10  ben carries part 1
      > 0:10 part 1 begins
      > 0:10 part 1: done, durable, by ben
      > 0:10 watch is hold
      >   run: run 1 is not at its end: fence is under way
      > 0:20 part 1 is proved
      > 0:20 watch is hold
      >   run: run 1 is not at its end: catch-up is next
0:26  ben carries part 2
      > 0:26 part 2 begins
      > 0:26 part 2: done, by ben
      > 0:26 watch is hold
      >   run: run 1 is not at its end: catch-up is under way
      > 0:40 part 2 is proved
      > 0:40 watch is hold
      >   run: run 1 is not at its end: the point of no return stands at no-return, and is next
0:50  ben passes part 3
      > 0:50 point of no return, part 3, by ben
      > 0:50 watch is hold
      >   run: run 1 is not at its end: open is next
0:51  ben begins part 4
      > 0:51 part 4 begins
      > 0:51 watch is hold
      >   run: run 1 is not at its end: open is under way
0:52  ben ends part 4: failed
      > 0:52 part 4: failed, by ben
      > 0:52 watch is hold
      >   run: run 1: open failed, past the point of no return; a person must say what happened
0:53  carla holds: what now
      > 0:53 hold, by carla
      > 0:53 watch is hold
      >   operator: carla pressed hold: what now
      >   run: run 1: open failed, past the point of no return; a person must say what happened
0:54  carla releases: on we go
      > 0:54 release, by carla
      > 0:54 watch is hold
      >   run: run 1: open failed, past the point of no return; a person must say what happened
0:55  ben begins part 4
      > 0:55 refused, NOT_NEXT: not now: a person must say whether open was carried out
0:56  carla settles part 4 not done: it was the wrong host
      > 0:56 part 4 was not done, by carla
      > 0:56 watch is hold
      >   run: run 1 is not at its end: open is next
0:57  ben crashes
      > 1:12 run 1 is left, lease 1
1:20  the run is told
      > 1:20 forward, nobody, next: carry 4
      >   writes shut 70 s of no limit
      >   0 reverse-ready: done, durable
      >   1 fence: done, durable
      >   2 catch-up: done
      >   3 no-return: done
      >   4 open: pending
      >   5 traffic 10 %: pending
      >   6 traffic 100 %: pending
      >   7 confirm: pending
1:21  carla takes the run
      > 1:21 run 1 is taken, lease 2, by carla
1:22  carla walks
      > 1:22 part 4 begins
      > 1:22 part 4: done, durable, by carla
      > 1:22 part 4 is proved
      > 1:22 part 5 begins
      > 1:22 part 5: done, durable, by carla
      > 1:22 watch is hold
      >   run: run 1 is not at its end: traffic at 10 % is under way
      > 1:35 part 5 is proved
      > 1:35 part 6 begins
      > 1:35 part 6: done, durable, by carla
      > 1:35 watch is hold
      >   run: run 1 is not at its end: traffic at 100 % is under way
      > 1:50 part 6 is proved
      > 1:50 traffic is on the target, by carla
      > 1:50 part 7 begins
      > 1:50 watch is hold
      >   run: run 1 is not at its end: confirm waits for its owner's word
2:20  olga confirms part 7: customers order
      > 2:20 part 7: done, by olga
      > 2:20 part 7 is proved
      > 2:20 run 1 is completed, writes were shut for 72 s
      > 2:20 cutover -> watch
      > 2:20 asked: commit, for gate committed
      > 2:20 committed is hold
      >   decision commit: waits for olga or carla (or ben) to decide commit: 0 of 2 voices
2:21  the run is told
      > 2:21 completed, nobody, next: over
      >   0 reverse-ready: done, durable
      >   1 fence: done, durable
      >   2 catch-up: done
      >   3 no-return: done
      >   4 open: done, durable
      >   5 traffic 10 %: done, durable
      >   6 traffic 100 %: done, durable
      >   7 confirm: done
