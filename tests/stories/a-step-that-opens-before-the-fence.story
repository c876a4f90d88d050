# Two sides never accept writes, whatever the plan asserts: the step is not begun.
brief
scenario login, critical, both: 1 pass in a row
assert one side accepts writes: orders
gate ready: login
gate cutover: decision cutover
gate committed: login, decision commit
gate rolled-back: login
step prepare, command, ben: run, undo
step no-return, point-of-no-return, olga
step open, open, ben: run
step traffic, route, ben: run, weights 100, after login

0:00  all pass
      > 0:00 prepare -> sync
      > 0:00 ready is unknown
      >   missing login on source by s1: s1 has not reported it
      >   missing login on target by t1: t1 has not reported it
0:00  nothing more
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
      >   run: run 1 is not at its end: prepare is next
0:09  ben carries part 0
      > 0:09 part 0 begins
      > 0:09 part 0: done, durable, by ben
      > 0:09 part 0 is proved
      > 0:09 watch is hold
      >   run: run 1 is not at its end: the point of no return stands at no-return, and is next
0:10  ben passes part 1
      > 0:10 point of no return, part 1, by ben
      > 0:10 watch is hold
      >   run: run 1 is not at its end: open is next
0:11  ben begins part 2
      > 0:11 refused, ASSERTION: open would let both sides accept writes (the plan asserts: orders): open opens target, and no fence shuts source
0:12  nothing more
