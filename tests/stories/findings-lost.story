# An agent is cut off, sees a failure, and its spool is thrown away: nobody knows what it saw, so what it proves it proves anew.
scenario login, critical, both: 3 passes in a row
gate ready: all
gate cutover: decision cutover

0:00  all pass
      > 0:00 prepare -> sync
      > 0:00 ready is unknown
      >   missing login on source by s1: s1 has not reported it
      >   missing login on target by t1: t1 has not reported it
      > 0:05 ready is hold
      >   claim_undecided login on source by s1: 1 of 3 passes in a row
      >   claim_undecided login on target by t1: 1 of 3 passes in a row
      > 0:10 ready is hold
      >   claim_undecided login on source by s1: 2 of 3 passes in a row
      >   claim_undecided login on target by t1: 2 of 3 passes in a row
      > 0:15 sync -> ready
      > 0:15 asked: cutover, for gate cutover
      > 0:15 gate ready opens, epoch 2
      > 0:15 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
0:16  olga says go on cutover
      > 0:16 cutover: go, by olga, complete
      > 0:16 gate cutover opens, epoch 3
      > 0:16 cutover is open: 1 scenario is proved: gate cutover is open
0:16  target/t1 loses its link
0:17  login fails on target: sign-in refused
0:21  login passes
0:21  target/t1 throws away its spool
0:22  target/t1 reconnects
      > 0:25 gate ready shuts, epoch 2
      > 0:25 gate cutover shuts, epoch 3
      > 0:25 ready -> sync
      > 0:25 ready is hold
      >   claim_undecided login on target by t1: 1 of 3 passes in a row
0:26  pipeline confirms
      > 0:26 refused, WRONG_PHASE: the migration is in sync; a cutover is confirmed once, in ready
      > 0:30 ready is hold
      >   claim_undecided login on target by t1: 2 of 3 passes in a row
      > 0:35 sync -> ready
      > 0:35 gate ready opens, epoch 4
      > 0:35 cutover is hold
      >   decision cutover: cutover is void: the evidence it was given on changed; it waits for olga (or ben) again
0:40  nothing more
