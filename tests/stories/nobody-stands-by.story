# The plan goes back by itself: then somebody must be there who carries it out, before the switch and not after it.
scenario login, critical, both: 1 pass in a row
automatic
gate ready: all
brief

0:00  all pass
      > 0:00 prepare -> sync
      > 0:00 ready is unknown
      >   missing login on source by s1: s1 has not reported it
      >   missing login on target by t1: t1 has not reported it
      > 0:05 sync -> ready
      > 0:05 gate ready opens, epoch 2
      > 0:05 cutover is hold
      >   decision cutover: cutover is not given by olga (or ben): 0 of 1 voice
      >   automatic: the plan goes back by itself, and nobody stands by to carry it out
0:10  olga says go on cutover
      > 0:10 refused, GATE_SHUT: the gate is held: automatic: the plan goes back by itself, and nobody stands by to carry it out. Nothing was recorded
0:20  somebody stands by
      > 0:25 asked: cutover, for gate cutover
      > 0:25 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
0:30  olga says go on cutover
      > 0:30 cutover: go, by olga, complete
      > 0:30 gate cutover opens, epoch 3
      > 0:30 cutover is open: 1 scenario is proved: gate cutover is open
0:40  nobody stands by
      > 0:55 gate cutover shuts, epoch 3
      > 0:55 cutover is hold
      >   automatic: the plan goes back by itself, and nobody stands by to carry it out
1:05  pipeline confirms
      > 1:05 refused, GATE_SHUT: gate cutover is shut: automatic: the plan goes back by itself, and nobody stands by to carry it out
