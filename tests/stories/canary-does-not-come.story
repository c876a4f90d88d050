# An agent whose canary stays away is not believed, whether it never came or came once.
scenario login, critical, both: 2 passes in a row
gate ready: all
canary

0:00  canary is silent on target/t1
      > 0:00 prepare -> sync
      > 0:00 ready is unknown
      >   missing login on source by s1: s1 has not reported it
      >   missing login on target by t1: t1 has not reported it
      >   canary on source by s1: the first canary of source/s1 has not come yet
      >   canary on target by t1: the first canary of target/t1 has not come yet
0:00  all pass
      > 0:01 ready is unknown
      >   missing login on source by s1: s1 has not reported it
      >   missing login on target by t1: t1 has not reported it
      >   canary on target by t1: the first canary of target/t1 has not come yet
      > 0:05 ready is unknown
      >   claim_undecided login on source by s1: 1 of 2 passes in a row
      >   claim_undecided login on target by t1: 1 of 2 passes in a row
      >   canary on target by t1: the first canary of target/t1 has not come yet
      > 0:10 ready is unknown
      >   canary on target by t1: the first canary of target/t1 has not come yet
      > 2:08 ready is hold
      >   canary on target by t1: the canary of target/t1 has not come for more than 2 min 7 s; what this agent finds does not count
2:30  canary fails on target/t1
      > 2:31 ready is unknown
      >   stale login on target by t1: t1 has not reported it for more than 13 s
      > 2:35 ready is hold
      >   claim_undecided login on target by t1: 1 of 2 passes in a row
      > 2:40 sync -> ready
      > 2:40 asked: cutover, for gate cutover
      > 2:40 gate ready opens, epoch 2
      > 2:40 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
3:00  canary does not run on target/t1
      > 4:39 gate ready shuts, epoch 2
      > 4:39 ready -> sync
      > 4:39 ready is hold
      >   canary on target by t1: the canary of target/t1 has not come for more than 2 min 7 s (did not run: trap); what this agent finds does not count
6:00  canary fails on target/t1
6:20  nothing more
