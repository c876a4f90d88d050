# Slow first minutes are expected; a total outage in them is told at once all the same.
brief
agents at least 2
observe 0 s
watch 600 s
window 900 s
scenario login, critical, both: success margin 50 outage 1 slo 50
first minutes 600 s: login within 300 %
gate ready: all
gate cutover: decision cutover
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
2:40  login takes 100 ms on target
3:20  the first minutes are told
      > 3:20 inside expected turbulence until 730 s
      >   login of 28 runs: 2.50
3:21  login fails on target: connection refused
      > 3:25 committed is hold
      >   decision commit: commit is not given by olga or carla (or ben): 0 of 2 voices
      >   watch: the watch after the switch lasts 10 min
      > 3:30 committed is hold
      >   turbulence login on target: none of its last 3 runs passed: this is no turbulence
      >   decision commit: commit is not given by olga or carla (or ben): 0 of 2 voices
      >   watch: the watch after the switch lasts 10 min
      > 3:35 committed is hold
      >   turbulence login on target: none of its last 3 runs passed: this is no turbulence
      >   claim_refuted login on target: target was down in one of the last 3 slots: 2 of 4 runs in a slot failed
      >   decision commit: commit is not given by olga or carla (or ben): 0 of 2 voices
      >   watch: the watch after the switch lasts 10 min
      > 3:45 committed is hold
      >   turbulence login on target: none of its last 3 runs passed: this is no turbulence
      >   claim_refuted login on target: target was down in one of the last 3 slots: 4 of 4 runs in a slot failed
      >   decision commit: commit is not given by olga or carla (or ben): 0 of 2 voices
      >   watch: the watch after the switch lasts 10 min
3:45  the first minutes are told
      > 3:45 no turbulence: login is broken since 210 s
      >   login of 38 runs: nothing known
      > 3:55 told: going back is recommended, for login
      > 3:55 asked: rollback
      > 3:55 committed is hold
      >   turbulence login on target: none of its last 3 runs passed: this is no turbulence
      >   claim_refuted login on target: target was down in one of the last 3 slots: 4 of 4 runs in a slot failed
      >   alarm login: 83 % of it fail on target, 0 % on source: going back is recommended
      >   decision commit: commit is not given by olga or carla (or ben): 0 of 2 voices
      >   watch: the watch after the switch lasts 10 min
4:30  the first minutes are told
      > 4:30 no turbulence: login is broken since 210 s
      >   login of 56 runs: nothing known
4:30  login passes
