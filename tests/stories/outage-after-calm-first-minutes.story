# Many good runs do not soothe: once nothing passes any more nobody is told that all is as turbulent as expected.
brief
scenario login, critical, both: 1 pass in a row
scenario search, important, both: 1 pass in a row
scenario pay, critical, both: 1 pass in a row
first minutes 600 s: search at least 50 %
gate ready: login
gate cutover: decision cutover
gate committed: login, pay
window 900

0:00  all pass
      > 0:00 prepare -> sync
      > 0:00 ready is unknown
      >   missing login on source by s1: s1 has not reported it
      >   missing login on target by t1: t1 has not reported it
      > 0:05 sync -> ready
      > 0:05 asked: cutover, for gate cutover
      > 0:05 gate ready opens, epoch 2
      > 0:05 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
0:10  olga says go on cutover
      > 0:10 cutover: go, by olga, complete
      > 0:10 gate cutover opens, epoch 3
      > 0:10 cutover is open: 1 scenario is proved: gate cutover is open
0:11  pipeline confirms
      > 0:11 ready -> cutover, by pipeline
      > 0:11 watch is hold
      >   switch: nobody has reported yet that traffic is on the target
0:12  pipeline reports target
      > 0:12 traffic is on the target, by pipeline
      > 0:12 cutover -> watch
      > 0:12 committed is unknown
      >   missing login on source by s1: s1 has not reported it
      >   missing login on target by t1: t1 has not reported it
      >   missing pay on source by s1: s1 has not reported it
      >   missing pay on target by t1: t1 has not reported it
      >   decision commit: commit is not given by olga or carla (or ben): 0 of 2 voices
      > 0:15 asked: commit, for gate committed
      > 0:15 committed is hold
      >   decision commit: waits for olga or carla (or ben) to decide commit: 0 of 2 voices
5:00  the first minutes are told
      > 5:00 inside expected turbulence until 612 s
      >   search of 58 runs: 1.00
5:01  search fails on target: connection refused
5:11  the first minutes are told
      > 5:11 inside expected turbulence until 612 s
      >   search of 60 runs: 0.97
      > 5:15 committed is hold
      >   turbulence search on target: none of its last 3 runs passed: this is no turbulence
      >   decision commit: commit is not given by olga or carla (or ben): 0 of 2 voices
5:16  the first minutes are told
      > 5:16 no turbulence: search is broken since 315 s
      >   search of 61 runs: nothing known
5:20  search passes
      > 5:25 asked: commit, for gate committed
      > 5:25 committed is hold
      >   decision commit: waits for olga or carla (or ben) to decide commit: 0 of 2 voices
5:31  the first minutes are told
      > 5:31 inside expected turbulence until 612 s
      >   search of 64 runs: 0.94
5:32  pay fails on target: connection refused
      > 5:35 committed is hold
      >   claim_refuted pay on target by t1: the last run failed: connection refused
      >   decision commit: commit is not given by olga or carla (or ben): 0 of 2 voices
5:41  the first minutes are told
      > 5:41 no turbulence: pay is broken since 335 s
      >   search of 66 runs: 0.94
5:50  nothing more
