# A clock that is too far off is not believed, also by checks that are not weighed slot by slot: held with its name.
scenario login, critical, both: 1 pass in a row
gate ready: all

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
0:10  target/t1 drifts by 31000 ms
      > 0:12 gate ready shuts, epoch 2
      > 0:12 ready -> sync
      > 0:12 ready is hold
      >   clock login on target by t1: the clock of t1 is not believed: it is off by more than 30 s, jumps, or nobody knows how far off it is
0:20  target/t1 drifts by 3 ms
      > 0:45 sync -> ready
      > 0:45 gate ready opens, epoch 3
      > 0:45 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
1:00  nothing more
