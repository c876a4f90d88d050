# Going back ends the way back, and being well again is counted from the switch until the source proved it.
scenario checkout, critical, both: 2 passes in a row
gate ready: all
gate cutover: decision cutover
gate rolled-back: checkout

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
0:14  pipeline confirms
      > 0:14 ready -> cutover, by pipeline
      > 0:14 watch is hold
      >   switch: nobody has reported yet that traffic is on the target
0:16  pipeline reports target
      > 0:16 traffic is on the target, by pipeline
      > 0:16 cutover -> watch
      > 0:16 committed is unknown
      >   missing checkout on source by s1: s1 has not reported it
      >   missing checkout on target by t1: t1 has not reported it
      >   decision commit: commit is not given by olga or carla (or ben): 0 of 2 voices
0:16  checkout fails on target: card declined
      > 0:20 committed is hold
      >   claim_refuted checkout on target by t1: the last run failed: card declined
      >   claim_undecided checkout on source by s1: 1 of 2 passes in a row
      >   decision commit: commit is not given by olga or carla (or ben): 0 of 2 voices
      > 0:25 committed is hold
      >   claim_refuted checkout on target by t1: the last run failed: card declined
      >   decision commit: commit is not given by olga or carla (or ben): 0 of 2 voices
0:30  ben says go on rollback: orders are lost
      > 0:30 rollback: go, by ben, complete
      > 0:30 watch -> rolling-back, by ben
      > 0:30 rolled-back is hold
      >   switch: nobody has reported yet that traffic is on the source
0:32  pipeline reports source
      > 0:32 traffic is on the source, by pipeline
      > 0:32 rolled-back is unknown
      >   missing checkout on source by s1: s1 has not reported it
      > 0:35 rolled-back is hold
      >   claim_undecided checkout on source by s1: 1 of 2 passes in a row
      > 0:40 rolling-back -> rolled-back
      > 0:40 rolled-back is open: the migration is rolled-back
1:00  the report is told
      > 1:00 the report: rolled-back, plan revision 1
      >   prepare from 0 s to 0 s
      >   sync from 0 s to 10 s
      >   ready from 10 s to 14 s
      >   cutover from 14 s to 16 s
      >   watch from 16 s to 30 s
      >   rolling-back from 30 s to 40 s
      >   rolled-back from 40 s to now
      >   checkout: sync undecided 5 s, sync missing 5 s, ready proved 4 s, cutover proved 2 s, watch refuted 10 s, watch missing 4 s, rolling-back refuted 8 s, rolling-back missing 2 s; held a gate for 14 s at most
      >   the way back ended at 30 s: it was taken
      >   well again since the switch: after 24 s
