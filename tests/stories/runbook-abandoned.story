# Past the point of no return, before all traffic is there, people decide to go back: the other runbook does it.
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
back fence-target, fence, ben: run, deadline 40 s
back traffic-back, route, ben: run, weights 50 0, after login
back open-source, open, ben: run

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
0:52  olga says go on rollback: orders are missing
      > 0:52 rollback: go, by olga, complete
      > 0:52 cutover -> rolling-back, by olga
      > 0:52 rolled-back is hold
      >   run: the runbook of the rollback is not walked yet
0:53  ben begins rollback
      > 0:53 refused, LEASED: ben walks the runbook of the cutover, run 1, and is there until the lease ends, 15 s after it was renewed last
0:54  ben ends part 4: done
      > 0:54 part 4: done, durable, by ben
      > 0:54 run 1 is abandoned, writes were shut for 44 s
0:55  ben begins rollback
      > 0:55 run 2 of rollback begins, lease 2, by ben
      > 0:55 rolled-back is hold
      >   run: run 2 is not at its end: fence-target is next
0:56  ben walks
      > 0:56 part 0 begins
      > 0:56 part 0: done, durable, by ben
      > 0:56 rolled-back is hold
      >   run: run 2 is not at its end: fence-target is under way
      > 1:05 part 0 is proved
      > 1:05 part 1 begins
      > 1:05 part 1: done, durable, by ben
      > 1:05 rolled-back is hold
      >   run: run 2 is not at its end: traffic-back at 50 % is under way
      > 1:20 part 1 is proved
      > 1:20 part 2 begins
      > 1:20 part 2: done, durable, by ben
      > 1:20 rolled-back is hold
      >   run: run 2 is not at its end: traffic-back at 0 % is under way
      > 1:35 part 2 is proved
      > 1:35 traffic is on the source, by ben
      > 1:35 part 3 begins
      > 1:35 part 3: done, durable, by ben
      > 1:35 part 3 is proved
      > 1:35 run 2 is completed, writes were shut for 39 s
      > 1:35 rolled-back is unknown
      >   missing login on source by s1: s1 has not reported it
      > 1:40 rolling-back -> rolled-back
      > 1:40 rolled-back is open: the migration is rolled-back
2:10  the run is told
      > 2:10 completed, nobody, next: over
      >   0 fence-target: done, durable
      >   1 traffic-back 50 %: done, durable
      >   2 traffic-back 0 %: done, durable
      >   3 open-source: done, durable
