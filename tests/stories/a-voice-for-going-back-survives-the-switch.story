# Whoever wants to go back wants it of this target: the voice that was given before traffic moved counts after it, too.
scenario login, critical, both: 1 pass in a row
gate ready: login
gate cutover: decision cutover
gate committed: login, decision commit
gate rolled-back: login
decision rollback by: olga ben, 2

0:00  all pass
      > 0:00 prepare -> sync
      > 0:00 ready is unknown
      >   missing login on source by s1: s1 has not reported it
      >   missing login on target by t1: t1 has not reported it
      > 0:05 sync -> ready
      > 0:05 asked: cutover, for gate cutover
      > 0:05 gate ready opens, epoch 2
      > 0:05 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
0:10  olga says go on cutover
      > 0:10 cutover: go, by olga, complete
      > 0:10 gate cutover opens, epoch 3
      > 0:10 cutover is open: 1 scenario is proved: gate cutover is open
0:11  pipeline confirms
      > 0:11 ready -> cutover, by pipeline
      > 0:11 watch is hold
      >   switch: nobody has reported yet that traffic is on the target
0:12  olga says go on rollback: the copy is not whole
      > 0:12 rollback: go, by olga
0:13  pipeline reports target
      > 0:13 traffic is on the target, by pipeline
      > 0:13 cutover -> watch
      > 0:13 committed is unknown
      >   missing login on source by s1: s1 has not reported it
      >   missing login on target by t1: t1 has not reported it
      >   decision commit: commit is not given by olga or carla (or ben): 0 of 2 voices
      > 0:15 asked: commit, for gate committed
      > 0:15 committed is hold
      >   decision commit: waits for olga or carla (or ben) to decide commit: 0 of 2 voices
0:20  ben says go on rollback: it is not
      > 0:20 rollback: go, by ben, complete
      > 0:20 watch -> rolling-back, by ben
      > 0:20 rolled-back is hold
      >   switch: nobody has reported yet that traffic is on the source
0:21  pipeline reports source
      > 0:21 traffic is on the source, by pipeline
      > 0:21 rolled-back is unknown
      >   missing login on source by s1: s1 has not reported it
      > 0:25 rolling-back -> rolled-back
      > 0:25 rolled-back is open: the migration is rolled-back
0:30  nothing more
