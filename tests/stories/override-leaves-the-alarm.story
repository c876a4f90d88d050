# A named scenario is overridden at the gate that calls the move complete. The alarm about it is not.
agents at least 2
observe 0 s
watch 600 s
window 600 s
scenario login, critical, both: success margin 50 outage 1 slo 50
gate ready: all
gate committed: all
override by olga, 1
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
      > 3:25 committed is hold
      >   decision commit: commit is not given by olga or carla (or ben): 0 of 2 voices
      >   watch: the watch after the switch lasts 10 min
4:00  login drops 1 of 2 on target: payment declined
      > 4:25 committed is hold
      >   claim_refuted login on target: target was down in one of the last 3 slots: 2 of 4 runs in a slot failed
      >   decision commit: commit is not given by olga or carla (or ben): 0 of 2 voices
      >   watch: the watch after the switch lasts 10 min
      > 4:55 told: going back is recommended, for login
      > 4:55 asked: rollback
      > 4:55 committed is hold
      >   claim_refuted login on target: target was down in one of the last 3 slots: 2 of 4 runs in a slot failed
      >   alarm login: 50 % of it fail on target, 0 % on source: going back is recommended
      >   decision commit: commit is not given by olga or carla (or ben): 0 of 2 voices
      >   watch: the watch after the switch lasts 10 min
5:00  olga overrides login alarm at committed: it is always so
      > 5:00 refused, INCOMPLETE: alarm is never overridden; what may be overridden: login, watch
5:01  olga overrides login watch at committed: it is always so
      > 5:01 gate committed is overridden for login watch, by olga, complete
      > 5:01 committed is hold
      >   alarm login: 50 % of it fail on target, 0 % on source: going back is recommended
      >   decision commit: commit is not given by olga or carla (or ben): 0 of 2 voices
5:10  olga says go on commit
      > 5:10 refused, GATE_SHUT: the gate is held: alarm login: 50 % of it fail on target, 0 % on source: going back is recommended. Nothing was recorded
5:20  the overrides are told
      > 5:20 gate committed: login watch overridden by olga until 35:01: it is always so (login refuted on target, watch)
