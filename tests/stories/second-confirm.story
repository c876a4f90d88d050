# A token is taken once, by whoever comes first.
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
0:08  pipeline confirms
      > 0:08 refused, GATE_SHUT: gate cutover is shut: decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
0:10  olga says go on cutover
      > 0:10 cutover: go, by olga, complete
      > 0:10 gate cutover opens, epoch 3
      > 0:10 cutover is open: 1 scenario is proved: gate cutover is open
0:11  pipeline confirms
      > 0:11 ready -> cutover, by pipeline
      > 0:11 watch is hold
      >   switch: nobody has reported yet that traffic is on the target
0:11  pipeline confirms again
      > 0:11 nothing to record
0:11  pipeline confirms
      > 0:11 refused, WRONG_PHASE: the migration is in cutover; a cutover is confirmed once, in ready
0:12  olga aborts: too late
      > 0:12 refused, WRONG_PHASE: the migration is in cutover; it is past its point of no return: decide rollback
