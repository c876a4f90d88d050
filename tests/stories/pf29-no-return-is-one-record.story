# PF29: a promotion that cannot be stopped. The point of no return is passed once, by the present operator, and said before it is done.
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
0:09  ben passes part 3
      > 0:09 refused, NOT_NEXT: not now: reverse-ready is next
0:10  ben carries part 0
      > 0:10 part 0 begins
      > 0:10 part 0: done, durable, by ben
      > 0:10 part 0 is proved
      > 0:10 watch is hold
      >   run: run 1 is not at its end: fence is next
0:11  ben carries part 1
      > 0:11 part 1 begins
      > 0:11 part 1: done, durable, by ben
      > 0:11 watch is hold
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
0:50  ben begins part 4
      > 0:50 refused, NOT_NEXT: not now: the point of no return stands at no-return, and is next
0:51  ben passes part 3 with lease 7
      > 0:51 refused, OLD_LEASE: the lease of run 1 is number 1, of ben
0:52  ben passes part 3
      > 0:52 point of no return, part 3, by ben
      > 0:52 watch is hold
      >   run: run 1 is not at its end: open is next
0:53  ben passes part 3
      > 0:53 refused, TOO_LATE: run 1 is past its point of no return: it goes on, or people decide rollback
0:54  olga aborts: too late
      > 0:54 refused, WRONG_PHASE: the migration is in cutover; it is past its point of no return: decide rollback
0:55  carla turns: too late
      > 0:55 refused, TOO_LATE: run 1 is past its point of no return: it goes on, or people decide rollback
0:56  the run is told
      > 0:56 forward, ben, next: carry 4
      >   writes shut 45 s of no limit
      >   0 reverse-ready: done, durable
      >   1 fence: done, durable
      >   2 catch-up: done
      >   3 no-return: done
      >   4 open: pending
      >   5 traffic 10 %: pending
      >   6 traffic 100 %: pending
      >   7 confirm: pending
