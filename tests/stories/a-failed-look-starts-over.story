# The lag was small for long enough; then one look fails. What comes after it must be quiet for longer again.
brief
scenario lag, critical, target: gauge lag enter 5 leave 10 for 20 s
gate ready: all

0:00  lag reports: lag 4
      > 0:00 prepare -> sync
      > 0:00 ready is unknown
      >   missing lag on target: nothing was reported yet
      > 0:05 ready is hold
      >   claim_undecided lag on target: quiet for 0 s of 20 s
      > 0:25 sync -> ready
      > 0:25 asked: cutover, for gate cutover
      > 0:25 gate ready opens, epoch 2
      > 0:25 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
0:41  lag fails: the database does not answer
      > 0:45 gate ready shuts, epoch 2
      > 0:45 ready -> sync
      > 0:45 ready is hold
      >   claim_refuted lag on target: t1 could not see it well: the database does not answer
0:46  lag reports: lag 4
      > 0:50 ready is hold
      >   claim_undecided lag on target: quiet for 0 s of 29 s, attempt 2: each break makes it longer
      > 1:20 sync -> ready
      > 1:20 gate ready opens, epoch 3
      > 1:20 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
      > 1:25 asked: cutover, for gate cutover
1:30  nothing more
