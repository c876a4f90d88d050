# PF23: a fence covered one user of the database alone. Every declared writer is read, and the one that nobody reads holds.
brief
scenario login, critical, both: 1 pass in a row
scenario jobs, important, source: silent for 60
scenario queue, important, source: drained for 60
gate ready: login
gate cutover: decision cutover
gate committed: login, decision commit
gate rolled-back: login
step fence, fence, ben: run, undo, readings 5 s, deadline 25 s
step open, open, ben: run
step traffic, route, ben: run, undo, weights 100, after login

0:00  all pass
      > 0:00 prepare -> sync
      > 0:00 ready is unknown
      >   missing login on source by s1: s1 has not reported it
      >   missing login on target by t1: t1 has not reported it
0:00  jobs reports on source: writes 0, open_writers 0
0:00  queue fails on source
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
0:08  ben walks
      > 0:08 part 0 begins
      > 0:08 part 0: done, durable, by ben
      > 0:08 watch is hold
      >   run: run 1 is not at its end: fence is under way
0:24  the run is told
      > 0:24 forward, ben, next: wait 0
      >   writes shut 16 s of no limit
      >   0 fence: acted, durable
      >     run queue on source by s1: s1 could not read it: it fails
      >   1 open: pending
      >   2 traffic 100 %: pending
      > 0:34 run 1 goes back: fence was not done and proved within 25 s
      > 0:34 part 0 undo begins
      > 0:34 part 0 undo: done, durable, by ben
      > 0:34 run 1 is undone, writes were shut for 26 s
      > 0:34 cutover -> sync
      > 0:34 sync -> ready
      > 0:34 gate ready opens, epoch 5
      > 0:34 cutover is hold
      >   decision cutover: cutover is void: the cutover was taken back; it waits for olga (or ben) again
0:50  the run is told
      > 0:50 undone, nobody, next: over
      >   0 fence: undone, durable
      >   1 open: pending
      >   2 traffic 100 %: pending
