# A new plan revision: a check that stays the same keeps its evidence, another one starts over, and
# so do tokens and approvals.
scenario login, critical, both: 2 passes in a row
scenario mail, important, target: 1 pass in a row
gate ready: all
gate cutover: decision cutover

0:00  all pass
      > 0:00 prepare -> sync
      > 0:00 ready is unknown
      >   missing login on source by s1: s1 has not reported it
      >   missing login on target by t1: t1 has not reported it
      >   missing mail on target by t1: t1 has not reported it
      > 0:05 ready is hold
      >   claim_undecided login on source by s1: 1 of 2 passes in a row
      >   claim_undecided login on target by t1: 1 of 2 passes in a row
      > 0:10 sync -> ready
      > 0:10 asked: cutover, for gate cutover
      > 0:10 gate ready opens, epoch 2
      > 0:10 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
0:12  olga says go on cutover
      > 0:12 cutover: go, by olga, complete
      > 0:12 gate cutover opens, epoch 3
      > 0:12 cutover is open: 2 scenarios are proved: gate cutover is open
0:13  the plan changes: scenario mail, important, target: 3 passes in a row
      > 0:13 plan revision 2, by olga
      > 0:13 ready -> sync
      > 0:13 ready is unknown
      >   missing mail on target by t1: t1 has not reported it
0:14  pipeline confirms
      > 0:14 refused, WRONG_PHASE: the migration is in sync; a cutover is confirmed once, in ready
      > 0:15 ready is hold
      >   claim_undecided mail on target by t1: 1 of 3 passes in a row
      > 0:20 ready is hold
      >   claim_undecided mail on target by t1: 2 of 3 passes in a row
      > 0:25 sync -> ready
      > 0:25 gate ready opens, epoch 5
      > 0:25 cutover is hold
      >   decision cutover: cutover is void: the plan changed; it waits for olga (or ben) again
0:30  the plan changes: gate ready: login
      > 0:30 plan revision 3, by olga
      > 0:30 gate ready opens, epoch 7
0:31  nothing more
