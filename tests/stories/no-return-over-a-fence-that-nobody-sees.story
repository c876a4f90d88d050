# The fence was proved, and then the old side fell silent. Nobody passes the point of no return over what nobody sees.
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
0:08  ben begins cutover
      > 0:08 run 1 of cutover begins, lease 1, by ben
      > 0:08 watch is hold
      >   run: run 1 is not at its end: fence is next
0:10  ben carries part 0
      > 0:10 part 0 begins
      > 0:10 part 0: done, durable, by ben
      > 0:10 watch is hold
      >   run: run 1 is not at its end: fence is under way
      > 0:20 part 0 is proved
      > 0:20 watch is hold
      >   run: run 1 is not at its end: the point of no return stands at no-return, and is next
0:26  source/s1 falls silent
      > 0:36 told: source/s1 is lost
0:50  ben passes part 1
      > 0:50 refused, GATE_SHUT: fence is not seen to stand any more: run writers on source by s1: s1 has not read it for more than 13 s
0:52  source/s1 is back
      > 0:54 told: source/s1 is back
1:10  ben passes part 1
      > 1:10 point of no return, part 1, by ben
      > 1:10 watch is hold
      >   run: run 1 is not at its end: open is next
1:11  nothing more
