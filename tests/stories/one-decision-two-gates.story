# A voice is for one gate: the next gate that asks for the same decision asks anew.
scenario login, critical, both: 1 pass in a row
gate ready: all, decision cutover
gate cutover: decision cutover

0:00  all pass
      > 0:00 prepare -> sync
      > 0:00 ready is unknown
      >   missing login on source by s1: s1 has not reported it
      >   missing login on target by t1: t1 has not reported it
      >   decision cutover: cutover is not given by olga (or ben): 0 of 1 voice
      > 0:05 asked: cutover, for gate ready
      > 0:05 ready is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
0:08  olga says go on cutover: the gate ready
      > 0:08 cutover: go, by olga, complete
      > 0:08 sync -> ready
      > 0:08 gate ready opens, epoch 2
      > 0:08 cutover is hold
      >   decision cutover: cutover is void: it was given for gate ready; it waits for olga (or ben) again
0:10  pipeline confirms
      > 0:10 refused, GATE_SHUT: gate cutover is shut: decision cutover: cutover is void: it was given for gate ready; it waits for olga (or ben) again
0:12  olga says go on cutover: the gate cutover
      > 0:12 cutover: go, by olga, complete
      > 0:12 gate cutover opens, epoch 3
      > 0:12 cutover is open: 1 scenario is proved: gate cutover is open
0:13  pipeline confirms
      > 0:13 ready -> cutover, by pipeline
      > 0:13 watch is hold
      >   switch: nobody has reported yet that traffic is on the target
