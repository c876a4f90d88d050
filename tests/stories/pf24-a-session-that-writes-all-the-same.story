# PF24: a read-only flag is overridden in a session. What it writes is named, and the fence is taken back.
brief
scenario login, critical, both: 1 pass in a row
scenario jobs, important, source: silent for 60
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
0:11  jobs reports on source: writes 2, open_writers 1, 2 rows of invoices remain
      > 0:15 run 1 goes back: fence moved: invoices: 0 -> 2 within 5 s, 24 a minute, seen by jobs of s1
      > 0:15 part 0 undo begins
      > 0:15 part 0 undo: done, durable, by ben
      > 0:15 run 1 is undone, writes were shut for 7 s
      > 0:15 cutover -> sync
      > 0:15 sync -> ready
      > 0:15 gate ready opens, epoch 5
      > 0:15 cutover is hold
      >   decision cutover: cutover is void: the cutover was taken back; it waits for olga (or ben) again
      >   switching now loses 2 rows of invoices
0:30  the run is told
      > 0:30 undone, nobody, next: over
      >   0 fence: undone, durable
      >   1 open: pending
      >   2 traffic 100 %: pending
