# A quarter of the target's answers takes twice as long as the source's, which all take the same: no proof for 95 of 100 answers.
brief
agents at least 2
observe 0 s
scenario login, critical, both: latency p95 slack 10
gate ready: all

0:00  source/s3 joins
      > 0:00 source/s3 is enrolled
      > 0:00 prepare -> sync
      > 0:00 ready is unknown
      >   missing login on source: the first slot has not closed yet
      >   missing login on target: the first slot has not closed yet
0:00  source/s4 joins
      > 0:00 source/s4 is enrolled
0:00  target/t3 joins
      > 0:00 target/t3 is enrolled
0:00  target/t4 joins
      > 0:00 target/t4 is enrolled
0:00  login takes 40 ms
0:00  login takes 80 ms on target/t4
      > 0:25 ready is hold
      >   claim_undecided login on target: 0 % of the way, just begun
      > 0:45 ready is hold
      >   claim_undecided login on target: 0 % of the way and not getting closer
      > 6:25 ready is hold
      >   claim_refuted login on target: target answers more slowly than it may; the proof begins again (attempt 2)
      > 8:25 ready is hold
      >   claim_refuted login on target: target answers more slowly than it may; the proof begins again (attempt 3)
9:00  nothing more
