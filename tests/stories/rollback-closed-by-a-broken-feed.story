# A feed that is too late closes the way back for as long as that lasts. One of which nothing is known does not:
# it costs an unknown amount, and whoever decides is told so.
scenario checkout, critical, both: 1 pass in a row
scenario db-back, important, both: 1 pass in a row
limit db-back.lag, from db-back, lag at most 30, unit s
gate ready: checkout
gate cutover: decision cutover
gate committed: all

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
0:16  the way back is told
      > 0:16 the way back is lossless, possible: possible for 2 min after the switch
      >   db-back.lag: 2 of 30 s
0:16  db-back fails on target: the slot is gone
      > 0:20 committed is hold
      >   claim_refuted db-back on target by t1: the last run failed: the slot is gone
      >   decision commit: commit is not given by olga or carla (or ben): 0 of 2 voices
0:21  the way back is told
      > 0:21 the way back is lossy, possible: possible for 2 min after the switch; it would lose an unknown amount of what was written since the switch (nothing is known of db-back.lag: db-back does not pass on target/t1)
      >   db-back.lag: nothing known of 30 s
0:23  db-back reports: lag 45
      > 0:25 committed is hold
      >   decision commit: waits for olga or carla (or ben) to decide commit: 0 of 2 voices
0:26  the way back is told
      > 0:26 the way back is closed, not possible: closed as long as this lasts: db-back.lag is 45 s, must be at most 30 s
      >   db-back.lag: 45 of 30 s
0:27  ben says go on rollback: checkout is slow
      > 0:27 refused, TOO_LATE: closed as long as this lasts: db-back.lag is 45 s, must be at most 30 s
0:27  db-back reports: lag 20
0:31  the way back is told
      > 0:31 the way back is lossless, possible: possible for 2 min after the switch
      >   db-back.lag: 20 of 30 s
0:32  db-back is silent on source
      > 0:44 committed is unknown
      >   stale db-back on source by s1: s1 has not reported it for more than 13 s
      >   decision commit: commit is not given by olga or carla (or ben): 0 of 2 voices
0:50  the way back is told
      > 0:50 the way back is lossy, possible: possible for 2 min after the switch; it would lose an unknown amount of what was written since the switch (nothing is known of db-back.lag: source/s1 has not reported db-back for more than 13 s)
      >   db-back.lag: nothing known of 30 s
0:51  db-back reports: lag 1
      > 0:55 committed is hold
      >   decision commit: waits for olga or carla (or ben) to decide commit: 0 of 2 voices
0:56  the way back is told
      > 0:56 the way back is lossless, possible: possible for 2 min after the switch
      >   db-back.lag: 1 of 30 s
0:57  ben says go on rollback: checkout is slow
      > 0:57 rollback: go, by ben, complete
      > 0:57 watch -> rolling-back, by ben
      > 0:57 rolled-back is hold
      >   switch: nobody has reported yet that traffic is on the source
0:58  nothing more
