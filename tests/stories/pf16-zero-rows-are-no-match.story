# A filter makes both readers see no row and no error. That both see the same nothing proves nothing.
scenario rows, critical, both: parity lag 10 matches 2 rows 1
gate ready: all
brief

0:00  rows shows: orders=none of 0
      > 0:00 prepare -> sync
      > 0:00 ready is unknown
      >   missing rows on target: no digest was reported yet
      > 0:05 ready is hold
      >   claim_undecided rows on target: 0 rows were compared, at least 1 must be
1:00  rows shows: orders=a of 10
      > 1:05 sync -> ready
      > 1:05 asked: cutover, for gate cutover
      > 1:05 gate ready opens, epoch 2
      > 1:05 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
2:00  nothing more
