# The window closes the way back for good, however healthy the feed is.
scenario checkout, critical, both: 1 pass in a row
scenario db-back, important, both: 1 pass in a row
limit db-back.lag, from db-back, lag at most 30, unit s
gate ready: checkout
gate cutover: decision cutover
gate committed: all
window 60 s

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
0:08  db-back reports: lag 2
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
      >   decision commit: commit is not given by olga or carla (or ben): 0 of 2 voices
      > 0:15 asked: commit, for gate committed
      > 0:15 committed is hold
      >   decision commit: waits for olga or carla (or ben) to decide commit: 0 of 2 voices
      > 0:44 told: the way back ends at 1:14
0:46  the way back is told
      > 0:46 the way back is lossless, possible: possible for 60 s after the switch
      >   db-back.lag: 2 of 30 s
1:14  the way back is told
      > 1:14 the way back is lossless, possible: possible for 60 s after the switch
      >   db-back.lag: 2 of 30 s
      > 1:15 told: the way back is closed: too late: the way back was open for 60 s after the switch
1:15  the way back is told
      > 1:15 the way back is closed, not possible: too late: the way back was open for 60 s after the switch
1:16  ben says go on rollback: checkout is slow
      > 1:16 refused, TOO_LATE: too late: the way back was open for 60 s after the switch
1:17  nothing more
