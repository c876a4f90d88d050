# Slow first minutes are expected; slower than that is not, and nobody calls it complete meanwhile.
scenario checkout, critical, both: 1 pass in a row
scenario login, important, both: 1 pass in a row
first minutes 60 s: checkout within 150 %, login at least 90 %
gate ready: all
gate cutover: decision cutover
gate committed: all

0:00  all pass
      > 0:00 prepare -> sync
      > 0:00 ready is unknown
      >   missing checkout on source by s1: s1 has not reported it
      >   missing checkout on target by t1: t1 has not reported it
      >   missing login on source by s1: s1 has not reported it
      >   missing login on target by t1: t1 has not reported it
      > 0:05 sync -> ready
      > 0:05 asked: cutover, for gate cutover
      > 0:05 gate ready opens, epoch 2
      > 0:05 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
0:11  the first minutes are told
      > 0:11 there are no first minutes
0:20  olga says go on cutover
      > 0:20 cutover: go, by olga, complete
      > 0:20 gate cutover opens, epoch 3
      > 0:20 cutover is open: 2 scenarios are proved: gate cutover is open
0:22  pipeline confirms
      > 0:22 ready -> cutover, by pipeline
      > 0:22 watch is hold
      >   switch: nobody has reported yet that traffic is on the target
0:24  pipeline reports target
      > 0:24 traffic is on the target, by pipeline
      > 0:24 cutover -> watch
      > 0:24 committed is unknown
      >   missing checkout on source by s1: s1 has not reported it
      >   missing checkout on target by t1: t1 has not reported it
      >   missing login on source by s1: s1 has not reported it
      >   missing login on target by t1: t1 has not reported it
      >   decision commit: commit is not given by olga or carla (or ben): 0 of 2 voices
0:24  checkout takes 55 ms on target
      > 0:25 asked: commit, for gate committed
      > 0:25 committed is hold
      >   decision commit: waits for olga or carla (or ben) to decide commit: 0 of 2 voices
0:42  the first minutes are told
      > 0:42 inside expected turbulence until 84 s
      >   checkout of 4 runs: 1.38
      >   login of 4 runs: 1.00
0:43  checkout takes 80 ms on target
      > 1:00 committed is hold
      >   turbulence checkout on target: outside its expected turbulence: it takes more than 150 % of its usual time
      >   decision commit: commit is not given by olga or carla (or ben): 0 of 2 voices
1:06  the first minutes are told
      > 1:06 outside since 60 s: checkout: 2.00, normal is 1.5
      >   checkout of 9 runs: 2.00
      >   login of 9 runs: 1.00
1:07  checkout takes 45 ms on target
      > 1:15 committed is hold
      >   decision commit: waits for olga or carla (or ben) to decide commit: 0 of 2 voices
      > 1:25 asked: commit, for gate committed
1:40  the first minutes are told
      > 1:40 the first minutes are over
      >   checkout of 12 runs: 1.38
      >   login of 12 runs: 1.00
1:41  login fails on target: sign-in refused
      > 1:45 committed is hold
      >   claim_refuted login on target by t1: the last run failed: sign-in refused
      >   decision commit: commit is not given by olga or carla (or ben): 0 of 2 voices
1:50  the first minutes are told
      > 1:50 the first minutes are over
      >   checkout of 12 runs: 1.38
      >   login of 12 runs: 1.00
