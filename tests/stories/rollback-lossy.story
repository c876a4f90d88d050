# Going back loses so many orders and does not take the mails back; above its bound nobody may.
scenario checkout, critical, both: 1 pass in a row
scenario db-back, important, both: 1 pass in a row
scenario mail, important, target: 1 pass in a row
limit db-back.lag, from db-back, lag at most 30, unit s
limit target-only orders, from db-back, orders_behind at most 500, counts loss, unit orders
one way mails sent, from mail, mails
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
0:06  mail reports: mails 1200
0:08  db-back reports: lag 2, orders_behind 0
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
      >   missing mail on target by t1: t1 has not reported it
      >   decision commit: commit is not given by olga or carla (or ben): 0 of 2 voices
      > 0:15 asked: commit, for gate committed
      > 0:15 committed is hold
      >   decision commit: waits for olga or carla (or ben) to decide commit: 0 of 2 voices
0:16  the way back is told
      > 0:16 the way back is lossless, possible: possible for 2 min after the switch
      >   db-back.lag: 2 of 30 s
      >   target-only orders: 0 of 500 orders
      >   not taken back: mails sent: 0
0:16  mail reports: mails 1203
0:16  db-back reports: lag 5, orders_behind 12
0:21  the way back is told
      > 0:21 the way back is lossy, possible: possible for 2 min after the switch; it would lose 12 target-only orders, 3 mails sent
      >   db-back.lag: 5 of 30 s
      >   target-only orders: 12 of 500 orders
      >   not taken back: mails sent: 3
0:22  mail reports: mails 4
0:26  the way back is told
      > 0:26 the way back is lossy, possible: possible for 2 min after the switch; it would lose 12 target-only orders, 7 mails sent
      >   db-back.lag: 5 of 30 s
      >   target-only orders: 12 of 500 orders
      >   not taken back: mails sent: 7
0:26  mail is silent
      > 0:39 committed is unknown
      >   stale mail on target by t1: t1 has not reported it for more than 13 s
      >   decision commit: commit is not given by olga or carla (or ben): 0 of 2 voices
0:40  the way back is told
      > 0:40 the way back is lossy, possible: possible for 2 min after the switch; it would lose 12 target-only orders, an unknown amount of mails sent
      >   db-back.lag: 5 of 30 s
      >   target-only orders: 12 of 500 orders
      >   not taken back: mails sent: nothing known
0:41  db-back reports: lag 5, orders_behind 501
0:46  the way back is told
      > 0:46 the way back is closed, not possible: closed as long as this lasts: target-only orders is 501 orders, must be at most 500 orders
      >   db-back.lag: 5 of 30 s
      >   target-only orders: 501 of 500 orders
      >   not taken back: mails sent: nothing known
0:47  ben says go on rollback: checkout is slow
      > 0:47 refused, TOO_LATE: closed as long as this lasts: target-only orders is 501 orders, must be at most 500 orders
0:48  nothing more
