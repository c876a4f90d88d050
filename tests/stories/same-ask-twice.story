# The same ask again is the same ask, recorded once.
scenario login, critical, both: 1 pass in a row
gate ready: all
gate cutover: decision cutover
decision cutover by: olga ben, 2

0:00  all pass
      > 0:00 prepare -> sync
      > 0:00 ready is unknown
      >   missing login on source by s1: s1 has not reported it
      >   missing login on target by t1: t1 has not reported it
      > 0:05 sync -> ready
      > 0:05 asked: cutover, for gate cutover
      > 0:05 gate ready opens, epoch 2
      > 0:05 cutover is hold
      >   decision cutover: waits for olga or ben to decide cutover: 0 of 2 voices
0:10  olga says go on cutover
      > 0:10 cutover: go, by olga
      > 0:10 cutover is hold
      >   decision cutover: waits for ben to decide cutover: 1 of 2 voices
0:11  olga says go on cutover again
      > 0:11 nothing to record
0:12  olga says go on cutover
      > 0:12 cutover: go, by olga
0:13  ben says go on cutover
      > 0:13 cutover: go, by ben, complete
      > 0:13 gate cutover opens, epoch 3
      > 0:13 cutover is open: 1 scenario is proved: gate cutover is open
0:14  ben says go on cutover again
      > 0:14 nothing to record
