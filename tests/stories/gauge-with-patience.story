# A lag comes below its bound, leaves it again, and must stay for longer each time.
brief
scenario lag, critical, target: gauge lag enter 5 leave 10 for 20 s
gate ready: all

0:00  lag reports: lag 40
      > 0:00 prepare -> sync
      > 0:00 ready is unknown
      >   missing lag on target: nothing was reported yet
      > 0:05 ready is hold
      >   claim_refuted lag on target: lag has not come down to 5
0:12  lag reports: lag 4
      > 0:15 ready is hold
      >   claim_undecided lag on target: quiet for 0 s of 20 s
0:22  lag reports: lag 9
0:32  lag reports: lag 11
      > 0:35 ready is hold
      >   claim_refuted lag on target: lag has not come down to 5
0:37  lag reports: lag 5
      > 0:40 ready is hold
      >   claim_undecided lag on target: quiet for 0 s of 29 s, attempt 2: each break makes it longer
      > 1:10 sync -> ready
      > 1:10 asked: cutover, for gate cutover
      > 1:10 gate ready opens, epoch 2
      > 1:10 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
1:22  lag hangs
      > 1:34 gate ready shuts, epoch 2
      > 1:34 ready -> sync
      > 1:34 ready is unknown
      >   stale lag on target: t1 has not reported it for too long
1:50  lag reports: lag 5
      > 1:55 ready is hold
      >   claim_undecided lag on target: quiet for 0 s of 29 s, attempt 2: each break makes it longer
      > 2:25 sync -> ready
      > 2:25 asked: cutover, for gate cutover
      > 2:25 gate ready opens, epoch 3
      > 2:25 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
2:40  nothing more
