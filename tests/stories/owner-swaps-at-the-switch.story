# Jobs belong to the source before the switch and to the target after it: whoever writes on the other side is a conflict.
brief
watch 600 s
window 600 s
scenario jobs, critical, both: owner source then target for 20 s
gate ready: all
gate committed: all

0:00  jobs reports on source: writes 3
      > 0:00 prepare -> sync
      > 0:00 ready is unknown
      >   missing jobs on target: nothing was reported yet
0:00  jobs reports on target: writes 0
      > 0:05 ready is hold
      >   claim_undecided jobs on target: quiet for 0 s of 20 s
      > 0:25 sync -> ready
      > 0:25 asked: cutover, for gate cutover
      > 0:25 gate ready opens, epoch 2
      > 0:25 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
0:40  olga says go on cutover
      > 0:40 cutover: go, by olga, complete
      > 0:40 gate cutover opens, epoch 3
      > 0:40 cutover is open: 1 scenario is proved: gate cutover is open
0:42  pipeline confirms
      > 0:42 ready -> cutover, by pipeline
      > 0:42 watch is hold
      >   switch: nobody has reported yet that traffic is on the target
0:44  pipeline reports target
      > 0:44 traffic is on the target, by pipeline
      > 0:44 cutover -> watch
      > 0:44 committed is unknown
      >   missing jobs on source: nothing was reported yet
      >   decision commit: commit is not given by olga or carla (or ben): 0 of 2 voices
      > 0:45 committed is hold
      >   claim_undecided jobs on source: quiet for 0 s of 20 s
      >   decision commit: commit is not given by olga or carla (or ben): 0 of 2 voices
      > 0:50 committed is hold
      >   claim_refuted jobs on source: somebody writes; going back may lose data: a person must decide; for olga or carla to end
      >   decision commit: commit is not given by olga or carla (or ben): 0 of 2 voices
0:50  jobs reports on target: writes 5
1:10  jobs reports on source: writes 0
      > 1:15 committed is hold
      >   claim_undecided jobs on source: quiet for 5 s of 45 s, attempt 6: each break makes it longer
      >   decision commit: commit is not given by olga or carla (or ben): 0 of 2 voices
      > 2:00 asked: commit, for gate committed
      > 2:00 committed is hold
      >   decision commit: waits for olga or carla (or ben) to decide commit: 0 of 2 voices
2:00  jobs reports on source: writes 2
      > 2:05 committed is hold
      >   claim_refuted jobs on source: somebody writes; going back may lose data: a person must decide; for olga or carla to end
      >   decision commit: commit is not given by olga or carla (or ben): 0 of 2 voices
2:05  jobs reports on source: writes 0
      > 2:10 committed is hold
      >   claim_undecided jobs on source: quiet for 5 s of 47 s, attempt 7: each break makes it longer
      >   decision commit: commit is not given by olga or carla (or ben): 0 of 2 voices
      > 2:55 committed is hold
      >   decision commit: waits for olga or carla (or ben) to decide commit: 0 of 2 voices
      > 3:00 asked: commit, for gate committed
3:00  nothing more
