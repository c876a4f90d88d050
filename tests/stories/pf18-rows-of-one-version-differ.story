# PF18: both sides say the same version of a row, and hold other contents. Whole rows are compared, so the tie shows.
brief
scenario rows, critical, both: parity lag 5 matches 2
gate ready: rows

0:00  all pass
      > 0:00 prepare -> sync
      > 0:00 ready is unknown
      >   missing rows on target: no digest was reported yet
0:00  rows shows on source: orders@v7=a1 of 10
0:00  rows shows on target: orders@v7=b2 of 10
      > 0:05 ready is unknown
      >   missing rows on target: not compared yet: orders@v7
      > 0:10 ready is hold
      >   claim_refuted rows on target: the rows differ: orders@v7
0:40  rows shows on target: orders@v7=a1 of 10
      > 0:50 sync -> ready
      > 0:50 asked: cutover, for gate cutover
      > 0:50 gate ready opens, epoch 2
      > 0:50 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
1:10  nothing more
