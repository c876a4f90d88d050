# Nobody ever reports: the gate says that it does not know, and why, for as long as that lasts.
brief
agents at least 2
observe 0 s
scenario login, critical, both: success margin 50 outage 1 slo 50
gate ready: all

0:00  source/s1 falls silent
      > 0:00 prepare -> sync
      > 0:00 ready is unknown
      >   missing login on source: the first slot has not closed yet
      >   missing login on target: the first slot has not closed yet
0:00  source/s2 falls silent
0:00  target/t1 falls silent
0:00  target/t2 falls silent
      > 0:11 told: source/s1 is lost
      > 0:11 told: source/s2 is lost
      > 0:11 told: target/t1 is lost
      > 0:11 told: target/t2 is lost
      > 0:11 ready is unknown
      >   missing login on source: the first slot has not closed yet
      >   missing login on target: the first slot has not closed yet
      >   agents on source: 0 of at least 2 agents on source online
      >   agents on target: 0 of at least 2 agents on target online
      > 0:25 ready is unknown
      >   agents on source: 0 of at least 2 agents on source online
      >   agents on target: 0 of at least 2 agents on target online
      >   missing login on source: no slot was evidence yet: nothing was heard of source and target
      >   missing login on target: no slot was evidence yet: nothing was heard of source and target
10:00  nothing more
