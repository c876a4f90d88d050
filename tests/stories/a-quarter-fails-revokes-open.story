# The proof stands and a quarter of the logins on the target fail: the gate is shut within 80 seconds and the grace, and the proof begins again with a second attempt.
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
40:00  login drops 1 of 2 on target/t1: payment declined
      > 41:25 gate ready shuts, epoch 2
      > 41:25 ready -> sync
      > 41:25 ready is hold
      >   claim_refuted login on target: target failed more often than it may: 1 of 4 runs in a slot failed; the proof begins again (attempt 2)
      > 42:35 ready is hold
      >   claim_refuted login on target: target failed more often than it may: 1 of 4 runs in a slot failed; the proof begins again (attempt 3)
43:00  login passes
      > 43:45 ready is hold
      >   claim_undecided login on target: 0 % of the way and not getting closer: 1 of 4 runs in a slot failed
      > 44:45 ready is hold
      >   claim_undecided login on target: 0 % of the way, about 1 h 3 min left if nothing fails
46:00  nothing more
