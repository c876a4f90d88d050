# What an agent brings after a long silence is new to the collector, and old: it opens nothing.
scenario login, critical, both: 2 passes in a row
gate ready: all
gate cutover: decision cutover
brief

0:00  all pass
      > 0:00 prepare -> sync
      > 0:00 ready is unknown
      >   missing login on source by s1: s1 has not reported it
      >   missing login on target by t1: t1 has not reported it
      > 0:05 ready is hold
      >   claim_undecided login on source by s1: 1 of 2 passes in a row
      >   claim_undecided login on target by t1: 1 of 2 passes in a row
      > 0:10 sync -> ready
      > 0:10 asked: cutover, for gate cutover
      > 0:10 gate ready opens, epoch 2
      > 0:10 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
0:20  target/t1 lags by 40 s
      > 0:34 gate ready shuts, epoch 2
      > 0:34 ready -> sync
      > 0:34 ready is unknown
      >   stale login on target by t1: t1 has not reported it for more than 13 s
1:30  nothing more
