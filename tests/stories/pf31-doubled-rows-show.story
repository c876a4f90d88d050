# Two rows more that cancel each other out in a digest: the number of rows tells them apart.
scenario rows, critical, both: parity lag 10 matches 2
gate ready: all
brief

0:00  rows shows: orders=a of 10
      > 0:00 prepare -> sync
      > 0:00 ready is unknown
      >   missing rows on target: no digest was reported yet
      > 0:05 ready is hold
      >   claim_undecided rows on target: the same, not often enough yet: orders
      > 0:10 sync -> ready
      > 0:10 asked: cutover, for gate cutover
      > 0:10 gate ready opens, epoch 2
      > 0:10 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
0:40  rows shows on target: orders=a of 12
      > 0:45 gate ready shuts, epoch 2
      > 0:45 ready -> sync
      > 0:45 ready is hold
      >   claim_refuted rows on target: the rows differ: orders
1:40  rows shows on target: orders=a of 10
      > 1:50 sync -> ready
      > 1:50 asked: cutover, for gate cutover
      > 1:50 gate ready opens, epoch 3
      > 1:50 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
2:30  nothing more
