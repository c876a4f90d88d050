# Going back waits for nobody's evidence; that it is complete is proved on the source, afresh.
scenario checkout, critical, both: 2 passes in a row
gate ready: all
gate cutover: decision cutover
gate rolled-back: checkout, stable for 5 s

0:00  all pass
      > 0:00 prepare -> sync
      > 0:00 ready is unknown
      >   missing checkout on source by s1: s1 has not reported it
      >   missing checkout on target by t1: t1 has not reported it
      > 0:05 ready is hold
      >   claim_undecided checkout on source by s1: 1 of 2 passes in a row
      >   claim_undecided checkout on target by t1: 1 of 2 passes in a row
      > 0:10 sync -> ready
      > 0:10 asked: cutover, for gate cutover
      > 0:10 gate ready opens, epoch 2
      > 0:10 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
0:12  olga says go on cutover
      > 0:12 cutover: go, by olga, complete
      > 0:12 gate cutover opens, epoch 3
      > 0:12 cutover is open: 1 scenario is proved: gate cutover is open
0:13  pipeline confirms
      > 0:13 ready -> cutover, by pipeline
      > 0:13 watch is hold
      >   switch: nobody has reported yet that traffic is on the target
0:14  pipeline reports target
      > 0:14 traffic is on the target, by pipeline
      > 0:14 cutover -> watch
      > 0:14 committed is unknown
      >   missing checkout on source by s1: s1 has not reported it
      >   missing checkout on target by t1: t1 has not reported it
      >   decision commit: commit is not given by olga or carla (or ben): 0 of 2 voices
      > 0:15 committed is hold
      >   claim_undecided checkout on source by s1: 1 of 2 passes in a row
      >   claim_undecided checkout on target by t1: 1 of 2 passes in a row
      >   decision commit: commit is not given by olga or carla (or ben): 0 of 2 voices
      > 0:20 asked: commit, for gate committed
      > 0:20 committed is hold
      >   decision commit: waits for olga or carla (or ben) to decide commit: 0 of 2 voices
0:20  checkout fails on target: card declined
0:22  carla holds: look at checkout
      > 0:22 hold, by carla
      > 0:22 committed is hold
      >   decision commit: commit is not given by olga or carla (or ben): 0 of 2 voices
      >   operator: carla pressed hold: look at checkout
      > 0:25 committed is hold
      >   claim_refuted checkout on target by t1: the last run failed: card declined
      >   decision commit: commit is not given by olga or carla (or ben): 0 of 2 voices
      >   operator: carla pressed hold: look at checkout
0:26  pipeline reports source
      > 0:26 refused, WRONG_PHASE: the migration is in watch; a switch to the source is reported in rolling-back
0:27  ben says go on rollback: orders are lost
      > 0:27 rollback: go, by ben, complete
      > 0:27 watch -> rolling-back, by ben
      > 0:27 rolled-back is hold
      >   stable: all that it needs is proved; waiting for 5 s without a break
      >   switch: nobody has reported yet that traffic is on the source
0:28  pipeline reports target
      > 0:28 refused, WRONG_PHASE: the migration is in rolling-back; a switch to the target is reported in cutover
0:30  pipeline reports source
      > 0:30 traffic is on the source, by pipeline
      > 0:30 rolled-back is unknown
      >   missing checkout on source by s1: s1 has not reported it
      > 0:35 rolled-back is hold
      >   claim_undecided checkout on source by s1: 1 of 2 passes in a row
      > 0:40 rolled-back is hold
      >   stable: all that it needs is proved; waiting for 5 s without a break
      > 0:45 rolling-back -> rolled-back
      > 0:45 rolled-back is open: the migration is rolled-back
1:00  olga says go on cutover
      > 1:00 refused, WRONG_PHASE: the migration is rolled-back: it has ended, and nothing is left to decide
