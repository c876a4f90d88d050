# Who holds already and presses hold again for the same reason changes nothing, and nothing is recorded of it.
scenario login, critical, both: 1 pass in a row
gate ready: all
gate cutover: decision cutover

0:00  all pass
      > 0:00 prepare -> sync
      > 0:00 ready is unknown
      >   missing login on source by s1: s1 has not reported it
      >   missing login on target by t1: t1 has not reported it
      > 0:05 sync -> ready
      > 0:05 asked: cutover, for gate cutover
      > 0:05 gate ready opens, epoch 2
      > 0:05 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
0:10  olga says go on cutover
      > 0:10 cutover: go, by olga, complete
      > 0:10 gate cutover opens, epoch 3
      > 0:10 cutover is open: 1 scenario is proved: gate cutover is open
0:11  dmitri holds: support is not ready
      > 0:11 hold, by dmitri
      > 0:11 cutover is hold
      >   operator: dmitri pressed hold: support is not ready
0:12  dmitri holds: support is not ready
      > 0:12 nothing to record
0:13  dmitri holds: support is at lunch
      > 0:13 hold, by dmitri
      > 0:13 cutover is hold
      >   operator: dmitri pressed hold: support is at lunch
0:14  stranger holds: support is at lunch
      > 0:14 refused, NOT_YOURS: stranger is not in the plan; anyone in the plan may hold and release
