# One of three agents dies where two must report: it is owed nothing that another cannot give, and the gate stays open.
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
1:32  target/t3 falls silent
      > 1:41 told: target/t3 is lost
4:00  nothing more
