# Another build answers on the target: its evidence begins from nothing, at the first attempt.
brief
agents at least 2
observe 0 s
scenario login, critical, both: success margin 50 outage 1 slo 50
gate ready: all

0:00  the target runs build one
      > 0:00 prepare -> sync
      > 0:00 ready is unknown
      >   missing login on source: the first slot has not closed yet
      >   missing login on target: the first slot has not closed yet
0:00  all pass
      > 0:25 ready is hold
      >   claim_undecided login on target: 18 % of the way, less than a minute left if nothing fails
0:50  the target runs build two
      > 0:55 ready is unknown
      >   missing login on source: the first slot has not closed yet
      >   missing login on target: the first slot has not closed yet
      > 1:15 ready is hold
      >   claim_undecided login on target: 18 % of the way, less than a minute left if nothing fails
      > 2:05 sync -> ready
      > 2:05 asked: cutover, for gate cutover
      > 2:05 gate ready opens, epoch 2
      > 2:05 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
2:30  nothing more
