# Some things cannot be taken back: whoever knows of one says so, and there is no way back from then on.
scenario checkout, critical, both: 1 pass in a row
gate ready: all
gate committed: all
fact the old house is let
fact invoices went out

0:00  all pass
      > 0:00 prepare -> sync
      > 0:00 ready is unknown
      >   missing checkout on source by s1: s1 has not reported it
      >   missing checkout on target by t1: t1 has not reported it
      > 0:05 sync -> ready
      > 0:05 asked: cutover, for gate cutover
      > 0:05 gate ready opens, epoch 2
      > 0:05 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
0:10  olga says go on cutover
      > 0:10 cutover: go, by olga, complete
      > 0:10 gate cutover opens, epoch 3
      > 0:10 cutover is open: 1 scenario is proved: gate cutover is open
0:12  pipeline confirms
      > 0:12 ready -> cutover, by pipeline
      > 0:12 watch is hold
      >   switch: nobody has reported yet that traffic is on the target
0:13  pipeline reports target
      > 0:13 traffic is on the target, by pipeline
      > 0:13 cutover -> watch
      > 0:13 committed is unknown
      >   missing checkout on source by s1: s1 has not reported it
      >   missing checkout on target by t1: t1 has not reported it
      >   decision commit: commit is not given by olga or carla (or ben): 0 of 2 voices
      > 0:15 asked: commit, for gate committed
      > 0:15 committed is hold
      >   decision commit: waits for olga or carla (or ben) to decide commit: 0 of 2 voices
0:20  pipeline states the old house is let
      > 0:20 refused, NOT_YOURS: pipeline is not in the plan; anyone in the plan may state a fact
0:21  dmitri states it rains
      > 0:21 refused, UNKNOWN_FACT: the plan has no fact "it rains"; it has "the old house is let", "invoices went out"
0:22  dmitri states the old house is let: signed at noon
      > 0:22 fact: the old house is let, by dmitri
      > 0:22 told: the way back is closed: the old house is let is true, and after that there is no way back
0:23  ben says go on rollback: checkout is slow
      > 0:23 refused, TOO_LATE: the old house is let is true, and after that there is no way back
0:24  olga states the old house is let
      > 0:24 nothing to record
0:25  the plan changes: window 300 s
      > 0:25 plan revision 2, by olga
0:30  ben says go on rollback: checkout is slow
      > 0:30 refused, TOO_LATE: the old house is let is true, and after that there is no way back
