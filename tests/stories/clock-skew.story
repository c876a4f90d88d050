# A clock that is far off, or known too badly, or that jumped, puts results into the wrong slots: its agent is missing.
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
1:32  target/t1 drifts to 31000 ms
      > 1:55 gate ready shuts, epoch 2
      > 1:55 ready -> sync
      > 1:55 ready is unknown
      >   stale login on target: the last slots prove nothing: too few agents reported on target: 1 of at least 2, and the clock of t1 is not believed
2:30  target/t1 drifts to 2500 ms
      > 2:57 ready is unknown
      >   stale login on target: the last slots prove nothing: too few agents reported on target: 1 of at least 2
      > 3:15 sync -> ready
      > 3:15 asked: cutover, for gate cutover
      > 3:15 gate ready opens, epoch 3
      > 3:15 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
4:00  target/t2 wavers by 2600 ms
      > 4:25 gate ready shuts, epoch 3
      > 4:25 ready -> sync
      > 4:25 ready is unknown
      >   stale login on target: the last slots prove nothing: too few agents reported on target: 1 of at least 2, and the clock of t2 is not believed
5:30  target/t2 wavers by 20 ms
      > 5:33 ready is unknown
      >   stale login on target: the last slots prove nothing: too few agents reported on target: 1 of at least 2
      > 5:45 sync -> ready
      > 5:45 asked: cutover, for gate cutover
      > 5:45 gate ready opens, epoch 4
      > 5:45 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
7:00  nothing more
