# Nothing to look at is no proof: no scenario, no count, no measure.
gate ready: all

0:00  nothing is checked
      > 0:00 prepare -> sync
      > 0:00 ready is hold
      >   unchecked: no scenario is needed: zero of zero proves nothing
0:05  the plan changes: scenario orders, critical, both: 1 pass in a row; rows at least 1
      > 0:05 plan revision 2, by olga
      > 0:05 ready is unknown
      >   missing orders on source by s1: s1 has not reported it
      >   missing orders on target by t1: t1 has not reported it
0:05  all pass
      > 0:10 sync -> ready
      > 0:10 asked: cutover, for gate cutover
      > 0:10 gate ready opens, epoch 3
      > 0:10 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
0:20  orders counts 0 of 0 on target
      > 0:25 gate ready shuts, epoch 3
      > 0:25 ready -> sync
      > 0:25 ready is hold
      >   claim_undecided orders on target by t1: the last run counted 0 of 0, which proves nothing
0:30  orders reports on target: nothing
      > 0:35 ready is hold
      >   claim_undecided orders on target by t1: the run passed and does not report rows
0:40  orders reports on target: rows 0
      > 0:45 ready is hold
      >   claim_refuted orders on target by t1: rows is 0, must be at least 1
0:50  orders passes
