# Replication is behind, and that is no difference; rows that stay different are one.
brief
scenario rows, critical, both: parity lag 10 matches 2
gate ready: all

0:00  rows shows on source: orders=a of 10, users=u of 3
      > 0:00 prepare -> sync
      > 0:00 ready is unknown
      >   missing rows on target: no digest was reported yet
0:00  rows shows on target: orders=a of 10, users=u of 3
      > 0:05 ready is hold
      >   claim_undecided rows on target: the same, not often enough yet: orders, users
      > 0:10 sync -> ready
      > 0:10 asked: cutover, for gate cutover
      > 0:10 gate ready opens, epoch 2
      > 0:10 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
0:22  rows shows on source: orders=b of 11, users=u of 3
0:27  rows shows on target: orders=b of 11, users=u of 3
1:00  rows shows on target: orders=x of 11, users=u of 3
      > 1:05 gate ready shuts, epoch 2
      > 1:05 ready -> sync
      > 1:05 ready is hold
      >   claim_refuted rows on target: the rows differ: orders
2:00  rows shows on target: orders=b of 11, users=u of 3
      > 2:10 sync -> ready
      > 2:10 asked: cutover, for gate cutover
      > 2:10 gate ready opens, epoch 3
      > 2:10 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
3:00  nothing more
