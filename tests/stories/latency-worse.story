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
      > 10:05 ready is hold
      >   claim_refuted login on target: proved to be worse than the source by the margin
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
      >   claim_refuted login on target: proved to be worse than the source by the margin
      > 43:55 ready is hold
      >   claim_undecided login on target: 0 % of the way, about 1 h 17 min left if nothing fails
45:00  nothing more
