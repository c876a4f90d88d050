# A gate asks for a rehearsal of both ways, of the plan as it is, not too long ago.
scenario login, critical, both: 1 pass in a row
scenario orders, critical, both, writes, may dip 15 s: 1 pass in a row
gate ready: all
gate cutover: decision cutover, rehearsed 60 s both ways
step reverse-ready, reverse, ben: run, undo
step fence, fence, ben: run, undo, rehearsal, planned 5 s, deadline 20 s
step catch-up, catch-up, ben: after login, planned 5 s, deadline 20 s
step no-return, point-of-no-return, olga
step open, open, ben: run, planned 2 s
step traffic, route, ben: run, undo, weights 10 100, after login, bake 5 s
step confirm, confirm, olga
back fence-target, fence, ben: run, after login, deadline 20 s
back traffic-back, route, ben: run, weights 0
back open-source, open, ben: run

0:00  all pass
      > 0:00 prepare -> sync
      > 0:00 ready is unknown
      >   missing login on source by s1: s1 has not reported it
      >   missing login on target by t1: t1 has not reported it
      >   missing orders on source by s1: s1 has not reported it
      >   missing orders on target by t1: t1 has not reported it
      > 0:05 sync -> ready
      > 0:05 gate ready opens, epoch 2
      > 0:05 cutover is hold
      >   decision cutover: cutover is not given by olga (or ben): 0 of 1 voice
      >   rehearsal: the cutover was never rehearsed
      >   rehearsal: the rollback was never rehearsed
0:08  ben begins rehearsal of cutover
      > 0:08 rehearsal 1 of cutover begins, lease 1, by ben
      > 0:08 cutover is hold
      >   decision cutover: cutover is not given by olga (or ben): 0 of 1 voice
      >   rehearsal: the cutover was never rehearsed
      >   rehearsal: the rollback was never rehearsed
      >   run: the cutover is being rehearsed by ben
0:09  carla begins rehearsal of rollback
      > 0:09 refused, LEASED: ben walks the rehearsal of the cutover, run 1, and is there until the lease ends, 15 s after it was renewed last
0:10  ben walks
      > 0:10 part 0 begins
      > 0:10 part 0: done, by ben
      > 0:10 part 0 is proved
      > 0:10 part 1 begins
      > 0:10 part 1: done, durable, by ben
      > 0:10 part 1 is proved
      > 0:10 part 2 begins
      > 0:10 part 2: done, by ben
      > 0:10 part 2 is proved
      > 0:10 point of no return, part 3, by ben
      > 0:10 part 4 begins
      > 0:10 part 4: done, by ben
      > 0:10 part 4 is proved
      > 0:10 part 5 begins
      > 0:10 part 5: done, by ben
      > 0:10 part 5 is proved
      > 0:10 part 6 begins
      > 0:10 part 6: done, by ben
      > 0:10 part 6 is proved
      > 0:10 part 7 begins
      > 0:10 part 7: done, by ben
      > 0:10 part 7 is proved
      > 0:10 run 1 is completed, writes were shut for 7 s
      > 0:10 cutover is hold
      >   decision cutover: cutover is not given by olga (or ben): 0 of 1 voice
      >   rehearsal: the rollback was never rehearsed
0:12  the run is told
      > 0:12 completed, nobody, next: over
      >   0 reverse-ready: done
      >   1 fence: done, durable
      >   2 catch-up: done
      >   3 no-return: done
      >   4 open: done
      >   5 traffic 10 %: done
      >   6 traffic 100 %: done
      >   7 confirm: done
0:13  ben begins rehearsal of rollback
      > 0:13 rehearsal 2 of rollback begins, lease 2, by ben
      > 0:13 part 0 begins
      > 0:13 part 0: done, by ben
      > 0:13 part 0 is proved
      > 0:13 part 1 begins
      > 0:13 part 1: done, by ben
      > 0:13 part 1 is proved
      > 0:13 part 2 begins
      > 0:13 part 2: done, by ben
      > 0:13 part 2 is proved
      > 0:13 run 2 is completed, writes were shut for 0 s
      > 0:13 asked: cutover, for gate cutover
      > 0:13 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
0:15  the plan changes: watch 30 s
      > 0:15 plan revision 2, by olga
      > 0:15 gate ready opens, epoch 4
      > 0:15 cutover is hold
      >   decision cutover: cutover is not given by olga (or ben): 0 of 1 voice
      >   rehearsal: the cutover was rehearsed at revision 1 of the plan, not as it is
      >   rehearsal: the rollback was rehearsed at revision 1 of the plan, not as it is
0:20  ben begins rehearsal of cutover
      > 0:20 rehearsal 3 of cutover begins, lease 3, by ben
      > 0:20 part 0 begins
      > 0:20 part 0: done, by ben
      > 0:20 part 0 is proved
      > 0:20 part 1 begins
      > 0:20 part 1: done, durable, by ben
      > 0:20 part 1 is proved
      > 0:20 part 2 begins
      > 0:20 part 2: done, by ben
      > 0:20 part 2 is proved
      > 0:20 point of no return, part 3, by ben
      > 0:20 part 4 begins
      > 0:20 part 4: done, by ben
      > 0:20 part 4 is proved
      > 0:20 part 5 begins
      > 0:20 part 5: done, by ben
      > 0:20 part 5 is proved
      > 0:20 part 6 begins
      > 0:20 part 6: done, by ben
      > 0:20 part 6 is proved
      > 0:20 part 7 begins
      > 0:20 part 7: done, by ben
      > 0:20 part 7 is proved
      > 0:20 run 3 is completed, writes were shut for 7 s
      > 0:20 cutover is hold
      >   decision cutover: cutover is not given by olga (or ben): 0 of 1 voice
      >   rehearsal: the rollback was rehearsed at revision 1 of the plan, not as it is
0:25  ben begins rehearsal of rollback
      > 0:25 rehearsal 4 of rollback begins, lease 4, by ben
      > 0:25 part 0 begins
      > 0:25 part 0: done, by ben
      > 0:25 part 0 is proved
      > 0:25 part 1 begins
      > 0:25 part 1: done, by ben
      > 0:25 part 1 is proved
      > 0:25 part 2 begins
      > 0:25 part 2: done, by ben
      > 0:25 part 2 is proved
      > 0:25 run 4 is completed, writes were shut for 0 s
      > 0:25 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
0:30  olga says go on cutover
      > 0:30 cutover: go, by olga, complete
      > 0:30 gate cutover opens, epoch 5
      > 0:30 cutover is open: 2 scenarios are proved: gate cutover is open
      > 1:21 gate cutover shuts, epoch 5
      > 1:21 cutover is hold
      >   rehearsal: the cutover was rehearsed longer ago than 60 s
      > 1:26 cutover is hold
      >   rehearsal: the cutover was rehearsed longer ago than 60 s
      >   rehearsal: the rollback was rehearsed longer ago than 60 s
1:30  nothing more
