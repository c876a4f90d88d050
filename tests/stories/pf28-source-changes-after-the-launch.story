# The instance that was tested is not the one that is switched to, and what the source does later does not reach it.
scenario checkout, critical, both: 2 passes in a row
scenario rows, critical, both: parity lag 10 matches 2
gate ready: all
gate cutover: decision cutover
gate committed: all

0:00  the target runs build test
      > 0:00 prepare -> sync
      > 0:00 ready is unknown
      >   missing checkout on source by s1: s1 has not reported it
      >   missing checkout on target by t1: t1 has not reported it
      >   missing rows on target: no digest was reported yet
0:00  checkout passes
0:00  rows shows: orders=a of 10
      > 0:05 ready is hold
      >   claim_undecided checkout on source by s1: 1 of 2 passes in a row
      >   claim_undecided checkout on target by t1: 1 of 2 passes in a row
      >   claim_undecided rows on target: the same, not often enough yet: orders
      > 0:10 sync -> ready
      > 0:10 asked: cutover, for gate cutover
      > 0:10 gate ready opens, epoch 2
      > 0:10 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
0:20  olga says go on cutover
      > 0:20 cutover: go, by olga, complete
      > 0:20 gate cutover opens, epoch 3
      > 0:20 cutover is open: 2 scenarios are proved: gate cutover is open
0:22  the target runs build cutover
      > 0:25 gate ready shuts, epoch 2
      > 0:25 gate cutover shuts, epoch 3
      > 0:25 ready -> sync
      > 0:25 ready is unknown
      >   claim_undecided checkout on target by t1: 1 of 2 passes in a row
      >   missing rows on target: no digest was reported yet
0:26  pipeline confirms
      > 0:26 refused, WRONG_PHASE: the migration is in sync; a cutover is confirmed once, in ready
0:26  rows shows on source: orders=b of 11
      > 0:30 ready is unknown
      >   missing rows on target: not compared yet: orders
      > 0:40 ready is hold
      >   claim_refuted rows on target: the rows differ: orders
1:00  nothing more
