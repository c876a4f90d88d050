# Another build answers on the target after the switch: nothing seen is about it. Its proof begins anew, and a no to going back says that it stays.
brief
agents at least 2
observe 0 s
watch 600 s
window 600 s
scenario login, critical, both: success margin 50 outage 1 slo 50
gate ready: all
gate committed: all

0:00  the target runs build one
      > 0:00 prepare -> sync
      > 0:00 ready is unknown
      >   missing login on source: the first slot has not closed yet
      >   missing login on target: the first slot has not closed yet
0:00  all pass
      > 0:25 ready is hold
      >   claim_undecided login on target: 18 % of the way, less than a minute left if nothing fails
      > 1:15 sync -> ready
      > 1:15 asked: cutover, for gate cutover
      > 1:15 gate ready opens, epoch 2
      > 1:15 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
2:00  olga says go on cutover
      > 2:00 cutover: go, by olga, complete
      > 2:00 gate cutover opens, epoch 3
      > 2:00 cutover is open: 1 scenario is proved: gate cutover is open
2:05  pipeline confirms
      > 2:05 ready -> cutover, by pipeline
      > 2:05 watch is hold
      >   switch: nobody has reported yet that traffic is on the target
2:10  pipeline reports target
      > 2:10 traffic is on the target, by pipeline
      > 2:10 cutover -> watch
      > 2:10 committed is unknown
      >   missing login on target: the first slot has not closed yet
      >   decision commit: commit is not given by olga or carla (or ben): 0 of 2 voices
      >   watch: the watch after the switch lasts 10 min
      > 2:35 committed is hold
      >   claim_undecided login on target: 18 % of the way, less than a minute left if nothing fails
      >   decision commit: commit is not given by olga or carla (or ben): 0 of 2 voices
      >   watch: the watch after the switch lasts 10 min
      > 3:25 committed is hold
      >   decision commit: commit is not given by olga or carla (or ben): 0 of 2 voices
      >   watch: the watch after the switch lasts 10 min
4:00  the target runs build two
      > 4:05 committed is unknown
      >   missing login on target: the first slot has not closed yet
      >   decision commit: commit is not given by olga or carla (or ben): 0 of 2 voices
      >   watch: the watch after the switch lasts 10 min
      >   watch: target runs another build than the one that traffic was switched to: it is proved anew, or people decide whether to go back
      > 4:25 committed is hold
      >   claim_undecided login on target: 18 % of the way, less than a minute left if nothing fails
      >   decision commit: commit is not given by olga or carla (or ben): 0 of 2 voices
      >   watch: the watch after the switch lasts 10 min
      >   watch: target runs another build than the one that traffic was switched to: it is proved anew, or people decide whether to go back
4:30  olga says no on rollback: the fix is wanted
      > 4:30 rollback: no, by olga
      > 4:30 committed is hold
      >   claim_undecided login on target: 18 % of the way, less than a minute left if nothing fails
      >   decision commit: commit is not given by olga or carla (or ben): 0 of 2 voices
      >   watch: the watch after the switch lasts 10 min
      > 5:15 committed is hold
      >   decision commit: commit is not given by olga or carla (or ben): 0 of 2 voices
      >   watch: the watch after the switch lasts 10 min
6:00  nothing more
