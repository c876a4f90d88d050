# Going back is complete when it is proved: no row has come back to life, and the flag is off on every instance.
agents at least 2
scenario login, critical, both: 1 pass in a row
scenario flags, critical, source: 1 pass in a row
scenario rows, critical, both: parity lag 5 matches 2
gate ready: login
gate cutover: decision cutover
gate committed: login, decision commit
gate rolled-back: login, flags, rows
window 600

0:00  source/s2 joins
      > 0:00 source/s2 is enrolled
      > 0:00 prepare -> sync
      > 0:00 ready is unknown
      >   missing login on source by s1: s1 has not reported it (and 1 agent like it)
      >   missing login on target by t1: t1 has not reported it
      >   agents on source: 1 of at least 2 agents on source online
      >   agents on target: 1 of at least 2 agents on target online
0:00  target/t2 joins
      > 0:00 target/t2 is enrolled
      > 0:00 ready is unknown
      >   missing login on source by s1: s1 has not reported it (and 1 agent like it)
      >   missing login on target by t1: t1 has not reported it (and 1 agent like it)
      >   agents on source: 1 of at least 2 agents on source online
      >   agents on target: 1 of at least 2 agents on target online
0:01  all pass
0:01  rows shows: orders=a1 of 10
      > 0:03 ready is unknown
      >   missing login on source by s1: s1 has not reported it (and 1 agent like it)
      >   missing login on target by t1: t1 has not reported it (and 1 agent like it)
      > 0:05 sync -> ready
      > 0:05 asked: cutover, for gate cutover
      > 0:05 gate ready opens, epoch 2
      > 0:05 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
0:20  olga says go on cutover
      > 0:20 cutover: go, by olga, complete
      > 0:20 gate cutover opens, epoch 3
      > 0:20 cutover is open: 1 scenario is proved: gate cutover is open
0:22  pipeline confirms
      > 0:22 ready -> cutover, by pipeline
      > 0:22 watch is hold
      >   switch: nobody has reported yet that traffic is on the target
0:24  pipeline reports target
      > 0:24 traffic is on the target, by pipeline
      > 0:24 cutover -> watch
      > 0:24 committed is unknown
      >   missing login on source by s1: s1 has not reported it (and 1 agent like it)
      >   missing login on target by t1: t1 has not reported it (and 1 agent like it)
      >   decision commit: commit is not given by olga or carla (or ben): 0 of 2 voices
      > 0:25 asked: commit, for gate committed
      > 0:25 committed is hold
      >   decision commit: waits for olga or carla (or ben) to decide commit: 0 of 2 voices
0:30  rows shows on target: orders=b2 of 11
0:40  ben says go on rollback: orders are missing
      > 0:40 rollback: go, by ben, complete
      > 0:40 watch -> rolling-back, by ben
      > 0:40 rolled-back is hold
      >   switch: nobody has reported yet that traffic is on the source
0:41  flags fails on source/s2: new-checkout is still on
0:42  rows shows on target: orders=a1 of 10
0:42  rows shows on source: orders=c3 of 11
      > 0:45 rolled-back is hold
      >   claim_refuted flags on source by s2: the last run failed: new-checkout is still on
      >   switch: nobody has reported yet that traffic is on the source
0:45  pipeline reports source
      > 0:45 traffic is on the source, by pipeline
      > 0:45 rolled-back is unknown
      >   missing flags on source by s1: s1 has not reported it (and 1 agent like it)
      >   missing login on source by s1: s1 has not reported it (and 1 agent like it)
      >   missing rows on source: no digest was reported yet; 0 of at least 2 agents on source told of rows
      > 0:50 rolled-back is hold
      >   claim_refuted flags on source by s2: the last run failed: new-checkout is still on
      >   missing rows on source: not compared yet: orders
      > 0:55 rolled-back is hold
      >   claim_refuted flags on source by s2: the last run failed: new-checkout is still on
      >   claim_refuted rows on source: the rows differ: orders
1:20  flags passes on source/s2
      > 1:25 rolled-back is hold
      >   claim_refuted rows on source: the rows differ: orders
1:50  flags fails on source/s2: new-checkout is still on
      > 1:55 rolled-back is hold
      >   claim_refuted rows on source: the rows differ: orders
      >   claim_refuted flags on source by s2: the last run failed: new-checkout is still on
2:00  rows shows on source: orders=a1 of 10
      > 2:10 rolled-back is hold
      >   claim_refuted flags on source by s2: the last run failed: new-checkout is still on
2:30  flags passes on source/s2
      > 2:35 rolling-back -> rolled-back
      > 2:35 rolled-back is open: the migration is rolled-back
2:50  nothing more
