# One agent's findings come after their slots have closed: counted and not used; when more than one in twenty is late, what is seen is not what happens.
brief
agents at least 2
observe 0 s
scenario login, critical, both: success margin 50 outage 1 slo 50
gate ready: all

0:00  target/t3 joins
      > 0:00 target/t3 is enrolled
      > 0:00 prepare -> sync
      > 0:00 ready is unknown
      >   missing login on source: the first slot has not closed yet
      >   missing login on target: the first slot has not closed yet
0:00  source/s3 joins
      > 0:00 source/s3 is enrolled
0:00  all pass
      > 0:25 ready is hold
      >   claim_undecided login on target: 18 % of the way, less than a minute left if nothing fails
      > 1:15 sync -> ready
      > 1:15 asked: cutover, for gate cutover
      > 1:15 gate ready opens, epoch 2
      > 1:15 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
1:32  target/t3 lags by 40 s
      > 3:15 gate ready shuts, epoch 2
      > 3:15 ready -> sync
      > 3:15 ready is unknown
      >   stale login on target: the last slots prove nothing: more than 5 % of the results of the last ten minutes came too late
5:00  target/t3 catches up
9:00  nothing more
      > 13:05 sync -> ready
      > 13:05 asked: cutover, for gate cutover
      > 13:05 gate ready opens, epoch 3
      > 13:05 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
16:00  the proof of login is told
      > 16:00 success on source: reported well enough to compare with
      > 16:00 success on target: proved by 1128 results
      >   47 results too late
      >   6 results out of place
