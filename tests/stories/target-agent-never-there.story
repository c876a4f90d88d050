# One agent of the target is enrolled and never heard: with two that must report, nothing is known of the target.
brief
agents at least 2
observe 0 s
scenario login, critical, both: success margin 50 outage 1 slo 50
gate ready: all

0:00  target/t2 falls silent
      > 0:00 prepare -> sync
      > 0:00 ready is unknown
      >   missing login on source: the first slot has not closed yet
      >   missing login on target: the first slot has not closed yet
0:00  all pass
      > 0:11 told: target/t2 is lost
      > 0:11 ready is unknown
      >   missing login on source: the first slot has not closed yet
      >   missing login on target: the first slot has not closed yet
      >   agents on target: 1 of at least 2 agents on target online
      > 0:25 ready is unknown
      >   agents on target: 1 of at least 2 agents on target online
      >   missing login on target: no slot was evidence yet: too few agents reported on target: 1 of at least 2
3:00  nothing more
