# A check that must fail passes on one agent: whoever says pass to that says pass to everything.
scenario login, critical, both: 2 passes in a row
gate ready: all
canary

0:00  all pass
      > 0:00 prepare -> sync
      > 0:00 ready is unknown
      >   missing login on source by s1: s1 has not reported it
      >   missing login on target by t1: t1 has not reported it
      >   canary on source by s1: the first canary of source/s1 has not come yet
      >   canary on target by t1: the first canary of target/t1 has not come yet
      > 0:01 ready is unknown
      >   missing login on source by s1: s1 has not reported it
      >   missing login on target by t1: t1 has not reported it
      > 0:05 ready is hold
      >   claim_undecided login on source by s1: 1 of 2 passes in a row
      >   claim_undecided login on target by t1: 1 of 2 passes in a row
      > 0:10 sync -> ready
      > 0:10 asked: cutover, for gate cutover
      > 0:10 gate ready opens, epoch 2
      > 0:10 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
1:30  canary passes on target/t1
      > 2:01 gate ready shuts, epoch 2
      > 2:01 ready -> sync
      > 2:01 ready is hold
      >   canary on target by t1: the canary of target/t1 passed, and it must fail; what this agent finds does not count
2:20  login fails on target/t1: it says so
2:40  login passes on target/t1
2:50  canary fails on target/t1
      > 3:01 ready is unknown
      >   stale login on target by t1: t1 has not reported it for more than 13 s
      > 3:05 ready is hold
      >   claim_undecided login on target by t1: 1 of 2 passes in a row
      > 3:10 sync -> ready
      > 3:10 asked: cutover, for gate cutover
      > 3:10 gate ready opens, epoch 3
      > 3:10 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
3:30  nothing more
