# Anyone in the plan may hold: every gate ahead is shut, and tokens given before are void.
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
0:12  pipeline confirms
      > 0:12 refused, GATE_SHUT: gate cutover is shut: operator: dmitri pressed hold: support is not ready
0:13  stranger releases: never mind
      > 0:13 refused, NOT_YOURS: stranger is not in the plan; anyone in the plan may hold and release
0:14  pipeline holds: never mind
      > 0:14 refused, NOT_YOURS: pipeline is not in the plan; anyone in the plan may hold and release
0:20  dmitri releases: support is ready
      > 0:20 release, by dmitri
      > 0:20 gate ready opens, epoch 6
      > 0:20 gate cutover opens, epoch 7
      > 0:20 cutover is open: 1 scenario is proved: gate cutover is open
0:22  pipeline confirms with the first token
      > 0:22 refused, OLD_TOKEN: the token is of an earlier opening of the gate: wait for the gate and take its new token
0:23  pipeline confirms
      > 0:23 ready -> cutover, by pipeline
      > 0:23 watch is hold
      >   switch: nobody has reported yet that traffic is on the target
