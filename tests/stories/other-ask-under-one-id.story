# An id names one ask. Another ask under it is refused, and never answered as if it had been recorded.
scenario login, critical, both: 1 pass in a row
gate ready: all
gate cutover: decision cutover

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
0:08  olga holds: the old house is on fire
      > 0:08 hold, by olga
      > 0:08 cutover is hold
      >   decision cutover: cutover is not given by olga (or ben): 0 of 1 voice
      >   operator: olga pressed hold: the old house is on fire
0:09  olga releases
      > 0:09 release, by olga
      > 0:09 gate ready opens, epoch 5
      > 0:09 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
0:10  olga says go on cutover again
      > 0:10 refused, INCOMPLETE: ask-2 names another ask of olga: take a new id
0:11  olga says go on cutover
      > 0:11 cutover: go, by olga, complete
      > 0:11 gate cutover opens, epoch 6
      > 0:11 cutover is open: 1 scenario is proved: gate cutover is open
0:11  olga confirms again
      > 0:11 refused, INCOMPLETE: ask-3 names another ask of olga: take a new id
0:13  olga says no on cutover again
      > 0:13 refused, INCOMPLETE: ask-3 names another ask of olga: take a new id
0:14  olga confirms
      > 0:14 ready -> cutover, by olga
      > 0:14 watch is hold
      >   switch: nobody has reported yet that traffic is on the target
0:15  olga confirms again
      > 0:15 nothing to record
0:16  olga reports traffic on target again
      > 0:16 refused, INCOMPLETE: ask-4 names another ask of olga: take a new id
0:17  olga reports traffic on target
      > 0:17 traffic is on the target, by olga
      > 0:17 cutover -> watch
      > 0:17 committed is unknown
      >   missing login on source by s1: s1 has not reported it
      >   missing login on target by t1: t1 has not reported it
      >   decision commit: commit is not given by olga or carla (or ben): 0 of 2 voices
