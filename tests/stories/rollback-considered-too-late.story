# Going back was thought of when it was no longer there. People are warned before it ends and told when it has;
# the watch calls after that, and the words are to fix forward.
agents at least 2
observe 0 s
watch 600 s
window 100 s
scenario login, critical, both: success margin 50 outage 1 slo 50
gate ready: all
gate committed: all
brief

0:00  all pass
      > 0:00 prepare -> sync
      > 0:00 ready is unknown
      >   missing login on source: the first slot has not closed yet
      >   missing login on target: the first slot has not closed yet
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
      > 3:20 told: the way back ends at 3:50
      > 3:25 committed is hold
      >   decision commit: commit is not given by olga or carla (or ben): 0 of 2 voices
      >   watch: the watch after the switch lasts 10 min
      > 3:51 told: the way back is closed: too late: the way back was open for 100 s after the switch
3:55  login drops 1 of 2 on target: payment declined
      > 4:15 committed is hold
      >   claim_refuted login on target: target was down in one of the last 3 slots: 2 of 4 runs in a slot failed
      >   decision commit: commit is not given by olga or carla (or ben): 0 of 2 voices
      >   watch: the watch after the switch lasts 10 min
      > 4:45 told: fix login forward: too late: the way back was open for 100 s after the switch
      > 4:45 committed is hold
      >   claim_refuted login on target: target was down in one of the last 3 slots: 2 of 4 runs in a slot failed
      >   alarm login: 50 % of it fail on target, 0 % on source: fix forward, for there is no way back: too late: the way back was open for 100 s after the switch
      >   decision commit: commit is not given by olga or carla (or ben): 0 of 2 voices
      >   watch: the watch after the switch lasts 10 min
5:10  ben says go on rollback: it is broken
      > 5:10 refused, TOO_LATE: too late: the way back was open for 100 s after the switch
5:20  the questions are told
      > 5:20 none
