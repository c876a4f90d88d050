# The numbers suffice after a minute; a proof takes its time of observation nevertheless.
brief
agents at least 2
observe 180 s
scenario login, critical, both: success margin 50 outage 1 slo 50
gate ready: all

0:00  all pass
      > 0:00 prepare -> sync
      > 0:00 ready is unknown
      >   missing login on source: the first slot has not closed yet
      >   missing login on target: the first slot has not closed yet
      > 0:25 ready is hold
      >   claim_undecided login on target: 18 % of the way, about 3 min left if nothing fails
      > 1:15 ready is hold
      >   claim_undecided login on target: the numbers suffice; about 2 min of observation are left
      > 2:15 ready is hold
      >   claim_undecided login on target: the numbers suffice; about 60 s of observation are left
      > 2:25 ready is hold
      >   claim_undecided login on target: the numbers suffice; less than a minute of observation are left
      > 3:15 sync -> ready
      > 3:15 asked: cutover, for gate cutover
      > 3:15 gate ready opens, epoch 2
      > 3:15 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
4:00  nothing more
