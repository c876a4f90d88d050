# Both sides are down: no fault of the target, and still no time to switch.
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
1:32  login fails: no answer
      > 1:45 gate ready shuts, epoch 2
      > 1:45 ready -> sync
      > 1:45 ready is hold
      >   claim_refuted login on target: target was down in one of the last 3 slots, and so was source: 2 of 4 runs in a slot failed
      > 1:55 ready is hold
      >   claim_refuted login on target: target was down in one of the last 3 slots, and so was source: 4 of 4 runs in a slot failed
2:32  login passes
      > 2:45 ready is hold
      >   claim_refuted login on target: target was down in one of the last 3 slots, and so was source: 2 of 4 runs in a slot failed
      > 3:15 sync -> ready
      > 3:15 asked: cutover, for gate cutover
      > 3:15 gate ready opens, epoch 3
      > 3:15 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
4:00  nothing more
