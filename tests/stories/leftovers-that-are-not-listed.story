# Rows that cannot be listed one by one are answered for together, as rest: going back does not wait for an override.
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
0:16  rows lists on target: orders/1=a@15, mails/xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx=b@16
0:26  the leftovers are told
      > 0:26 2 left behind, and more
      >   orders/1 of 15 s, by rows: nobody
      >   rest of some time, by rows: nobody
0:28  ben says go on rollback: checkout is slow
      > 0:28 rollback: go, by ben, complete
      > 0:28 watch -> rolling-back, by ben
      > 0:28 rolled-back is hold
      >   leftovers rows on target: going back leaves 1 row without an owner and a disposition, and 1 at least that are not listed: settle those as rest
      >   switch: nobody has reported yet that traffic is on the source
0:29  pipeline reports source
      > 0:29 traffic is on the source, by pipeline
      > 0:29 rolled-back is unknown
      >   missing checkout on source by s1: s1 has not reported it
      >   leftovers rows on target: going back leaves 1 row without an owner and a disposition, and 1 at least that are not listed: settle those as rest
      > 0:30 rolled-back is hold
      >   leftovers rows on target: going back leaves 1 row without an owner and a disposition, and 1 at least that are not listed: settle those as rest
0:36  olga leaves orders/1 to ben: typed in by hand
      > 0:36 orders/1 is left to ben: typed in by hand, by olga
      > 0:36 rolled-back is hold
      >   leftovers rows on target: going back leaves 1 row at least that are not listed, without an owner and a disposition: settle them as rest
0:37  olga leaves rest to ben: the export of the night
      > 0:37 rest is left to ben: the export of the night, by olga
      > 0:37 rolling-back -> rolled-back
      > 0:37 rolled-back is open: the migration is rolled-back
0:40  the leftovers are told
      > 0:40 2 left behind, and more
      >   orders/1 of 15 s, by rows: ben typed in by hand
      >   rest of some time, by rows: ben the export of the night
