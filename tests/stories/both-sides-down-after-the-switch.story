# After the switch both sides fail: an incident. Going back does not help, and nobody recommends it.
brief
agents at least 2
observe 0 s
watch 600 s
window 600 s
scenario login, critical, both: success margin 50 outage 1 slo 50
gate ready: all
gate committed: all

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
      > 3:25 committed is hold
      >   decision commit: commit is not given by olga or carla (or ben): 0 of 2 voices
      >   watch: the watch after the switch lasts 10 min
4:00  login fails: the shared database is down
      > 4:15 committed is hold
      >   claim_refuted login on target: target was down in one of the last 3 slots, and so was source: 2 of 4 runs in a slot failed
      >   decision commit: commit is not given by olga or carla (or ben): 0 of 2 voices
      >   watch: the watch after the switch lasts 10 min
      > 4:25 committed is hold
      >   claim_refuted login on target: target was down in one of the last 3 slots, and so was source: 4 of 4 runs in a slot failed
      >   decision commit: commit is not given by olga or carla (or ben): 0 of 2 voices
      >   watch: the watch after the switch lasts 10 min
      > 4:35 committed is hold
      >   claim_refuted login on target: target was down in one of the last 3 slots, and so was source: 4 of 4 runs in a slot failed
      >   alarm login: 83 % of it fail on target and 83 % on source: both suffer, so going back does not help
      >   decision commit: commit is not given by olga or carla (or ben): 0 of 2 voices
      >   watch: the watch after the switch lasts 10 min
5:30  login passes
      > 5:45 committed is hold
      >   claim_refuted login on target: on an agent of target more than half of the runs fail: 2 of 4 runs in a slot failed
      >   alarm login: 90 % of it fail on target and 90 % on source: both suffer, so going back does not help
      >   decision commit: commit is not given by olga or carla (or ben): 0 of 2 voices
      >   watch: the watch after the switch lasts 10 min
      > 5:55 committed is hold
      >   claim_refuted login on target: on an agent of target more than half of the runs fail: 2 of 4 runs in a slot failed
      >   alarm login: 90 % of it failed on target and 90 % on source, and it passes again: both suffer, so going back does not help
      >   decision commit: commit is not given by olga or carla (or ben): 0 of 2 voices
      >   watch: the watch after the switch lasts 10 min
      > 6:05 committed is hold
      >   claim_refuted login on target: target was down in one of the last 3 slots, and so was source: 2 of 4 runs in a slot failed
      >   alarm login: 90 % of it failed on target and 90 % on source, and it passes again: both suffer, so going back does not help
      >   decision commit: commit is not given by olga or carla (or ben): 0 of 2 voices
      >   watch: the watch after the switch lasts 10 min
      > 6:15 committed is hold
      >   alarm login: 90 % of it failed on target and 90 % on source, and it passes again: both suffer, so going back does not help
      >   claim_undecided login on target: 0 % of the way and not getting closer: 2 of 4 runs in a slot failed; 1 incident so far
      >   decision commit: commit is not given by olga or carla (or ben): 0 of 2 voices
      >   watch: the watch after the switch lasts 10 min
6:30  olga says no on rollback: the shared database is back
      > 6:30 rollback: no, by olga
      > 6:30 committed is hold
      >   claim_undecided login on target: 0 % of the way and not getting closer: 2 of 4 runs in a slot failed; 1 incident so far
      >   decision commit: commit is not given by olga or carla (or ben): 0 of 2 voices
      >   watch: the watch after the switch lasts 10 min
      > 6:45 committed is hold
      >   claim_undecided login on target: 0 % of the way, about 18 min left if nothing fails; 1 incident so far
      >   decision commit: commit is not given by olga or carla (or ben): 0 of 2 voices
      >   watch: the watch after the switch lasts 10 min
8:00  nothing more
