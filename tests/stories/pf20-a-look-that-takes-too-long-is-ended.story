# PF20: a verification held a snapshot for hours, and production paid for it. A look that takes too long is ended by its limit, is told
# as such, and proves nothing.
brief
scenario rows, critical, both: parity lag 5 matches 2
gate ready: rows

0:00  all pass
      > 0:00 prepare -> sync
      > 0:00 ready is unknown
      >   missing rows on target: no digest was reported yet
0:00  rows shows: orders=a1 of 10
      > 0:05 ready is hold
      >   claim_undecided rows on target: the same, not often enough yet: orders
      > 0:10 sync -> ready
      > 0:10 asked: cutover, for gate cutover
      > 0:10 gate ready opens, epoch 2
      > 0:10 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
0:30  rows does not run on source: timeout
      > 0:54 gate ready shuts, epoch 2
      > 0:54 ready -> sync
      > 0:54 ready is unknown
      >   stale rows on target: not compared for too long: orders
1:00  rows shows on source: orders=a1 of 10
      > 1:05 sync -> ready
      > 1:05 gate ready opens, epoch 3
      > 1:05 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
      > 1:10 asked: cutover, for gate cutover
1:30  nothing more
