# An agent that vanishes is owed: its silence holds until it is back, signs off or is revoked.
scenario login, critical, both: 1 pass in a row
gate ready: all

0:00  target/t2 joins
      > 0:00 target/t2 is enrolled
      > 0:00 prepare -> sync
      > 0:00 ready is unknown
      >   missing login on source by s1: s1 has not reported it
      >   missing login on target by t1: t1 has not reported it (and 1 agent like it)
0:00  all pass
      > 0:05 sync -> ready
      > 0:05 asked: cutover, for gate cutover
      > 0:05 gate ready opens, epoch 2
      > 0:05 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
0:12  target/t2 falls silent
      > 0:23 told: target/t2 is lost
      > 0:24 gate ready shuts, epoch 2
      > 0:24 ready -> sync
      > 0:24 ready is unknown
      >   stale login on target by t2: t2 has not reported it for more than 13 s
0:40  target/t2 is back
      > 0:42 told: target/t2 is back
      > 0:45 sync -> ready
      > 0:45 gate ready opens, epoch 3
      > 0:45 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
0:50  target/t2 signs off
1:00  target/t1 falls silent
      > 1:05 asked: cutover, for gate cutover
      > 1:10 gate ready shuts, epoch 3
      > 1:11 ready -> sync
      > 1:11 told: target/t1 is lost
      > 1:11 ready is unknown
      >   agents on target: 0 of at least 1 agent on target online
      > 1:14 ready is unknown
      >   agents on target: 0 of at least 1 agent on target online
      >   stale login on target by t1: t1 has not reported it for more than 13 s
1:20  operator revokes target/t1
      > 1:20 target/t1 is revoked, by operator
      > 1:20 ready is unknown
      >   agents on target: 0 of at least 1 agent on target online
      >   missing login on target: no agent on target reports it
