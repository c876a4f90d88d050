# PF7: one stuck member blocks the whole switch. It is named, and the step has a bound.
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
0:01  target/t2 joins
      > 0:01 target/t2 is enrolled
      > 0:01 ready is unknown
      >   missing login on source by s1: s1 has not reported it
      >   missing login on target by t1: t1 has not reported it (and 1 agent like it)
0:01  login passes
0:01  writers reports: writes 0
      > 0:05 sync -> ready
      > 0:05 asked: cutover, for gate cutover
      > 0:05 gate ready opens, epoch 2
      > 0:05 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
0:16  olga says go on cutover
      > 0:16 cutover: go, by olga, complete
      > 0:16 gate cutover opens, epoch 3
      > 0:16 cutover is open: 1 scenario is proved: gate cutover is open
0:17  ben confirms
      > 0:17 ready -> cutover, by ben
      > 0:17 watch is hold
      >   run: the runbook of the cutover is not walked yet
0:18  ben begins cutover
      > 0:18 run 1 of cutover begins, lease 1, by ben
      > 0:18 watch is hold
      >   run: run 1 is not at its end: reverse-ready is next
0:19  ben carries part 0
      > 0:19 part 0 begins
      > 0:19 part 0: done, durable, by ben
      > 0:19 part 0 is proved
      > 0:19 watch is hold
      >   run: run 1 is not at its end: fence is next
0:20  ben carries part 1
      > 0:20 part 1 begins
      > 0:20 part 1: done, durable, by ben
      > 0:20 watch is hold
      >   run: run 1 is not at its end: fence is under way
      > 0:30 part 1 is proved
      > 0:30 watch is hold
      >   run: run 1 is not at its end: catch-up is next
0:30  login hangs at target/t2
0:36  ben carries part 2
      > 0:36 part 2 begins
      > 0:36 part 2: done, by ben
      > 0:36 watch is hold
      >   run: run 1 is not at its end: catch-up is under way
0:50  the run is told
      > 0:50 forward, ben, next: wait 2
      >   writes shut 30 s of no limit
      >   0 reverse-ready: done, durable
      >   1 fence: done, durable
      >   2 catch-up: acted
      >     missing login on target by t2: 0 of 3 fresh rounds from t2
      >   3 no-return: pending
      >   4 open: pending
      >   5 traffic 10 %: pending
      >   6 traffic 100 %: pending
      >   7 confirm: pending
      > 1:17 run 1 goes back: catch-up was not done and proved within 40 s
      > 1:17 watch is hold
      >   run: run 1 goes back: catch-up was not done and proved within 40 s; fence is taken back next
1:20  ben walks
      > 1:20 part 1 undo begins
      > 1:20 part 1 undo: done, durable, by ben
      > 1:20 part 0 undo begins
      > 1:20 part 0 undo: done, durable, by ben
      > 1:20 run 1 is undone, writes were shut for 60 s
      > 1:20 cutover -> sync
      > 1:20 ready is unknown
      >   stale login on target by t2: t2 has not reported it for more than 13 s
