# On the way back nothing is undone when somebody writes behind the fence. What they wrote stays behind: the end of the
# way back is held until people have looked.
brief
scenario login, critical, both: 1 pass in a row
scenario writers, important, both: silent for 20
gate ready: login
gate cutover: decision cutover
gate committed: login, decision commit
gate rolled-back: login
step fence, fence, ben: run, undo, planned 5 s, deadline 40 s
step no-return, point-of-no-return, olga
step open, open, ben: run, planned 2 s
step traffic, route, ben: run, undo, weights 100, after login, bake 5 s
back fence-target, fence, ben: run, deadline 40 s
back catch-up, catch-up, ben: after login, planned 5 s, deadline 90 s
back traffic-back, route, ben: run, weights 0, after login
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
      >   run: run 1 is not at its end: fence is next
0:09  ben walks
      > 0:09 part 0 begins
      > 0:09 part 0: done, durable, by ben
      > 0:09 watch is hold
      >   run: run 1 is not at its end: fence is under way
      > 0:15 part 0 is proved
      > 0:15 point of no return, part 1, by ben
      > 0:15 part 2 begins
      > 0:15 part 2: done, durable, by ben
      > 0:15 part 2 is proved
      > 0:15 part 3 begins
      > 0:15 part 3: done, durable, by ben
      > 0:15 watch is hold
      >   run: run 1 is not at its end: traffic at 100 % is under way
      > 0:30 part 3 is proved
      > 0:30 traffic is on the target, by ben
      > 0:30 run 1 is completed, writes were shut for 6 s
      > 0:30 cutover -> watch
      > 0:30 committed is unknown
      >   missing login on source by s1: s1 has not reported it
      >   missing login on target by t1: t1 has not reported it
      >   decision commit: commit is not given by olga or carla (or ben): 0 of 2 voices
      > 0:35 asked: commit, for gate committed
      > 0:35 committed is hold
      >   decision commit: waits for olga or carla (or ben) to decide commit: 0 of 2 voices
1:50  olga says go on rollback: orders are missing
      > 1:50 rollback: go, by olga, complete
      > 1:50 watch -> rolling-back, by olga
      > 1:50 rolled-back is hold
      >   run: the runbook of the rollback is not walked yet
1:51  ben stops
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
      >   run: run 2 is not at its end: catch-up is next
2:02  login fails on source: not there yet
      > 2:05 rolled-back is hold
      >   claim_refuted login on source by s1: the last run failed: not there yet
      >   run: run 2 is not at its end: catch-up is next
2:10  ben carries part 1
      > 2:10 part 1 begins
      > 2:10 part 1: done, by ben
      > 2:10 rolled-back is hold
      >   claim_refuted login on source by s1: the last run failed: not there yet
      >   run: run 2 is not at its end: catch-up is under way
2:12  writers reports on target: writes 7
      > 2:15 rolled-back is hold
      >   claim_refuted login on source by s1: the last run failed: not there yet
      >   run: run 2 is not at its end: catch-up is under way
      >   leftovers: fence moved: writes: 0 -> 7 within 5 s, 84 a minute, seen by writers of t1; what was written then may be left behind: whoever has looked may override leftovers once the plan has a decision override
2:18  writers reports on target: writes 0
2:25  login passes on source
      > 2:30 rolled-back is hold
      >   run: run 2 is not at its end: catch-up is under way
      >   leftovers: fence moved: writes: 0 -> 7 within 5 s, 84 a minute, seen by writers of t1; what was written then may be left behind: whoever has looked may override leftovers once the plan has a decision override
2:30  ben walks
      > 2:40 part 1 is proved
      > 2:40 part 2 begins
      > 2:40 part 2: done, durable, by ben
      > 2:40 rolled-back is hold
      >   run: run 2 is not at its end: traffic-back at 0 % is under way
      >   leftovers: fence moved: writes: 0 -> 7 within 5 s, 84 a minute, seen by writers of t1; what was written then may be left behind: whoever has looked may override leftovers once the plan has a decision override
      > 2:55 part 2 is proved
      > 2:55 traffic is on the source, by ben
      > 2:55 part 3 begins
      > 2:55 part 3: done, durable, by ben
      > 2:55 part 3 is proved
      > 2:55 run 2 is completed, writes were shut for 62 s
      > 2:55 rolled-back is unknown
      >   missing login on source by s1: s1 has not reported it
      >   leftovers: fence moved: writes: 0 -> 7 within 5 s, 84 a minute, seen by writers of t1; what was written then may be left behind: whoever has looked may override leftovers once the plan has a decision override
      > 3:00 rolled-back is hold
      >   leftovers: fence moved: writes: 0 -> 7 within 5 s, 84 a minute, seen by writers of t1; what was written then may be left behind: whoever has looked may override leftovers once the plan has a decision override
3:20  the run is told
      > 3:20 completed, nobody, next: over
      >   0 fence-target: done, durable
      >   1 catch-up: done
      >   2 traffic-back 0 %: done, durable
      >   3 open-source: done, durable
3:21  the commands are told
      > 3:21 1 to look at
      >   leftovers: tidelock plan apply FILE
3:22  the plan changes: override by olga, 1
      > 3:22 plan revision 2, by olga
      > 3:22 rolled-back is hold
      >   leftovers: fence moved: writes: 0 -> 7 within 5 s, 84 a minute, seen by writers of t1; what was written then may be left behind: whoever has looked may override leftovers by name
3:23  the commands are told
      > 3:23 1 to look at
      >   leftovers: tidelock decide override --go --override leftovers --reason TEXT
3:30  olga overrides leftovers at rolled-back: the seven orders were typed in by hand
      > 3:30 gate rolled-back is overridden for leftovers, by olga, complete
      > 3:30 rolling-back -> rolled-back
      > 3:30 rolled-back is open: the migration is rolled-back over 1 overridden hold (leftovers)
3:31  nothing more
