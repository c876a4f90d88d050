# A third agent joins while the proof stands: until it has run the check, or for a minute, it owes nothing. A fourth lives and never runs it: what it owes has not passed.
brief
agents at least 2
observe 0 s
scenario login, critical, both: success margin 20 outage 4 slo 90
gate ready: all

0:00  all pass
      > 0:00 prepare -> sync
      > 0:00 ready is unknown
      >   missing login on source: the first slot has not closed yet
      >   missing login on target: the first slot has not closed yet
      > 0:25 ready is hold
      >   claim_undecided login on target: 2 % of the way, about 6 min left if nothing fails
      > 5:55 sync -> ready
      > 5:55 asked: cutover, for gate cutover
      > 5:55 gate ready opens, epoch 2
      > 5:55 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
7:02  target/t3 joins
      > 7:02 target/t3 is enrolled
7:32  login passes on target/t3
8:02  target/t4 joins
      > 8:02 target/t4 is enrolled
      > 10:55 gate ready shuts, epoch 2
      > 10:55 ready -> sync
      > 10:55 ready is hold
      >   claim_undecided login on target: 95 % of the way and not getting closer: 2 of 8 runs in a slot did not come
13:00  nothing more
