# Behind the fence somebody writes, and the readings that told it are lost with a full spool. What comes next says that nobody
# writes now; what was written in between nobody knows, so the fence is not proved and is taken back at its deadline.
brief
scenario login, critical, both: 1 pass in a row
scenario writers, important, both: silent for 20
gate ready: login
gate cutover: decision cutover
gate committed: login, decision commit
step fence, fence, ben: run, undo, planned 5 s, deadline 40 s
step no-return, point-of-no-return, olga
step open, open, ben: run, planned 2 s
step traffic, route, ben: run, undo, weights 100, after login, bake 5 s

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
0:09  ben carries part 0
      > 0:09 part 0 begins
      > 0:09 part 0: done, durable, by ben
      > 0:09 watch is hold
      >   run: run 1 is not at its end: fence is under way
0:11  source/s1 loses its link
0:12  writers reports on source: writes 7
0:16  writers reports on source: writes 0
0:17  source/s1 throws away its spool
0:18  source/s1 reconnects
0:30  the run is told
      > 0:30 forward, ben, next: wait 0
      >   writes shut 21 s of no limit
      >   0 fence: acted, durable
      >     run writers on source by s1: readings by s1 were lost between 2027-01-15 08:00:09 UTC and 2027-01-15 08:00:19 UTC, and nobody knows what was written then: fence once more
      >   1 no-return: pending
      >   2 open: pending
      >   3 traffic 100 %: pending
      > 0:50 run 1 goes back: fence was not done and proved within 40 s
      > 0:50 watch is hold
      >   run: run 1 goes back: fence was not done and proved within 40 s; fence is taken back next
0:50  ben walks
      > 0:50 part 0 undo begins
      > 0:50 part 0 undo: done, durable, by ben
      > 0:50 run 1 is undone, writes were shut for 41 s
      > 0:50 cutover -> sync
      > 0:50 sync -> ready
      > 0:50 gate ready opens, epoch 5
      > 0:50 cutover is hold
      >   decision cutover: cutover is void: the cutover was taken back; it waits for olga (or ben) again
0:55  nothing more
