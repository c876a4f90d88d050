# A check that counted nothing of nothing is no pass, and one that the gate does not need holds nothing.
scenario queue, critical, source: visible at most 0 for 5
scenario mail, minor, source: visible at most 0 for 5
gate ready: queue
brief

0:00  mail reports: visible 9
      > 0:00 prepare -> sync
      > 0:00 ready is unknown
      >   missing queue on source by s1: s1 has not reported it
0:20  queue reports: delayed 0
      > 0:25 ready is hold
      >   claim_undecided queue on source by s1: the run passed and does not report visible
0:40  queue reports: visible 0
      > 0:45 ready is hold
      >   claim_undecided queue on source by s1: visible is 0, inside for 0 s of 5 s
      > 0:50 sync -> ready
      > 0:50 asked: cutover, for gate cutover
      > 0:50 gate ready opens, epoch 2
      > 0:50 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
1:00  nothing more
