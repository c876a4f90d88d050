# A go is good for a while: then it is asked for again.
scenario login, critical, both: 1 pass in a row
gate ready: all
gate cutover: decision cutover, valid for 20 s, deadline 30 s

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
0:10  ben says go on cutover
      > 0:10 cutover: go, by ben, complete
      > 0:10 gate cutover opens, epoch 3
      > 0:10 cutover is open: 1 scenario is proved: gate cutover is open
      > 0:30 gate cutover shuts, epoch 3
      > 0:30 cutover is hold
      >   decision cutover: cutover was given too long ago: ask olga (or ben) again
0:31  pipeline confirms
      > 0:31 refused, GATE_SHUT: gate cutover is shut: decision cutover: cutover was given too long ago: ask olga (or ben) again
      > 0:36 cutover is hold
      >   decision cutover: cutover was given too long ago: ask olga (or ben) again
      >   deadline: gate cutover should have opened within 30 s: decide whether to go on or back
0:45  olga says go on cutover
      > 0:45 cutover: go, by olga, complete
      > 0:45 gate cutover opens, epoch 4
      > 0:45 cutover is open: 1 scenario is proved: gate cutover is open
0:46  pipeline confirms with the first token
      > 0:46 refused, OLD_TOKEN: the token is of an earlier opening of the gate: wait for the gate and take its new token
0:47  pipeline confirms
      > 0:47 ready -> cutover, by pipeline
      > 0:47 watch is hold
      >   switch: nobody has reported yet that traffic is on the target
