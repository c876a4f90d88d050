# The plan goes back by itself, and the target dies with its agents: nobody can say what going back would lose. A
# person weighs that, and may go back.
agents at least 1
observe 0 s
watch 600 s
window 600 s
automatic
scenario login, critical, both: success margin 50 outage 1 slo 50
scenario feed, minor, both: 1 pass in a row
limit feed.lag, from feed, lag at most 30, unit s
gate ready: login
gate committed: all
gate rolled-back: login
brief

0:00  somebody stands by
      > 0:00 prepare -> sync
      > 0:00 ready is unknown
      >   missing login on source: the first slot has not closed yet
      >   missing login on target: the first slot has not closed yet
0:00  all pass
0:01  feed reports: lag 2
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
      >   missing feed on source by s1: s1 has not reported it (and 1 agent like it)
      >   missing feed on target by t1: t1 has not reported it (and 1 agent like it)
      >   missing login on target: the first slot has not closed yet
      >   decision commit: commit is not given by olga or carla (or ben): 0 of 2 voices
      >   watch: the watch after the switch lasts 10 min
      > 2:15 committed is unknown
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
3:30  the way back is told
      > 3:30 the way back is lossless, possible: possible for 10 min after the switch
      >   feed.lag: 2 of 30 s
4:00  login fails on target: connection refused
4:00  feed fails on target: connection refused
      > 4:05 committed is hold
      >   claim_refuted feed on target by t1: the last run failed: connection refused (and 1 agent like it)
      >   decision commit: commit is not given by olga or carla (or ben): 0 of 2 voices
      >   watch: the watch after the switch lasts 10 min
      > 4:15 committed is hold
      >   claim_refuted feed on target by t1: the last run failed: connection refused (and 1 agent like it)
      >   claim_refuted login on target: target was down in one of the last 3 slots: 2 of 4 runs in a slot failed
      >   decision commit: commit is not given by olga or carla (or ben): 0 of 2 voices
      >   watch: the watch after the switch lasts 10 min
      > 4:25 committed is hold
      >   claim_refuted feed on target by t1: the last run failed: connection refused (and 1 agent like it)
      >   claim_refuted login on target: target was down in one of the last 3 slots: 4 of 4 runs in a slot failed
      >   decision commit: commit is not given by olga or carla (or ben): 0 of 2 voices
      >   watch: the watch after the switch lasts 10 min
      > 4:35 told: going back is recommended, for login
      > 4:35 asked: rollback
      > 4:35 committed is hold
      >   claim_refuted feed on target by t1: the last run failed: connection refused (and 1 agent like it)
      >   claim_refuted login on target: target was down in one of the last 3 slots: 4 of 4 runs in a slot failed
      >   alarm login: 83 % of it fail on target, 0 % on source: going back is recommended
      >   decision commit: commit is not given by olga or carla (or ben): 0 of 2 voices
      >   watch: the watch after the switch lasts 10 min
5:20  the way back is told
      > 5:20 the way back is lossy, possible, recommended: possible for 10 min after the switch; it would lose an unknown amount of what was written since the switch (nothing is known of feed.lag: feed does not pass on target/t1)
      >   feed.lag: nothing known of 30 s
5:30  olga says go on rollback
      > 5:30 rollback: go, by olga, complete
      > 5:30 watch -> rolling-back, by olga
      > 5:30 rolled-back is hold
      >   switch: nobody has reported yet that traffic is on the source
