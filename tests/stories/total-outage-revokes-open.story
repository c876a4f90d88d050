# The proof stands and the target goes down altogether: the gate is shut within one slot and its grace.
brief
agents at least 2
scenario login, critical, both: success
gate ready: all

0:00  all pass
      > 0:00 prepare -> sync
      > 0:00 ready is unknown
      >   missing login on source: the first slot has not closed yet
      >   missing login on target: the first slot has not closed yet
      > 0:25 ready is hold
      >   claim_undecided login on target: 0 % of the way, about 36 min left if nothing fails
      > 35:45 sync -> ready
      > 35:45 asked: cutover, for gate cutover
      > 35:45 gate ready opens, epoch 2
      > 35:45 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
40:00  login fails on target: connection refused
      > 40:15 gate ready shuts, epoch 2
      > 40:15 ready -> sync
      > 40:15 ready is hold
      >   claim_refuted login on target: target was down in one of the last 3 slots: 2 of 4 runs in a slot failed
      > 40:25 ready is hold
      >   claim_refuted login on target: target was down in one of the last 3 slots: 4 of 4 runs in a slot failed
      > 40:45 ready is hold
      >   claim_refuted login on target: target failed more often than it may: 4 of 4 runs in a slot failed; the proof begins again (attempt 2)
41:00  nothing more
