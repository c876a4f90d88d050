# PF25: a life cycle set by hand skips what it should prove. With a runbook nobody reports the switch.
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
0:09  ben reports target
      > 0:09 refused, WRONG_PHASE: the plan has a runbook for the cutover: its routes say where traffic is; walk it with tidelock cutover run
0:10  olga says go on commit
      > 0:10 refused, WRONG_PHASE: the migration is in cutover; commit is decided at gate committed
0:11  the plan changes: watch 5 s
      > 0:11 refused, WRONG_PHASE: run 1 of the cutover is under way: the plan is changed before it or after it
0:12  ben ends part 0: done
      > 0:12 refused, NOT_NEXT: not now: reverse-ready is next
0:13  carla settles part 0 done: trust me
      > 0:13 refused, NOT_NEXT: not now: reverse-ready is next
