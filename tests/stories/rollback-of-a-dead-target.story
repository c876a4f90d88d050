# The target dies with its agents. Nobody can prove a fence there: whoever decides the way back lets it pass, by name.
scenario login, critical, both: 1 pass in a row
scenario writers, important, both: silent for 20
gate ready: login
gate cutover: decision cutover
gate committed: login, decision commit
gate rolled-back: login
step reverse-ready, reverse, ben: run, undo
step fence, fence, ben: run, undo, planned 5 s, deadline 40 s
step catch-up, catch-up, ben: after login, planned 5 s, deadline 40 s
step no-return, point-of-no-return, olga
step open, open, ben: run, planned 2 s
step traffic, route, ben: run, undo, weights 10 100, after login, bake 5 s
step confirm, confirm, olga
back fence-target, fence, ben: run, deadline 40 s
back traffic-back, route, ben: run, weights 50 0, after login
back open-source, open, ben: run

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
0:08  ben begins cutover
      > 0:08 run 1 of cutover begins, lease 1, by ben
      > 0:08 watch is hold
      >   run: run 1 is not at its end: reverse-ready is next
0:09  ben walks
      > 0:09 part 0 begins
      > 0:09 part 0: done, durable, by ben
      > 0:09 part 0 is proved
      > 0:09 part 1 begins
      > 0:09 part 1: done, durable, by ben
      > 0:09 watch is hold
      >   run: run 1 is not at its end: fence is under way
      > 0:15 part 1 is proved
      > 0:15 part 2 begins
      > 0:15 part 2: done, by ben
      > 0:15 watch is hold
      >   run: run 1 is not at its end: catch-up is under way
      > 0:30 part 2 is proved
      > 0:30 point of no return, part 3, by ben
      > 0:30 part 4 begins
      > 0:30 part 4: done, durable, by ben
      > 0:30 part 4 is proved
      > 0:30 part 5 begins
      > 0:30 part 5: done, durable, by ben
      > 0:30 watch is hold
      >   run: run 1 is not at its end: traffic at 10 % is under way
      > 0:45 part 5 is proved
      > 0:45 part 6 begins
      > 0:45 part 6: done, durable, by ben
      > 0:45 watch is hold
      >   run: run 1 is not at its end: traffic at 100 % is under way
      > 1:00 part 6 is proved
      > 1:00 traffic is on the target, by ben
      > 1:00 part 7 begins
      > 1:00 watch is hold
      >   run: run 1 is not at its end: confirm waits for its owner's word
1:40  olga confirms part 7: customers order
      > 1:40 part 7: done, by olga
      > 1:40 part 7 is proved
      > 1:40 run 1 is completed, writes were shut for 21 s
      > 1:40 cutover -> watch
      > 1:40 asked: commit, for gate committed
      > 1:40 committed is hold
      >   decision commit: waits for olga or carla (or ben) to decide commit: 0 of 2 voices
1:45  ben begins rollback
      > 1:45 refused, NOT_DECIDED: the migration is in watch; the way back is run once it is decided
1:50  target/t1 falls silent
      > 2:01 told: target/t1 is lost
      > 2:01 committed is unknown
      >   agents on target: 0 of at least 1 agent on target online
      >   decision commit: commit is not given by olga or carla (or ben): 0 of 2 voices
      > 2:04 committed is unknown
      >   agents on target: 0 of at least 1 agent on target online
      >   stale login on target by t1: t1 has not reported it for more than 13 s
      >   decision commit: commit is not given by olga or carla (or ben): 0 of 2 voices
2:10  ben says go on rollback: the target is down
      > 2:10 rollback: go, by ben, complete
      > 2:10 watch -> rolling-back, by ben
      > 2:10 rolled-back is hold
      >   run: the runbook of the rollback is not walked yet
2:10  ben stops
2:11  ben begins rollback
      > 2:11 run 2 of rollback begins, lease 2, by ben
      > 2:11 rolled-back is hold
      >   run: run 2 is not at its end: fence-target is next
2:12  ben begins part 0
      > 2:12 part 0 begins
      > 2:12 rolled-back is hold
      >   run: run 2 is not at its end: fence-target is under way
2:13  ben ends part 0: failed
      > 2:13 part 0: failed, by ben
      > 2:13 rolled-back is hold
      >   run: run 2: fence-target failed, past the point of no return; a person must say what happened
2:14  olga settles part 0 done: its machines are off
      > 2:14 part 0 was done, by olga
      > 2:14 rolled-back is hold
      >   run: run 2 is not at its end: fence-target is under way
2:16  carla settles part 0 done: they are off
      > 2:16 part 0 was done, by carla
      > 2:16 rolled-back is hold
      >   run: run 2 is not at its end: traffic-back at 50 % is next
2:17  ben settles part 0 done: no machine of it runs any more
      > 2:17 refused, NOT_NEXT: not now: traffic-back at 50 % is next
2:18  ben walks
      > 2:18 part 1 begins
      > 2:18 part 1: done, durable, by ben
      > 2:18 rolled-back is hold
      >   run: run 2 is not at its end: traffic-back at 50 % is under way
      > 2:30 part 1 is proved
      > 2:30 part 2 begins
      > 2:30 part 2: done, durable, by ben
      > 2:30 rolled-back is hold
      >   run: run 2 is not at its end: traffic-back at 0 % is under way
      > 2:45 part 2 is proved
      > 2:45 traffic is on the source, by ben
      > 2:45 part 3 begins
      > 2:45 part 3: done, durable, by ben
      > 2:45 part 3 is proved
      > 2:45 run 2 is completed, writes were shut for 33 s
      > 2:45 rolled-back is unknown
      >   missing login on source by s1: s1 has not reported it
      > 2:50 rolling-back -> rolled-back
      > 2:50 rolled-back is open: the migration is rolled-back
3:00  the run is told
      > 3:00 completed, nobody, next: over
      >   0 fence-target: done
      >   1 traffic-back 50 %: done, durable
      >   2 traffic-back 0 %: done, durable
      >   3 open-source: done, durable
