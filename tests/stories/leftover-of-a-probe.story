# A probe's own order is made and taken away between two looks: it is no row that somebody must answer for.
scenario checkout, critical, both: 1 pass in a row
scenario rows, important, both: 1 pass in a row
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
      >   missing rows on source by s1: s1 has not reported it
      >   missing rows on target by t1: t1 has not reported it
      >   decision commit: commit is not given by olga or carla (or ben): 0 of 2 voices
      > 0:15 asked: commit, for gate committed
      > 0:15 committed is hold
      >   decision commit: waits for olga or carla (or ben) to decide commit: 0 of 2 voices
0:16  rows lists on target: orders/probe=a@15, orders/7=b@16, whole since 10
0:22  the leftovers are told
      > 0:22 2 left behind
      >   orders/probe of 15 s, by rows: nobody
      >   orders/7 of 16 s, by rows: nobody
0:23  rows lists on target: orders/7=b@16, whole since 12
0:31  the leftovers are told
      > 0:31 1 left behind
      >   orders/7 of 16 s, by rows: nobody
0:33  ben says go on rollback: checkout is slow
      > 0:33 rollback: go, by ben, complete
      > 0:33 watch -> rolling-back, by ben
      > 0:33 rolled-back is hold
      >   leftovers rows on target: going back leaves 1 row without an owner and a disposition
      >   switch: nobody has reported yet that traffic is on the source
0:34  pipeline reports source
      > 0:34 traffic is on the source, by pipeline
      > 0:34 rolled-back is unknown
      >   missing checkout on source by s1: s1 has not reported it
      >   leftovers rows on target: going back leaves 1 row without an owner and a disposition
      > 0:35 rolled-back is hold
      >   leftovers rows on target: going back leaves 1 row without an owner and a disposition
0:36  olga leaves orders/7 to ben: typed in by hand
      > 0:36 orders/7 is left to ben: typed in by hand, by olga
      > 0:36 rolling-back -> rolled-back
      > 0:36 rolled-back is open: the migration is rolled-back
0:40  the leftovers are told
      > 0:40 1 left behind
      >   orders/7 of 16 s, by rows: ben typed in by hand
