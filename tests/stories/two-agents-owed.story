# Two agents a side are asked for; one alone proves nothing, and both must see it.
scenario login, critical, both: 2 passes in a row
gate ready: all
agents at least 2

0:00  all pass
      > 0:00 prepare -> sync
      > 0:00 ready is unknown
      >   missing login on source by s1: s1 has not reported it
      >   missing login on target by t1: t1 has not reported it
      >   agents on source: 1 of at least 2 agents on source online
      >   agents on target: 1 of at least 2 agents on target online
      > 0:05 ready is unknown
      >   claim_undecided login on source by s1: 1 of 2 passes in a row
      >   claim_undecided login on target by t1: 1 of 2 passes in a row
      >   agents on source: 1 of at least 2 agents on source online
      >   agents on target: 1 of at least 2 agents on target online
      > 0:10 ready is unknown
      >   agents on source: 1 of at least 2 agents on source online
      >   agents on target: 1 of at least 2 agents on target online
0:12  source/s2 joins
      > 0:12 source/s2 is enrolled
      > 0:12 ready is unknown
      >   agents on source: 1 of at least 2 agents on source online
      >   agents on target: 1 of at least 2 agents on target online
      >   missing login on source by s2: s2 has not reported it
0:12  target/t2 joins
      > 0:12 target/t2 is enrolled
      > 0:12 ready is unknown
      >   agents on source: 1 of at least 2 agents on source online
      >   agents on target: 1 of at least 2 agents on target online
      >   missing login on source by s2: s2 has not reported it
      >   missing login on target by t2: t2 has not reported it
0:12  all pass
      > 0:15 ready is hold
      >   claim_undecided login on source by s2: 1 of 2 passes in a row
      >   claim_undecided login on target by t2: 1 of 2 passes in a row
      > 0:20 sync -> ready
      > 0:20 asked: cutover, for gate cutover
      > 0:20 gate ready opens, epoch 2
      > 0:20 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
0:30  login fails on target/t2: only here
      > 0:35 gate ready shuts, epoch 2
      > 0:35 ready -> sync
      > 0:35 ready is hold
      >   claim_refuted login on target by t2: the last run failed: only here
0:40  nothing more
