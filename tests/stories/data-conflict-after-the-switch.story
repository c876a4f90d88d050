# After the switch the rows differ: a person must decide, for going back may lose data.
brief
watch 600 s
window 600 s
scenario rows, critical, both: parity lag 10 matches 2
gate ready: all
gate committed: all

0:00  rows shows: orders=a of 10
      > 0:00 prepare -> sync
      > 0:00 ready is unknown
      >   missing rows on target: no digest was reported yet
      > 0:05 ready is hold
      >   claim_undecided rows on target: the same, not often enough yet: orders
      > 0:10 sync -> ready
      > 0:10 asked: cutover, for gate cutover
      > 0:10 gate ready opens, epoch 2
      > 0:10 cutover is hold
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
      >   missing rows on target: no digest was reported yet
      >   decision commit: commit is not given by olga or carla (or ben): 0 of 2 voices
      > 0:45 committed is hold
      >   claim_undecided rows on target: the same, not often enough yet: orders
      >   decision commit: commit is not given by olga or carla (or ben): 0 of 2 voices
      > 0:50 asked: commit, for gate committed
      > 0:50 committed is hold
      >   decision commit: waits for olga or carla (or ben) to decide commit: 0 of 2 voices
1:20  rows shows on target: orders=t of 11
      > 1:35 committed is hold
      >   claim_refuted rows on target: the rows differ: orders; going back may lose data: a person must decide
      >   decision commit: commit is not given by olga or carla (or ben): 0 of 2 voices
2:30  nothing more
