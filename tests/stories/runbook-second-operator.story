# Two operators cannot act at once; the second is told who is there.
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
0:09  carla begins cutover
      > 0:09 refused, LEASED: ben walks the runbook of the cutover, run 1, and is there until the lease ends, 15 s after it was renewed last
0:10  carla takes the run
      > 0:10 refused, LEASED: ben walks the runbook of the cutover, run 1, and is there until the lease ends, 15 s after it was renewed last
0:11  carla begins part 0 with lease 1
      > 0:11 refused, OLD_LEASE: the lease of run 1 is number 1, of ben
0:12  ben begins part 0
      > 0:12 part 0 begins
      > 0:12 watch is hold
      >   run: run 1 is not at its end: reverse-ready is under way
0:13  ben takes the run
      > 0:13 run 1 is taken, lease 2, by ben
      > 0:13 watch is hold
      >   run: run 1: nobody can know whether reverse-ready was carried out: ownership is ambiguous; a person must say what happened
0:14  ben ends part 0 with lease 1: done
      > 0:14 refused, OLD_LEASE: the lease of run 1 is number 2, of ben
0:15  the run is told
      > 0:15 forward, ben, next: settle 0
      >   0 reverse-ready: ambiguous
      >   1 fence: pending
      >   2 catch-up: pending
      >   3 no-return: pending
      >   4 open: pending
      >   5 traffic 10 %: pending
      >   6 traffic 100 %: pending
      >   7 confirm: pending
