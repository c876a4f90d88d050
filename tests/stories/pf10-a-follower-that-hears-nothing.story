# PF10: a follower that receives nothing reports a lag of 0. What was written since the step has to arrive.
brief
scenario login, critical, both: 1 pass in a row
scenario lag, important, target: gauge lag enter 5 leave 10 for 300
scenario feed, important, both: marks within 10 lost 0
gate ready: login
gate cutover: decision cutover
gate committed: login, decision commit
gate rolled-back: login
step catch-up, catch-up, ben: after lag feed, deadline 60 s
step traffic, route, ben: run, undo, weights 100, after login

0:00  all pass
      > 0:00 prepare -> sync
      > 0:00 ready is unknown
      >   missing login on source by s1: s1 has not reported it
      >   missing login on target by t1: t1 has not reported it
0:00  lag reports on target: lag 0
0:00  feed writes on source
0:00  feed finds on target: after 5 s
      > 0:05 sync -> ready
      > 0:05 asked: cutover, for gate cutover
      > 0:05 gate ready opens, epoch 2
      > 0:05 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
0:07  feed passes on target
0:06  olga says go on cutover
      > 0:07 cutover: go, by olga, complete
      > 0:07 gate cutover opens, epoch 3
      > 0:07 cutover is open: 1 scenario is proved: gate cutover is open
0:07  ben confirms
      > 0:07 ready -> cutover, by ben
      > 0:07 watch is hold
      >   run: the runbook of the cutover is not walked yet
0:08  ben begins cutover
      > 0:08 run 1 of cutover begins, lease 1, by ben
      > 0:08 watch is hold
      >   run: run 1 is not at its end: catch-up is next
0:08  ben walks
      > 0:08 part 0 begins
      > 0:08 part 0: done, by ben
      > 0:08 watch is hold
      >   run: run 1 is not at its end: catch-up is under way
0:30  the run is told
      > 0:30 forward, ben, next: wait 0
      >   0 catch-up: acted
      >     missing feed on target: marks: no mark has arrived yet since the step
      >   1 traffic 100 %: pending
      > 1:09 run 1 goes back: catch-up was not done and proved within 60 s
      > 1:09 run 1 is undone
      > 1:09 cutover -> sync
      > 1:09 sync -> ready
      > 1:09 asked: cutover, for gate cutover
      > 1:09 gate ready opens, epoch 5
      > 1:09 cutover is hold
      >   decision cutover: cutover is void: the cutover was taken back; it waits for olga (or ben) again
1:15  the run is told
      > 1:15 undone, nobody, next: over
      >   0 catch-up: acted
      >   1 traffic 100 %: pending
