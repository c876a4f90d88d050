# Going back costs nothing while the feed brings every row back, and that is measured.
scenario checkout, critical, both: 1 pass in a row
scenario db-back, important, both: 1 pass in a row
limit db-back.lag, from db-back, lag at most 30, unit s
limit target-only orders, from db-back, orders_behind at most 500, counts loss, unit orders
gate ready: checkout
gate cutover: decision cutover
gate committed: all
gate rolled-back: checkout
window 120 s

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
0:06  the way back is told
      > 0:06 the way back is lossless, not possible: traffic was not moved: there is nothing to go back from
0:08  db-back reports: lag 2, orders_behind 0
0:10  olga says go on cutover
      > 0:10 cutover: go, by olga, complete
      > 0:10 gate cutover opens, epoch 3
      > 0:10 cutover is open: 1 scenario is proved: gate cutover is open
0:12  pipeline confirms
      > 0:12 ready -> cutover, by pipeline
      > 0:12 watch is hold
      >   switch: nobody has reported yet that traffic is on the target
0:13  the way back is told
      > 0:13 the way back is lossless, possible: traffic is not on the target yet
0:14  pipeline reports target
      > 0:14 traffic is on the target, by pipeline
      > 0:14 cutover -> watch
      > 0:14 committed is unknown
      >   missing checkout on source by s1: s1 has not reported it
      >   missing checkout on target by t1: t1 has not reported it
      >   missing db-back on source by s1: s1 has not reported it
      >   missing db-back on target by t1: t1 has not reported it
      >   decision commit: commit is not given by olga or carla (or ben): 0 of 2 voices
0:14  the way back is told
      > 0:14 the way back is lossy, possible: possible for 2 min after the switch; it would lose an unknown amount of target-only orders, an unknown amount of what was written since the switch (nothing is known of db-back.lag: source/s1 has not reported db-back; nothing is known of target-only orders: source/s1 has not reported db-back)
      >   db-back.lag: nothing known of 30 s
      >   target-only orders: nothing known of 500 orders
      > 0:15 asked: commit, for gate committed
      > 0:15 committed is hold
      >   decision commit: waits for olga or carla (or ben) to decide commit: 0 of 2 voices
0:16  the way back is told
      > 0:16 the way back is lossless, possible: possible for 2 min after the switch
      >   db-back.lag: 2 of 30 s
      >   target-only orders: 0 of 500 orders
      > 1:44 told: the way back ends at 2:14
1:50  the way back is told
      > 1:50 the way back is lossless, possible: possible for 2 min after the switch
      >   db-back.lag: 2 of 30 s
      >   target-only orders: 0 of 500 orders
1:52  ben says go on rollback: checkout is slow
      > 1:52 rollback: go, by ben, complete
      > 1:52 watch -> rolling-back, by ben
      > 1:52 rolled-back is hold
      >   switch: nobody has reported yet that traffic is on the source
1:52  the way back is told
      > 1:52 the way back is lossless, not possible: going back is under way
      >   db-back.lag: 2 of 30 s
      >   target-only orders: 0 of 500 orders
1:54  pipeline reports source
      > 1:54 traffic is on the source, by pipeline
      > 1:54 rolled-back is unknown
      >   missing checkout on source by s1: s1 has not reported it
      > 1:55 rolling-back -> rolled-back
      > 1:55 rolled-back is open: the migration is rolled-back
2:00  the way back is told
      > 2:00 the way back is closed, not possible: the migration is rolled-back
