# Rows are compared by whoever tells of them. Where two of a side must, one that shows what everybody hopes for is not enough.
scenario rows, critical, both, agents at least 2: parity lag 5 matches 2
scenario login, critical, both: 1 pass in a row
gate ready: all

0:00  source/s2 joins
      > 0:00 source/s2 is enrolled
      > 0:00 prepare -> sync
      > 0:00 ready is unknown
      >   missing login on source by s1: s1 has not reported it (and 1 agent like it)
      >   missing login on target by t1: t1 has not reported it
      >   missing rows on source: 0 of at least 2 agents on source told of rows
      >   missing rows on target: no digest was reported yet; 0 of at least 2 agents on target told of rows
0:00  target/t2 joins
      > 0:00 target/t2 is enrolled
      > 0:00 ready is unknown
      >   missing login on source by s1: s1 has not reported it (and 1 agent like it)
      >   missing login on target by t1: t1 has not reported it (and 1 agent like it)
      >   missing rows on source: 0 of at least 2 agents on source told of rows
      >   missing rows on target: no digest was reported yet; 0 of at least 2 agents on target told of rows
0:00  login passes
0:00  rows shows on source: orders=a of 10
0:00  rows shows on target/t1: orders=a of 10
      > 0:05 ready is unknown
      >   missing rows on target: the same, not often enough yet: orders; 1 of at least 2 agents on target told of rows
      > 0:10 ready is unknown
      >   missing rows on target: 1 of at least 2 agents on target told of rows
0:40  rows shows on target/t2: orders=a of 10
      > 0:45 sync -> ready
      > 0:45 asked: cutover, for gate cutover
      > 0:45 gate ready opens, epoch 2
      > 0:45 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
1:00  rows is silent on target/t2
      > 1:13 gate ready shuts, epoch 2
      > 1:14 ready -> sync
      > 1:14 ready is unknown
      >   stale rows on target: 1 of at least 2 agents on target told of rows
1:30  nothing more
