# After the switch the target fails and its rows differ: going back would help and may lose data, so it is not recommended; a person must decide.
brief
agents at least 2
observe 0 s
watch 600 s
window 600 s
scenario login, critical, both: success margin 50 outage 1 slo 50
scenario rows, critical, both: parity lag 10 matches 2
gate ready: all
gate committed: all

0:00  login passes
      > 0:00 prepare -> sync
      > 0:00 ready is unknown
      >   missing login on source: the first slot has not closed yet
      >   missing login on target: the first slot has not closed yet
      >   missing rows on source: 0 of at least 2 agents on source told of rows
      >   missing rows on target: no digest was reported yet; 0 of at least 2 agents on target told of rows
0:00  rows shows: orders=a of 10
      > 0:05 ready is unknown
      >   claim_undecided rows on target: the same, not often enough yet: orders
      >   missing login on source: the first slot has not closed yet
      >   missing login on target: the first slot has not closed yet
      > 0:10 ready is unknown
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
      > 2:00 cutover is open: 2 scenarios are proved: gate cutover is open
2:05  pipeline confirms
      > 2:05 ready -> cutover, by pipeline
      > 2:05 watch is hold
      >   switch: nobody has reported yet that traffic is on the target
2:10  pipeline reports target
      > 2:10 traffic is on the target, by pipeline
      > 2:10 cutover -> watch
      > 2:10 committed is unknown
      >   missing login on target: the first slot has not closed yet
      >   missing rows on source: 0 of at least 2 agents on source told of rows
      >   missing rows on target: no digest was reported yet; 0 of at least 2 agents on target told of rows
      >   decision commit: commit is not given by olga or carla (or ben): 0 of 2 voices
      >   watch: the watch after the switch lasts 10 min
      > 2:15 committed is unknown
      >   claim_undecided rows on target: the same, not often enough yet: orders
      >   missing login on target: the first slot has not closed yet
      >   decision commit: commit is not given by olga or carla (or ben): 0 of 2 voices
      >   watch: the watch after the switch lasts 10 min
      > 2:20 committed is unknown
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
4:00  rows shows on target: orders=t of 11
      > 4:15 committed is hold
      >   claim_refuted rows on target: the rows differ: orders; going back may lose data: a person must decide
      >   decision commit: commit is not given by olga or carla (or ben): 0 of 2 voices
      >   watch: the watch after the switch lasts 10 min
4:30  login fails on target: no answer
      > 4:45 committed is hold
      >   claim_refuted rows on target: the rows differ: orders; going back may lose data: a person must decide
      >   claim_refuted login on target: target was down in one of the last 3 slots: 2 of 4 runs in a slot failed
      >   decision commit: commit is not given by olga or carla (or ben): 0 of 2 voices
      >   watch: the watch after the switch lasts 10 min
      > 4:55 committed is hold
      >   claim_refuted rows on target: the rows differ: orders; going back may lose data: a person must decide
      >   claim_refuted login on target: target was down in one of the last 3 slots: 4 of 4 runs in a slot failed
      >   decision commit: commit is not given by olga or carla (or ben): 0 of 2 voices
      >   watch: the watch after the switch lasts 10 min
      > 5:05 asked: rollback
      > 5:05 committed is hold
      >   claim_refuted rows on target: the rows differ: orders; going back may lose data: a person must decide
      >   claim_refuted login on target: target was down in one of the last 3 slots: 4 of 4 runs in a slot failed
      >   alarm login: 83 % of it fail on target, 0 % on source: going back would help and may lose data: a person must decide
      >   decision commit: commit is not given by olga or carla (or ben): 0 of 2 voices
      >   watch: the watch after the switch lasts 10 min
5:20  login passes
      > 5:35 committed is hold
      >   claim_refuted rows on target: the rows differ: orders; going back may lose data: a person must decide
      >   claim_refuted login on target: target was down in one of the last 3 slots: 2 of 4 runs in a slot failed
      >   alarm login: 83 % of it fail on target, 0 % on source: going back would help and may lose data: a person must decide
      >   decision commit: commit is not given by olga or carla (or ben): 0 of 2 voices
      >   watch: the watch after the switch lasts 10 min
      > 5:45 committed is hold
      >   claim_refuted rows on target: the rows differ: orders; going back may lose data: a person must decide
      >   claim_refuted login on target: target was down in one of the last 3 slots: 2 of 4 runs in a slot failed
      >   alarm login: 83 % of it failed on target, 0 % on source, and it passes again: going back would help and may lose data: a person must decide
      >   decision commit: commit is not given by olga or carla (or ben): 0 of 2 voices
      >   watch: the watch after the switch lasts 10 min
      > 6:05 committed is hold
      >   claim_refuted rows on target: the rows differ: orders; going back may lose data: a person must decide
      >   alarm login: 83 % of it failed on target, 0 % on source, and it passes again: going back would help and may lose data: a person must decide
      >   claim_undecided login on target: 56 % of the way and rising again, too early to say how long; 1 incident so far
      >   decision commit: commit is not given by olga or carla (or ben): 0 of 2 voices
      >   watch: the watch after the switch lasts 10 min
6:30  nothing more
