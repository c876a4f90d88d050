# Somebody writes where nobody may: refuted at once, and each time the silence must last longer.
brief
scenario jobs, critical, target: silent for 20 s
gate ready: all

0:00  jobs reports: writes 0, runs 0
      > 0:00 prepare -> sync
      > 0:00 ready is unknown
      >   missing jobs on target: nothing was reported yet
      > 0:05 ready is hold
      >   claim_undecided jobs on target: quiet for 0 s of 20 s
      > 0:25 sync -> ready
      > 0:25 asked: cutover, for gate cutover
      > 0:25 gate ready opens, epoch 2
      > 0:25 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
0:32  jobs reports: writes 2, runs 0
      > 0:35 gate ready shuts, epoch 2
      > 0:35 ready -> sync
      > 0:35 ready is hold
      >   claim_refuted jobs on target: somebody writes
0:37  jobs reports: writes 0, runs 0
      > 0:40 ready is hold
      >   claim_undecided jobs on target: quiet for 5 s of 29 s, attempt 2: each break makes it longer
      > 1:05 sync -> ready
      > 1:05 gate ready opens, epoch 3
      > 1:05 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
      > 1:25 asked: cutover, for gate cutover
1:42  nothing more
