# The plan names its agents: one that is missing holds, and so does one that nobody named.
scenario login, critical, both: 1 pass in a row
gate ready: all
agents of target are t1 t2

0:00  all pass
      > 0:00 prepare -> sync
      > 0:00 ready is unknown
      >   missing login on source by s1: s1 has not reported it
      >   missing login on target by t1: t1 has not reported it
      >   agents on target by t2: the plan names the agent target/t2, and it is not there
      > 0:05 ready is unknown
      >   agents on target by t2: the plan names the agent target/t2, and it is not there
0:10  target/t2 joins
      > 0:10 target/t2 is enrolled
      > 0:10 ready is unknown
      >   missing login on target by t2: t2 has not reported it
0:10  all pass
      > 0:15 sync -> ready
      > 0:15 asked: cutover, for gate cutover
      > 0:15 gate ready opens, epoch 2
      > 0:15 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
0:30  target/t3 joins
      > 0:30 refused, NOT_YOURS: the plan names the agents of target: t1, t2; t3 is not among them
0:40  the plan changes: agents of target are t1 t3
      > 0:40 plan revision 2, by olga
      > 0:40 ready -> sync
      > 0:40 ready is unknown
      >   agents on target by t2: target/t2 is not among the agents that the plan names
      >   agents on target by t3: the plan names the agent target/t3, and it is not there
0:42  target/t3 joins
      > 0:42 target/t3 is enrolled
      > 0:42 ready is unknown
      >   agents on target by t2: target/t2 is not among the agents that the plan names
      >   missing login on target by t3: t3 has not reported it
0:42  all pass
      > 0:45 ready is unknown
      >   agents on target by t2: target/t2 is not among the agents that the plan names
0:50  operator revokes target/t2
      > 0:50 target/t2 is revoked, by operator
      > 0:50 ready is unknown
      >   missing login on target by t1: t1 has not reported it (and 1 agent like it)
      > 0:55 sync -> ready
      > 0:55 gate ready opens, epoch 4
      > 0:55 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
1:00  nothing more
