# A proof whose slots ask for three agents of the target: two are too few, however well they do, and say so.
brief
observe 0 s
scenario login, critical, both, target agents at least 3: success margin 50 outage 1 slo 50
gate ready: all

0:00  all pass
      > 0:00 prepare -> sync
      > 0:00 ready is unknown
      >   missing login on source: the first slot has not closed yet
      >   missing login on target: the first slot has not closed yet
      > 0:25 ready is unknown
      >   missing login on target: no slot was evidence yet: too few agents reported on target: 2 of at least 3
0:50  target/t3 joins
      > 0:50 target/t3 is enrolled
0:50  all pass
      > 1:05 ready is hold
      >   claim_undecided login on target: 13 % of the way, about 2 min left if nothing fails
      > 1:55 sync -> ready
      > 1:55 asked: cutover, for gate cutover
      > 1:55 gate ready opens, epoch 2
      > 1:55 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
2:20  target/t3 falls silent
      > 2:31 told: target/t3 is lost
      > 3:05 gate ready shuts, epoch 2
      > 3:05 ready -> sync
      > 3:05 ready is unknown
      >   stale login on target: the last slots prove nothing: too few agents reported on target: 2 of at least 3
3:20  target/t3 is back
      > 3:21 told: target/t3 is back
      > 3:35 sync -> ready
      > 3:35 asked: cutover, for gate cutover
      > 3:35 gate ready opens, epoch 3
      > 3:35 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
4:00  nothing more
