# A side has no more agents than the plan allows, however they come: one signed off, another joined, and the first is back.
scenario login, critical, both: 1 pass in a row
gate ready: all

0:00  target/t2 joins
      > 0:00 target/t2 is enrolled
      > 0:00 prepare -> sync
      > 0:00 ready is unknown
      >   missing login on source by s1: s1 has not reported it
      >   missing login on target by t1: t1 has not reported it (and 1 agent like it)
0:00  target/t3 joins
      > 0:00 target/t3 is enrolled
      > 0:00 ready is unknown
      >   missing login on source by s1: s1 has not reported it
      >   missing login on target by t1: t1 has not reported it (and 2 agents like it)
0:00  target/t4 joins
      > 0:00 target/t4 is enrolled
      > 0:00 ready is unknown
      >   missing login on source by s1: s1 has not reported it
      >   missing login on target by t1: t1 has not reported it (and 3 agents like it)
0:00  all pass
      > 0:05 sync -> ready
      > 0:05 asked: cutover, for gate cutover
      > 0:05 gate ready opens, epoch 2
      > 0:05 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
0:10  target/t2 signs off
0:11  target/t5 joins
      > 0:11 target/t5 is enrolled
      > 0:11 gate ready shuts, epoch 2
      > 0:11 ready -> sync
      > 0:11 ready is unknown
      >   missing login on target by t5: t5 has not reported it
0:12  all pass
      > 0:15 sync -> ready
      > 0:15 gate ready opens, epoch 3
      > 0:15 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
0:16  target/t2 is back
      > 0:18 gate ready shuts, epoch 3
      > 0:18 ready -> sync
      > 0:18 ready is hold
      >   agents on target: target has 5 agents and may have 4: t1, t2, t3, t4 and t5; revoke what is not needed
0:27  operator revokes target/t2
      > 0:27 target/t2 is revoked, by operator
      > 0:27 ready is unknown
      >   missing login on target by t1: t1 has not reported it (and 3 agents like it)
      > 0:30 sync -> ready
      > 0:30 gate ready opens, epoch 4
      > 0:30 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
0:40  nothing more
