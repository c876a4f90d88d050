# The target answers twice as slowly as the source: it is never proved to be as fast, however well it works.
brief
agents at least 2
observe 0 s
scenario login, critical, both: latency p50 slack 10
gate ready: all

0:00  login takes 40 ms on source
      > 0:00 prepare -> sync
      > 0:00 ready is unknown
      >   missing login on source: the first slot has not closed yet
      >   missing login on target: the first slot has not closed yet
0:00  login takes 80 ms on target
      > 0:25 ready is hold
      >   claim_undecided login on target: 0 % of the way, just begun
      > 0:45 ready is hold
      >   claim_undecided login on target: 0 % of the way and not getting closer
      > 8:45 ready is hold
      >   claim_undecided login on target: 2 % of the way, about 6 min left if nothing fails
      > 12:05 ready is hold
      >   claim_refuted login on target: target answers more slowly than it may; the proof begins again (attempt 2)
      > 15:35 ready is hold
      >   claim_refuted login on target: target answers more slowly than it may; the proof begins again (attempt 3)
      > 19:05 ready is hold
      >   claim_refuted login on target: target answers more slowly than it may; the proof begins again (attempt 4)
      > 22:35 ready is hold
      >   claim_refuted login on target: target answers more slowly than it may; the proof begins again (attempt 5)
25:00  login takes 41 ms on target
      > 25:35 ready is hold
      >   claim_undecided login on target: 48 % of the way, about 3 min left if nothing fails
      > 26:25 sync -> ready
      > 26:25 gate ready opens, epoch 2
      > 26:25 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
50:00  nothing more
