# PF21: setting something up stops a stream, and whoever did it dies. What was begun is taken back, and an undo that nobody saw end is a question to a person.
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
0:09  ben begins part 0
      > 0:09 part 0 begins
      > 0:09 watch is hold
      >   run: run 1 is not at its end: reverse-ready is under way
0:10  ben crashes
      > 0:25 run 1 is left, lease 1
      > 0:25 run 1 goes back: the operator's lease ended
      > 0:25 watch is hold
      >   run: run 1 goes back: the operator's lease ended; reverse-ready is taken back next
0:30  carla takes the run
      > 0:30 run 1 is taken, lease 2, by carla
0:31  carla begins undo 0
      > 0:31 part 0 undo begins
      > 0:31 watch is hold
      >   run: run 1 goes back: the operator's lease ended; reverse-ready is under way
0:32  carla crashes
      > 0:47 run 1 is left, lease 2
      > 0:47 watch is hold
      >   run: run 1: nobody can know whether reverse-ready was taken back: ownership is ambiguous; a person must say what happened
0:50  the run is told
      > 0:50 undoing, nobody, next: settle 0
      >   0 reverse-ready: undo_ambiguous
      >   1 fence: pending
      >   2 catch-up: pending
      >   3 no-return: pending
      >   4 open: pending
      >   5 traffic 10 %: pending
      >   6 traffic 100 %: pending
      >   7 confirm: pending
0:51  ben takes the run
      > 0:51 run 1 is taken, lease 3, by ben
0:52  ben begins undo 0
      > 0:52 refused, NOT_NEXT: not now: a person must say whether reverse-ready was taken back
0:53  dmitri settles undo 0 not done: the stream still stands
      > 0:53 part 0 undo was not done, by dmitri
      > 0:53 watch is hold
      >   run: run 1 goes back: the operator's lease ended; reverse-ready is taken back next
0:54  ben walks
      > 0:54 part 0 undo begins
      > 0:54 part 0 undo: done, durable, by ben
      > 0:54 run 1 is undone
      > 0:54 cutover -> sync
      > 0:54 sync -> ready
      > 0:54 gate ready opens, epoch 5
      > 0:54 cutover is hold
      >   decision cutover: cutover is void: the cutover was taken back; it waits for olga (or ben) again
