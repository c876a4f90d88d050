# The reverse feed began at a position read after the switch: it is healthy, and one order never comes back.
scenario checkout, critical, both: 1 pass in a row
scenario rows, important, both: 1 pass in a row
scenario db-back, important, both: 1 pass in a row
limit db-back.lag, from db-back, lag at most 30, unit s
gate ready: checkout
gate cutover: decision cutover
gate committed: all
gate rolled-back: checkout

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
0:08  db-back reports: lag 0
0:10  olga says go on cutover
      > 0:10 cutover: go, by olga, complete
      > 0:10 gate cutover opens, epoch 3
      > 0:10 cutover is open: 1 scenario is proved: gate cutover is open
0:12  pipeline confirms
      > 0:12 ready -> cutover, by pipeline
      > 0:12 watch is hold
      >   switch: nobody has reported yet that traffic is on the target
0:14  pipeline reports target
      > 0:14 traffic is on the target, by pipeline
      > 0:14 cutover -> watch
      > 0:14 committed is unknown
      >   missing checkout on source by s1: s1 has not reported it
      >   missing checkout on target by t1: t1 has not reported it
      >   missing db-back on source by s1: s1 has not reported it
      >   missing db-back on target by t1: t1 has not reported it
      >   missing rows on source by s1: s1 has not reported it
      >   missing rows on target by t1: t1 has not reported it
      >   decision commit: commit is not given by olga or carla (or ben): 0 of 2 voices
      > 0:15 asked: commit, for gate committed
      > 0:15 committed is hold
      >   decision commit: waits for olga or carla (or ben) to decide commit: 0 of 2 voices
0:16  rows lists on target: orders/1=a@15, orders/2=b@18
0:19  rows lists on source: orders/2=b@18
0:26  the way back is told
      > 0:26 the way back is lossy, possible: possible for 2 min after the switch; it would lose 1 row that only the target has
      >   db-back.lag: 0 of 30 s
0:27  ben says go on rollback: checkout is slow
      > 0:27 rollback: go, by ben, complete
      > 0:27 watch -> rolling-back, by ben
      > 0:27 rolled-back is hold
      >   leftovers rows on target: going back leaves 1 row without an owner and a disposition
      >   switch: nobody has reported yet that traffic is on the source
0:28  pipeline reports source
      > 0:28 traffic is on the source, by pipeline
      > 0:28 rolled-back is unknown
      >   missing checkout on source by s1: s1 has not reported it
      >   leftovers rows on target: going back leaves 1 row without an owner and a disposition
      > 0:30 rolled-back is hold
      >   leftovers rows on target: going back leaves 1 row without an owner and a disposition
0:40  olga leaves orders/1 to ben: typed in by hand
      > 0:40 orders/1 is left to ben: typed in by hand, by olga
      > 0:40 rolling-back -> rolled-back
      > 0:40 rolled-back is open: the migration is rolled-back
