# Customers of the first tenth write rows, too: what came while the target had 10 % of traffic is left behind as well.
brief
scenario login, critical, both: 1 pass in a row
scenario rows, important, both: 1 pass in a row
scenario writers, important, both: silent for 20
gate ready: login
gate cutover: decision cutover
gate committed: login, decision commit
gate rolled-back: login
step fence, fence, ben: run, undo, planned 5 s, deadline 40 s
step no-return, point-of-no-return, olga
step open, open, ben: run, planned 2 s
step traffic, route, ben: run, undo, weights 10 100, bake 20 s, after login
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
      >   run: run 1 is not at its end: traffic at 10 % is under way
0:28  the run is told
      > 0:28 forward, ben, next: wait 3
      >   0 fence: done, durable
      >   1 no-return: done
      >   2 open: done, durable
      >   3 traffic 10 %: acted, durable
      >     claim_undecided login on target by t1: 2 of 3 fresh rounds from t1
      >   4 traffic 100 %: pending
      >   5 confirm: pending
0:29  rows lists on target: orders/1=a@28
      > 0:35 part 3 is proved
      > 0:35 part 4 begins
      > 0:35 part 4: done, durable, by ben
      > 0:35 watch is hold
      >   run: run 1 is not at its end: traffic at 100 % is under way
0:36  the leftovers are told
      > 0:36 1 left behind
      >   orders/1 of 28 s, by rows: nobody
0:37  ben says go on rollback: the first customers cannot pay
      > 0:37 rollback: go, by ben, complete
      > 0:37 cutover -> rolling-back, by ben
      > 0:37 run 1 is abandoned, writes were shut for 6 s
      > 0:37 rolled-back is hold
      >   leftovers rows on target: going back leaves 1 row without an owner and a disposition
      >   switch: nobody has reported yet that traffic is on the source
0:38  the leftovers are told
      > 0:38 1 left behind
      >   orders/1 of 28 s, by rows: nobody
