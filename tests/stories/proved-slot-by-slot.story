# A proof takes its time, says how far it has come, and a total outage takes it back within a slot.
agents at least 2
observe 0 s
scenario login, critical, both: success margin 50 outage 30 slo 50
gate ready: all

0:00  all pass
      > 0:00 prepare -> sync
      > 0:00 ready is unknown
      >   missing login on source: the first slot has not closed yet
      >   missing login on target: the first slot has not closed yet
      > 0:25 ready is hold
      >   claim_undecided login on target: 4 % of the way, about 4 min left if nothing fails
      > 0:35 ready is hold
      >   claim_undecided login on target: 9 % of the way, about 4 min left if nothing fails
      > 0:45 ready is hold
      >   claim_undecided login on target: 13 % of the way, about 4 min left if nothing fails
      > 0:55 ready is hold
      >   claim_undecided login on target: 18 % of the way, about 3 min left if nothing fails
      > 1:05 ready is hold
      >   claim_undecided login on target: 23 % of the way, about 3 min left if nothing fails
      > 1:15 ready is hold
      >   claim_undecided login on target: 27 % of the way, about 3 min left if nothing fails
      > 1:25 ready is hold
      >   claim_undecided login on target: 32 % of the way, about 3 min left if nothing fails
      > 1:35 ready is hold
      >   claim_undecided login on target: 37 % of the way, about 3 min left if nothing fails
      > 1:45 ready is hold
      >   claim_undecided login on target: 41 % of the way, about 3 min left if nothing fails
1:50  login fails on target: connection refused
      > 1:55 ready is hold
      >   claim_undecided login on target: 46 % of the way, about 2 min left if nothing fails
      > 2:05 ready is hold
      >   claim_refuted login on target: target was down in one of the last 3 slots: 2 of 4 runs in a slot failed
      > 2:15 ready is hold
      >   claim_refuted login on target: target was down in one of the last 3 slots: 4 of 4 runs in a slot failed
2:30  login passes
      > 2:45 ready is hold
      >   claim_refuted login on target: target was down in one of the last 3 slots: 2 of 4 runs in a slot failed
3:00  nothing more
