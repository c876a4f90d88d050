# A confirmed cutover is for now. Whoever confirms it and is gone leaves nothing to begin on evidence of hours ago.
scenario login, critical, both: 1 pass in a row
scenario writers, important, both: silent for 20
gate ready: login
gate cutover: decision cutover
gate committed: login, decision commit
step fence, fence, ben: run, undo, deadline 40 s
step no-return, point-of-no-return, olga
step open, open, ben: run
step traffic, route, ben: run, undo, weights 100
brief

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
      > 1:07 cutover -> sync
      > 1:07 sync -> ready
      > 1:07 asked: cutover, for gate cutover
      > 1:07 gate ready opens, epoch 5
      > 1:07 cutover is hold
      >   decision cutover: cutover is void: the cutover was taken back; it waits for olga (or ben) again
1:30  ben begins cutover
      > 1:30 refused, WRONG_PHASE: the migration is in ready; a cutover is run once it is confirmed
1:40  nothing more
