# People switched with a plan that had nothing to watch. Another one asks for it: then a whole watch is waited for.
brief
observe 0 s
watch 60 s
window 600 s
scenario rows, critical, target: 1 pass in a row
gate ready: rows
gate committed: rows

0:00  source/s2 joins
      > 0:00 source/s2 is enrolled
      > 0:00 prepare -> sync
      > 0:00 ready is unknown
      >   missing rows on target by t1: t1 has not reported it
0:00  target/t2 joins
      > 0:00 target/t2 is enrolled
      > 0:00 ready is unknown
      >   missing rows on target by t1: t1 has not reported it (and 1 agent like it)
0:00  all pass
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
      >   missing rows on target by t1: t1 has not reported it (and 1 agent like it)
      >   decision commit: commit is not given by olga or carla (or ben): 0 of 2 voices
      > 0:15 asked: commit, for gate committed
      > 0:15 committed is hold
      >   decision commit: waits for olga or carla (or ben) to decide commit: 0 of 2 voices
0:30  the plan changes: scenario login, important, both: success margin 50 outage 1 slo 50
      > 0:30 plan revision 2, by olga
      > 0:30 committed is hold
      >   decision commit: commit is not given by olga or carla (or ben): 0 of 2 voices
      >   watch: the watch after the switch lasts 60 s
0:30  login passes
      > 1:30 asked: commit, for gate committed
      > 1:30 committed is hold
      >   decision commit: waits for olga or carla (or ben) to decide commit: 0 of 2 voices
1:40  nothing more
