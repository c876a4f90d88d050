# PF12: a lag can never be 0 where the tool itself writes. It must be small and stay small.
brief
scenario login, critical, both: 1 pass in a row
scenario lag, important, target: gauge lag enter 5 leave 10 for 300
gate ready: login
gate cutover: decision cutover
gate committed: login, decision commit
gate rolled-back: login
step catch-up, catch-up, ben: after lag, deadline 60 s
step traffic, route, ben: run, undo, weights 100, after login

0:00  all pass
      > 0:00 prepare -> sync
      > 0:00 ready is unknown
      >   missing login on source by s1: s1 has not reported it
      >   missing login on target by t1: t1 has not reported it
0:00  lag reports on target: lag 7
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
      >   run: run 1 is not at its end: catch-up is next
0:08  ben walks
      > 0:08 part 0 begins
      > 0:08 part 0: done, by ben
      > 0:08 watch is hold
      >   run: run 1 is not at its end: catch-up is under way
0:20  the run is told
      > 0:20 forward, ben, next: wait 0
      >   0 catch-up: acted
      >     claim_refuted lag on target: lag has not come down to 5
      >   1 traffic 100 %: pending
0:21  lag reports on target: lag 3
      > 0:25 part 0 is proved
      > 0:25 part 1 begins
      > 0:25 part 1: done, durable, by ben
      > 0:25 watch is hold
      >   run: run 1 is not at its end: traffic at 100 % is under way
      > 0:40 part 1 is proved
      > 0:40 traffic is on the target, by ben
      > 0:40 run 1 is completed
      > 0:40 cutover -> watch
      > 0:40 committed is unknown
      >   missing login on source by s1: s1 has not reported it
      >   missing login on target by t1: t1 has not reported it
      >   decision commit: commit is not given by olga or carla (or ben): 0 of 2 voices
      > 0:45 asked: commit, for gate committed
      > 0:45 committed is hold
      >   decision commit: waits for olga or carla (or ben) to decide commit: 0 of 2 voices
0:50  the run is told
      > 0:50 completed, nobody, next: over
      >   0 catch-up: done
      >   1 traffic 100 %: done, durable
