# One of two agents that must report dies: after three slots nothing is known; what was proved stays proved once it is back.
brief
agents at least 2
observe 0 s
scenario login, critical, both: success margin 50 outage 1 slo 50
gate ready: all

0:00  all pass
      > 0:00 prepare -> sync
      > 0:00 ready is unknown
      >   missing login on source: the first slot has not closed yet
      >   missing login on target: the first slot has not closed yet
      > 0:25 ready is hold
      >   claim_undecided login on target: 18 % of the way, less than a minute left if nothing fails
      > 1:15 sync -> ready
      > 1:15 asked: cutover, for gate cutover
      > 1:15 gate ready opens, epoch 2
      > 1:15 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
1:32  target/t2 falls silent
      > 1:40 gate ready shuts, epoch 2
      > 1:41 ready -> sync
      > 1:41 told: target/t2 is lost
      > 1:41 ready is unknown
      >   agents on target: 1 of at least 2 agents on target online
      > 2:15 ready is unknown
      >   agents on target: 1 of at least 2 agents on target online
      >   stale login on target: the last slots prove nothing: too few agents reported on target: 1 of at least 2
3:00  target/t2 is back
      > 3:03 told: target/t2 is back
      > 3:03 ready is unknown
      >   stale login on target: the last slots prove nothing: too few agents reported on target: 1 of at least 2
      > 3:15 sync -> ready
      > 3:15 asked: cutover, for gate cutover
      > 3:15 gate ready opens, epoch 3
      > 3:15 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
4:00  nothing more
