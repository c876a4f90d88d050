# Where traffic is comes from the steps that were journaled, not from what somebody says or one object shows.
scenario login, critical, both: 1 pass in a row
scenario writers, important, both: silent for 20
gate ready: login
gate cutover: decision cutover
gate committed: login, decision commit
step fence, fence, ben: run, undo, planned 5 s, deadline 40 s
step no-return, point-of-no-return, olga
step open, open, ben: run, planned 2 s
step traffic, route, ben: run, undo, weights 100, after login, bake 5 s
brief

0:00  all pass
      > 0:00 prepare -> sync
      > 0:00 ready is unknown
      >   missing login on source by s1: s1 has not reported it
      >   missing login on target by t1: t1 has not reported it
0:00  writers reports: writes 0
      > 0:05 sync -> ready
      > 0:05 asked: cutover, for gate cutover
      > 0:05 gate ready opens, epoch 2
      > 0:05 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
0:06  olga says go on cutover
      > 0:06 cutover: go, by olga, complete
      > 0:06 gate cutover opens, epoch 3
      > 0:06 cutover is open: 1 scenario is proved: gate cutover is open
0:07  ben confirms
      > 0:07 ready -> cutover, by ben
      > 0:07 watch is hold
      >   run: the runbook of the cutover is not walked yet
0:08  pipeline reports target
      > 0:08 refused, WRONG_PHASE: the plan has a runbook for the cutover: its routes say where traffic is; walk it with tidelock cutover run
0:09  ben begins cutover
      > 0:09 run 1 of cutover begins, lease 1, by ben
      > 0:09 watch is hold
      >   run: run 1 is not at its end: fence is next
0:10  ben walks
      > 0:10 part 0 begins
      > 0:10 part 0: done, durable, by ben
      > 0:10 watch is hold
      >   run: run 1 is not at its end: fence is under way
      > 0:20 part 0 is proved
      > 0:20 point of no return, part 1, by ben
      > 0:20 part 2 begins
      > 0:20 part 2: done, durable, by ben
      > 0:20 part 2 is proved
      > 0:20 part 3 begins
      > 0:20 part 3: done, durable, by ben
      > 0:20 watch is hold
      >   run: run 1 is not at its end: traffic at 100 % is under way
      > 0:35 part 3 is proved
      > 0:35 traffic is on the target, by ben
      > 0:35 run 1 is completed, writes were shut for 10 s
      > 0:35 cutover -> watch
      > 0:35 committed is unknown
      >   missing login on source by s1: s1 has not reported it
      >   missing login on target by t1: t1 has not reported it
      >   decision commit: commit is not given by olga or carla (or ben): 0 of 2 voices
      > 0:40 asked: commit, for gate committed
      > 0:40 committed is hold
      >   decision commit: waits for olga or carla (or ben) to decide commit: 0 of 2 voices
1:00  pipeline reports target
      > 1:00 refused, WRONG_PHASE: the migration is in watch; a switch to the target is reported in cutover
1:20  the run is told
      > 1:20 completed, nobody, next: over
      >   0 fence: done, durable
      >   1 no-return: done
      >   2 open: done, durable
      >   3 traffic 100 %: done, durable
