# A lease that is let go can be taken at once; if nobody does while it would have lasted, everything goes back.
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
0:10  ben leaves the run
      > 0:10 run 1 is left, lease 1, by ben
0:12  carla takes the run
      > 0:12 run 1 is taken, lease 2, by carla
0:13  carla walks
      > 0:13 part 1 begins
      > 0:13 part 1: done, durable, by carla
      > 0:13 watch is hold
      >   run: run 1 is not at its end: fence is under way
0:18  carla stops
0:19  carla leaves the run
      > 0:19 run 1 is left, lease 2, by carla
      > 0:20 part 1 is proved
      > 0:20 watch is hold
      >   run: run 1 is not at its end: catch-up is next
      > 0:34 run 1 goes back: the operator's lease ended
      > 0:34 watch is hold
      >   run: run 1 goes back: the operator's lease ended; fence is taken back next
0:50  the run is told
      > 0:50 undoing, nobody, next: undo 1
      >   writes shut 37 s of no limit
      >   0 reverse-ready: done, durable
      >   1 fence: done, durable
      >   2 catch-up: pending
      >   3 no-return: pending
      >   4 open: pending
      >   5 traffic 10 %: pending
      >   6 traffic 100 %: pending
      >   7 confirm: pending
