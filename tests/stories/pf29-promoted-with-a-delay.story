# A promotion cannot be taken back: it is not begun while the copy is behind, and it ends the way back by the feed.
scenario checkout, critical, both: 1 pass in a row
scenario db-forward, critical, target: lag at most 0 for 5 s
scenario db-back, important, target: 1 pass in a row
limit db-back.lag, from db-back, lag at most 30, unit s
gate ready: checkout, db-forward
gate cutover: decision cutover
gate committed: checkout

0:00  all pass
      > 0:00 prepare -> sync
      > 0:00 ready is unknown
      >   missing checkout on source by s1: s1 has not reported it
      >   missing checkout on target by t1: t1 has not reported it
      >   missing db-forward on target by t1: t1 has not reported it
0:00  db-back fails: nothing is fed back from a promoted copy
0:00  db-forward reports: lag 3
      > 0:05 ready is hold
      >   claim_refuted db-forward on target by t1: lag is 3, must be at most 0
0:12  olga says go on cutover
      > 0:12 refused, GATE_SHUT: the gate is held: claim_refuted db-forward on target by t1: lag is 3, must be at most 0. Nothing was recorded
0:13  db-forward reports: lag 0
      > 0:15 ready is hold
      >   claim_undecided db-forward on target by t1: lag is 0, inside for 0 s of 5 s
      > 0:20 sync -> ready
      > 0:20 asked: cutover, for gate cutover
      > 0:20 gate ready opens, epoch 2
      > 0:20 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
0:26  olga says go on cutover
      > 0:26 cutover: go, by olga, complete
      > 0:26 gate cutover opens, epoch 3
      > 0:26 cutover is open: 2 scenarios are proved: gate cutover is open
0:28  pipeline confirms
      > 0:28 ready -> cutover, by pipeline
      > 0:28 watch is hold
      >   switch: nobody has reported yet that traffic is on the target
0:30  pipeline reports target
      > 0:30 traffic is on the target, by pipeline
      > 0:30 cutover -> watch
      > 0:30 committed is unknown
      >   missing checkout on source by s1: s1 has not reported it
      >   missing checkout on target by t1: t1 has not reported it
      >   decision commit: commit is not given by olga or carla (or ben): 0 of 2 voices
      > 0:35 asked: commit, for gate committed
      > 0:35 committed is hold
      >   decision commit: waits for olga or carla (or ben) to decide commit: 0 of 2 voices
0:36  the way back is told
      > 0:36 the way back is lossy, possible: possible for 2 min after the switch; it would lose an unknown amount of what was written since the switch (nothing is known of db-back.lag: db-back does not pass on target/t1)
      >   db-back.lag: nothing known of 30 s
