# One agent a side is enough for the plan, and this check asks for two of the target: one alone proves nothing,
# whatever it says. Fewer are enough only once a plan says so.
scenario login, critical, both, target agents at least 2: 2 passes in a row
scenario cart, important, both: 1 pass in a row
gate ready: all

0:00  all pass
      > 0:00 prepare -> sync
      > 0:00 ready is unknown
      >   missing cart on source by s1: s1 has not reported it
      >   missing cart on target by t1: t1 has not reported it
      >   missing login on source by s1: s1 has not reported it
      >   missing login on target by t1: t1 has not reported it; 0 of at least 2 agents on target told of login
      > 0:05 ready is unknown
      >   claim_undecided login on source by s1: 1 of 2 passes in a row
      >   missing login on target by t1: 1 of 2 passes in a row; 1 of at least 2 agents on target told of login
      > 0:10 ready is unknown
      >   missing login on target: 1 of at least 2 agents on target told of login
0:20  target/t2 joins
      > 0:20 target/t2 is enrolled
      > 0:20 ready is unknown
      >   missing cart on target by t2: t2 has not reported it
      >   missing login on target by t2: t2 has not reported it; 1 of at least 2 agents on target told of login
0:20  all pass
      > 0:25 ready is hold
      >   claim_undecided login on target by t2: 1 of 2 passes in a row
      > 0:30 sync -> ready
      > 0:30 asked: cutover, for gate cutover
      > 0:30 gate ready opens, epoch 2
      > 0:30 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
0:40  target/t2 signs off
      > 0:40 gate ready shuts, epoch 2
      > 0:40 ready -> sync
      > 0:40 ready is unknown
      >   missing login on target: 1 of at least 2 agents on target told of login
1:00  target/t3 joins
      > 1:00 target/t3 is enrolled
      > 1:00 ready is unknown
      >   missing cart on target by t3: t3 has not reported it
      >   missing login on target by t3: t3 has not reported it; 1 of at least 2 agents on target told of login
1:00  cart passes
1:00  login fails on target/t3: sign-in refused
      > 1:05 ready is hold
      >   claim_refuted login on target by t3: the last run failed: sign-in refused
1:20  login does not run on target/t3: timeout
      > 1:25 ready is hold
      >   claim_undecided login on target by t3: did not run: timeout
      > 1:34 ready is unknown
      >   stale login on target by t3: did not run: timeout; 1 of at least 2 agents on target told of login
1:50  login passes on target/t3
      > 1:55 ready is hold
      >   claim_undecided login on target by t3: 1 of 2 passes in a row
      > 2:00 sync -> ready
      > 2:00 asked: cutover, for gate cutover
      > 2:00 gate ready opens, epoch 3
      > 2:00 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
2:10  the plan changes: scenario login, critical, both: 2 passes in a row
      > 2:10 plan revision 2, by olga
      > 2:10 gate ready opens, epoch 5
2:20  target/t3 signs off
2:40  nothing more
