# PF3: the way back itself fails. That stays on the screen until a person has said what happened.
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
0:09  ben carries part 0
      > 0:09 part 0 begins
      > 0:09 part 0: done, durable, by ben
      > 0:09 part 0 is proved
      > 0:09 watch is hold
      >   run: run 1 is not at its end: fence is next
0:10  ben carries part 1
      > 0:10 part 1 begins
      > 0:10 part 1: done, durable, by ben
      > 0:10 watch is hold
      >   run: run 1 is not at its end: fence is under way
0:11  carla turns: the source is needed
      > 0:11 run 1 goes back: carla asked for it: the source is needed, by carla
      > 0:11 watch is hold
      >   run: run 1 goes back: carla asked for it: the source is needed; fence is taken back next
0:12  ben begins undo 1
      > 0:12 part 1 undo begins
      > 0:12 watch is hold
      >   run: run 1 goes back: carla asked for it: the source is needed; fence is under way
0:13  ben ends undo 1: failed
      > 0:13 part 1 undo: failed, by ben
      > 0:13 watch is hold
      >   run: run 1: fence COULD NOT BE TAKEN BACK; a person must say what happened
0:14  ben begins undo 0
      > 0:14 refused, NOT_NEXT: not now: a person must say whether fence was taken back
0:15  the run is told
      > 0:15 undoing, ben, next: settle 1
      >   writes shut 5 s of no limit
      >   0 reverse-ready: done, durable
      >   1 fence: undo_failed, durable
      >   2 catch-up: pending
      >   3 no-return: pending
      >   4 open: pending
      >   5 traffic 10 %: pending
      >   6 traffic 100 %: pending
      >   7 confirm: pending
0:15  the commands are told
      > 0:15 1 to look at
      >   run: tidelock cutover settle fence --done|--not-done --undo --reason TEXT
0:16  carla settles undo 1 not done: it needs another key
      > 0:16 part 1 undo was not done, by carla
      > 0:16 watch is hold
      >   run: run 1 goes back: carla asked for it: the source is needed; fence is taken back next
0:17  ben carries undo 1
      > 0:17 part 1 undo begins
      > 0:17 part 1 undo: done, durable, by ben
      > 0:17 watch is hold
      >   run: run 1 goes back: carla asked for it: the source is needed; reverse-ready is taken back next
0:18  ben carries undo 0
      > 0:18 part 0 undo begins
      > 0:18 part 0 undo: done, durable, by ben
      > 0:18 run 1 is undone, writes were shut for 7 s
      > 0:18 cutover -> sync
      > 0:18 sync -> ready
      > 0:18 gate ready opens, epoch 5
      > 0:18 cutover is hold
      >   decision cutover: cutover is void: the cutover was taken back; it waits for olga (or ben) again
