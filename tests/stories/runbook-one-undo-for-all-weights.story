# One undo takes a route back with all of its weights.
scenario login, critical, both: 1 pass in a row
scenario writers, important, both: silent for 20
gate ready: login
gate cutover: decision cutover
gate committed: login, decision commit
gate rolled-back: login
step reads, route, ben: run, undo, weights 10 50 100
step fence, fence, ben: run, undo, deadline 40 s
step no-return, point-of-no-return, olga
step open, open, ben: run

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
      >   run: run 1 is not at its end: reads at 10 % is next
0:09  ben carries part 0
      > 0:09 part 0 begins
      > 0:09 part 0: done, durable, by ben
      > 0:09 part 0 is proved
      > 0:09 watch is hold
      >   run: run 1 is not at its end: reads at 50 % is next
0:10  ben carries part 1
      > 0:10 part 1 begins
      > 0:10 part 1: done, durable, by ben
      > 0:10 part 1 is proved
      > 0:10 watch is hold
      >   run: run 1 is not at its end: reads at 100 % is next
0:11  ben begins part 2
      > 0:11 part 2 begins
      > 0:11 watch is hold
      >   run: run 1 is not at its end: reads at 100 % is under way
0:12  ben ends part 2: failed
      > 0:12 part 2: failed, by ben
      > 0:12 run 1 goes back: reads at 100 % failed
      > 0:12 watch is hold
      >   run: run 1 goes back: reads at 100 % failed; reads at 100 % is taken back next
0:13  ben begins undo 1
      > 0:13 refused, NOT_NEXT: not now: reads at 100 % is taken back next
0:14  ben carries undo 2
      > 0:14 part 2 undo begins
      > 0:14 part 2 undo: done, durable, by ben
      > 0:14 run 1 is undone
      > 0:14 cutover -> sync
      > 0:14 sync -> ready
      > 0:14 gate ready opens, epoch 5
      > 0:14 cutover is hold
      >   decision cutover: cutover is void: the cutover was taken back; it waits for olga (or ben) again
0:15  the run is told
      > 0:15 undone, nobody, next: over
      >   0 reads 10 %: undone, durable
      >   1 reads 50 %: undone, durable
      >   2 reads 100 %: undone, durable
      >   3 fence: pending
      >   4 no-return: pending
      >   5 open: pending
