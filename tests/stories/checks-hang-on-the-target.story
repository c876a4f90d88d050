# The target's agents live and their checks hang: what they owe and do not give has not passed.
brief
agents at least 2
observe 0 s
scenario login, critical, both: success margin 50 outage 1 slo 50
gate ready: all

0:00  all pass
      > 0:00 prepare -> sync
      > 0:00 ready is unknown
      >   missing login on source: the first slot has not closed yet
      >   missing login on target: the first slot has not closed yet
      > 0:25 ready is hold
      >   claim_undecided login on target: 18 % of the way, less than a minute left if nothing fails
      > 1:15 sync -> ready
      > 1:15 asked: cutover, for gate cutover
      > 1:15 gate ready opens, epoch 2
      > 1:15 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
1:32  login hangs on target
      > 1:45 gate ready shuts, epoch 2
      > 1:45 ready -> sync
      > 1:45 ready is hold
      >   claim_refuted login on target: target was down in one of the last 3 slots: 2 of 4 runs in a slot did not come
      > 1:55 ready is hold
      >   claim_refuted login on target: target was down in one of the last 3 slots: 4 of 4 runs in a slot did not come
2:30  login passes
      > 2:45 ready is hold
      >   claim_refuted login on target: target was down in one of the last 3 slots: 2 of 4 runs in a slot did not come
      > 3:15 ready is hold
      >   claim_undecided login on target: 0 % of the way and not getting closer: 2 of 4 runs in a slot did not come; 1 incident so far
      > 3:35 ready is hold
      >   claim_undecided login on target: 2 % of the way and rising again, too early to say how long; 1 incident so far
      > 3:45 ready is hold
      >   claim_undecided login on target: 13 % of the way, about 14 min left if nothing fails; 1 incident so far
4:00  nothing more
