# Two scenarios beside each other: what one lacks takes nothing from the other.
brief
agents at least 2
observe 0 s
scenario login, critical, both: success margin 50 outage 1 slo 50
scenario pay, critical, both: success margin 50 outage 1 slo 50
gate ready: login, pay

0:00  login passes
      > 0:00 prepare -> sync
      > 0:00 ready is unknown
      >   missing login on source: the first slot has not closed yet
      >   missing login on target: the first slot has not closed yet
      >   missing pay on source: the first slot has not closed yet
      >   missing pay on target: the first slot has not closed yet
0:00  pay passes on source
      > 0:25 ready is unknown
      >   claim_undecided login on target: 18 % of the way, less than a minute left if nothing fails
      >   missing pay on target: no slot was evidence yet: nothing was heard of target
      > 1:15 ready is hold
      >   claim_refuted pay on target: target was down in one of the last 3 slots: 4 of 4 runs in a slot did not come
1:40  pay passes on target
      > 1:55 ready is hold
      >   claim_refuted pay on target: target was down in one of the last 3 slots: 2 of 4 runs in a slot did not come
      > 2:25 ready is hold
      >   claim_undecided pay on target: 0 % of the way and not getting closer: 2 of 4 runs in a slot did not come; 1 incident so far
      > 2:55 ready is hold
      >   claim_undecided pay on target: 0 % of the way, about 28 min left if nothing fails; 1 incident so far
4:00  nothing more
