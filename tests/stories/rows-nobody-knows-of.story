# An agent saw rows that differ, and its spool is thrown away. The other one goes on to see them alike: they are compared anew.
brief
scenario rows, critical, both: parity lag 10 matches 2
gate ready: all

0:00  target/t2 joins
      > 0:00 target/t2 is enrolled
      > 0:00 prepare -> sync
      > 0:00 ready is unknown
      >   missing rows on target: no digest was reported yet
0:00  rows shows on source: orders=a of 10
0:00  rows shows on target: orders=a of 10
      > 0:05 ready is hold
      >   claim_undecided rows on target: the same, not often enough yet: orders
      > 0:10 sync -> ready
      > 0:10 asked: cutover, for gate cutover
      > 0:10 gate ready opens, epoch 2
      > 0:10 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
0:21  target/t1 loses its link
0:22  rows shows on target/t1: orders=x of 10
0:26  target/t1 throws away its spool
0:26  rows shows on target: orders=a of 10
0:27  target/t1 reconnects
      > 0:30 gate ready shuts, epoch 2
      > 0:30 ready -> sync
      > 0:30 ready is hold
      >   claim_undecided rows on target: the same, not often enough yet: orders
      > 0:35 sync -> ready
      > 0:35 gate ready opens, epoch 3
      > 0:35 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
0:50  nothing more
