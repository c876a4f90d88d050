# One of two agents says pass to everything: the other one's word holds the gate, and the liar alone is too few.
scenario login, critical, both: 1 pass in a row
gate ready: all
agents at least 2

0:00  source/s2 joins
      > 0:00 source/s2 is enrolled
      > 0:00 prepare -> sync
      > 0:00 ready is unknown
      >   missing login on source by s1: s1 has not reported it (and 1 agent like it)
      >   missing login on target by t1: t1 has not reported it
      >   agents on source: 1 of at least 2 agents on source online
      >   agents on target: 1 of at least 2 agents on target online
0:00  target/t2 joins
      > 0:00 target/t2 is enrolled
      > 0:00 ready is unknown
      >   missing login on source by s1: s1 has not reported it (and 1 agent like it)
      >   missing login on target by t1: t1 has not reported it (and 1 agent like it)
      >   agents on source: 1 of at least 2 agents on source online
      >   agents on target: 1 of at least 2 agents on target online
0:00  all pass
      > 0:03 ready is unknown
      >   missing login on source by s1: s1 has not reported it (and 1 agent like it)
      >   missing login on target by t1: t1 has not reported it (and 1 agent like it)
      > 0:05 sync -> ready
      > 0:05 asked: cutover, for gate cutover
      > 0:05 gate ready opens, epoch 2
      > 0:05 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
0:10  login fails on target: it is down
      > 0:15 gate ready shuts, epoch 2
      > 0:15 ready -> sync
      > 0:15 ready is hold
      >   claim_refuted login on target by t1: the last run failed: it is down (and 1 agent like it)
0:20  login passes on target/t1
      > 0:25 ready is hold
      >   claim_refuted login on target by t2: the last run failed: it is down
0:40  target/t2 signs off
      > 0:40 ready is unknown
      >   agents on target: 1 of at least 2 agents on target online
1:00  nothing more
