# PF1: the position was read before writes in flight had ended. What proves a step is younger than the step.
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
0:26  login is silent on target
0:26  ben carries part 2
      > 0:26 part 2 begins
      > 0:26 part 2: done, by ben
      > 0:26 watch is hold
      >   run: run 1 is not at its end: catch-up is under way
0:30  the run is told
      > 0:30 forward, ben, next: wait 2
      >   writes shut 20 s of no limit
      >   0 reverse-ready: done, durable
      >   1 fence: done, durable
      >   2 catch-up: acted
      >     missing login on target by t1: 0 of 3 fresh rounds from t1
      >   3 no-return: pending
      >   4 open: pending
      >   5 traffic 10 %: pending
      >   6 traffic 100 %: pending
      >   7 confirm: pending
0:35  login passes
      > 0:50 part 2 is proved
      > 0:50 watch is hold
      >   run: run 1 is not at its end: the point of no return stands at no-return, and is next
1:03  the run is told
      > 1:03 forward, ben, next: pass_no_return 3
      >   writes shut 53 s of no limit
      >   0 reverse-ready: done, durable
      >   1 fence: done, durable
      >   2 catch-up: done
      >   3 no-return: pending
      >   4 open: pending
      >   5 traffic 10 %: pending
      >   6 traffic 100 %: pending
      >   7 confirm: pending
