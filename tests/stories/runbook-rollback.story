# The way back has a runbook of its own, and is complete when that is walked and the source is proved.
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
1:50  olga says go on rollback: orders are missing
      > 1:50 rollback: go, by olga, complete
      > 1:50 watch -> rolling-back, by olga
      > 1:50 rolled-back is hold
      >   run: the runbook of the rollback is not walked yet
1:51  ben reports source
      > 1:51 refused, WRONG_PHASE: the plan has a runbook for the rollback: its routes say where traffic is; walk it with tidelock rollback run
1:52  ben stops
1:52  ben begins rollback
      > 1:52 run 2 of rollback begins, lease 2, by ben
      > 1:52 rolled-back is hold
      >   run: run 2 is not at its end: fence-target is next
1:53  ben carries part 0
      > 1:53 part 0 begins
      > 1:53 part 0: done, durable, by ben
      > 1:53 rolled-back is hold
      >   run: run 2 is not at its end: fence-target is under way
      > 2:00 part 0 is proved
      > 2:00 rolled-back is hold
      >   run: run 2 is not at its end: traffic-back at 50 % is next
2:10  ben begins part 1
      > 2:10 part 1 begins
      > 2:10 rolled-back is hold
      >   run: run 2 is not at its end: traffic-back at 50 % is under way
2:11  ben ends part 1: failed
      > 2:11 part 1: failed, by ben
      > 2:11 rolled-back is hold
      >   run: run 2: traffic-back at 50 % failed, past the point of no return; a person must say what happened
2:12  the commands are told
      > 2:12 1 to look at
      >   run: tidelock rollback settle traffic-back@50% --done|--not-done --reason TEXT
2:12  carla turns: stay
      > 2:12 refused, TOO_LATE: run 2 is past its point of no return: it goes on, or people decide rollback
2:13  carla settles part 1 done: it answered late
      > 2:13 part 1 was done, by carla
      > 2:13 rolled-back is hold
      >   run: run 2 is not at its end: traffic-back at 50 % is under way
2:14  ben walks
      > 2:25 part 1 is proved
      > 2:25 part 2 begins
      > 2:25 part 2: done, durable, by ben
      > 2:25 rolled-back is hold
      >   run: run 2 is not at its end: traffic-back at 0 % is under way
      > 2:40 part 2 is proved
      > 2:40 traffic is on the source, by ben
      > 2:40 part 3 begins
      > 2:40 part 3: done, durable, by ben
      > 2:40 part 3 is proved
      > 2:40 run 2 is completed, writes were shut for 47 s
      > 2:40 rolled-back is unknown
      >   missing login on source by s1: s1 has not reported it
      > 2:45 rolling-back -> rolled-back
      > 2:45 rolled-back is open: the migration is rolled-back
3:20  the run is told
      > 3:20 completed, nobody, next: over
      >   0 fence-target: done, durable
      >   1 traffic-back 50 %: done
      >   2 traffic-back 0 %: done, durable
      >   3 open-source: done, durable
