# A new build of the target is another target: its evidence starts anew, and so do approvals.
scenario login, critical, both: 2 passes in a row
gate ready: all
gate cutover: decision cutover

0:00  all pass
      > 0:00 prepare -> sync
      > 0:00 ready is unknown
      >   missing login on source by s1: s1 has not reported it
      >   missing login on target by t1: t1 has not reported it
      > 0:05 ready is hold
      >   claim_undecided login on source by s1: 1 of 2 passes in a row
      >   claim_undecided login on target by t1: 1 of 2 passes in a row
      > 0:10 sync -> ready
      > 0:10 asked: cutover, for gate cutover
      > 0:10 gate ready opens, epoch 2
      > 0:10 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
0:12  olga says go on cutover
      > 0:12 cutover: go, by olga, complete
      > 0:12 gate cutover opens, epoch 3
      > 0:12 cutover is open: 1 scenario is proved: gate cutover is open
0:13  the target is on revision v2
      > 0:13 target is on v2, by operator
      > 0:13 ready -> sync
      > 0:13 ready is unknown
      >   missing login on target by t1: t1 has not reported it
      > 0:15 ready is hold
      >   claim_undecided login on target by t1: 1 of 2 passes in a row
      > 0:20 sync -> ready
      > 0:20 gate ready opens, epoch 5
      > 0:20 cutover is hold
      >   decision cutover: cutover is void: the environment is on another revision; it waits for olga (or ben) again
0:30  nothing more
