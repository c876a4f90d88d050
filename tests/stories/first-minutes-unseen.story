# Nobody saw how the first minutes went: that is not calm.
scenario checkout, critical, both: 1 pass in a row
scenario login, important, both: 1 pass in a row
first minutes 30 s: login at least 90 %
gate ready: all
gate cutover: decision cutover
gate committed: checkout

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
      >   decision commit: commit is not given by olga or carla (or ben): 0 of 2 voices
0:24  login is silent on target
      > 0:25 asked: commit, for gate committed
      > 0:25 committed is hold
      >   decision commit: waits for olga or carla (or ben) to decide commit: 0 of 2 voices
0:40  the first minutes are told
      > 0:40 inside expected turbulence until 54 s
      >   login of 0 runs: nothing known
      > 0:55 committed is unknown
      >   turbulence login on target: too little was seen of it since the switch to say how turbulent it is
      >   decision commit: commit is not given by olga or carla (or ben): 0 of 2 voices
1:00  the first minutes are told
      > 1:00 outside since 54 s: login: nothing known, normal is 0.9
      >   login of 0 runs: nothing known
1:00  login fails on target: sign-in refused
      > 1:15 committed is hold
      >   turbulence login on target: none of its last 3 runs passed: this is no turbulence
      >   decision commit: commit is not given by olga or carla (or ben): 0 of 2 voices
1:20  the first minutes are told
      > 1:20 no turbulence: login is broken since 75 s
      >   login of 4 runs: nothing known
1:21  login passes
      > 1:25 committed is hold
      >   turbulence login on target: outside its expected turbulence: less than 90 % of it pass
      >   decision commit: commit is not given by olga or carla (or ben): 0 of 2 voices
      > 1:54 told: the way back ends at 2:24
      > 2:25 told: the way back is closed: too late: the way back was open for 2 min after the switch
3:30  the first minutes are told
      > 3:30 outside since 75 s: login: 0.87, normal is 0.9
      >   login of 30 runs: 0.87
