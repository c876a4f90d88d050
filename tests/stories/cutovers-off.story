# One switch stops every cutover, also one that people have already decided and whose token is out.
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
0:12  pipeline switches cutovers off: no
      > 0:12 refused, NOT_YOURS: pipeline is not in the plan; anyone in the plan switches cutovers
0:13  dmitri switches cutovers off
      > 0:13 cutovers are off, by dmitri
      > 0:13 gate ready opens, epoch 5
      > 0:13 cutover is hold
      >   disabled: dmitri switched cutovers off: as agreed
0:14  operator switches cutovers off: the bank is in maintenance
      > 0:14 nothing to record
0:15  pipeline confirms
      > 0:15 refused, GATE_SHUT: gate cutover is shut: disabled: dmitri switched cutovers off: as agreed
0:16  ben says go on cutover
      > 0:16 refused, GATE_SHUT: the gate is held: disabled: dmitri switched cutovers off: as agreed. Nothing was recorded
0:20  operator switches cutovers off: once more
      > 0:20 nothing to record
0:30  dmitri switches cutovers on: the bank is back
      > 0:30 cutovers are on, by dmitri
      > 0:30 gate ready opens, epoch 7
      > 0:30 gate cutover opens, epoch 8
      > 0:30 cutover is open: 1 scenario is proved: gate cutover is open
0:31  pipeline confirms with the first token
      > 0:31 refused, OLD_TOKEN: the token is of an earlier opening of the gate: wait for the gate and take its new token
0:32  pipeline confirms
      > 0:32 ready -> cutover, by pipeline
      > 0:32 watch is hold
      >   switch: nobody has reported yet that traffic is on the target
