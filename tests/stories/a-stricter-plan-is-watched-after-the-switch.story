# After the switch a plan comes into force that asks for a longer watch, and then for one check more, which fails on the
# target: both are watched from then on. A shorter watch is not taken: people switched on the promise of a longer one.
brief
agents at least 2
observe 0 s
watch 40 s
window 3000 s
scenario login, critical, both: success margin 50 outage 1 slo 50
gate ready: login
gate committed: login

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
      >   watch: the watch after the switch lasts 40 s
2:15  the plan changes: watch 3000 s
      > 2:15 plan revision 2, by olga
      > 2:15 committed is unknown
      >   missing login on target: the first slot has not closed yet
      >   decision commit: commit is not given by olga or carla (or ben): 0 of 2 voices
      >   watch: the watch after the switch lasts 50 min
2:16  the plan changes: scenario pay, critical, both: success margin 50 outage 1 slo 50
      > 2:16 plan revision 3, by olga
2:16  pay passes
2:17  pay fails on target: payment declined
      > 2:35 committed is hold
      >   claim_undecided login on target: 18 % of the way, less than a minute left if nothing fails
      >   decision commit: commit is not given by olga or carla (or ben): 0 of 2 voices
      >   watch: the watch after the switch lasts 50 min
      > 3:05 told: going back is recommended, for pay
      > 3:05 asked: rollback
      > 3:05 committed is hold
      >   alarm pay: 100 % of it fail on target, 0 % on source: going back is recommended
      >   claim_undecided login on target: 77 % of the way, less than a minute left if nothing fails
      >   decision commit: commit is not given by olga or carla (or ben): 0 of 2 voices
      >   watch: the watch after the switch lasts 50 min
      > 3:25 committed is hold
      >   alarm pay: 100 % of it fail on target, 0 % on source: going back is recommended
      >   decision commit: commit is not given by olga or carla (or ben): 0 of 2 voices
      >   watch: the watch after the switch lasts 50 min
5:00  the plan changes: watch 40 s
      > 5:00 plan revision 4, by olga
5:10  nothing more
