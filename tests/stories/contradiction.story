# An agent that contradicts itself is not believed until somebody has looked.
scenario login, critical, both: 1 pass in a row
gate ready: all

0:00  target/t2 joins
      > 0:00 target/t2 is enrolled
      > 0:00 prepare -> sync
      > 0:00 ready is unknown
      >   missing login on source by s1: s1 has not reported it
      >   missing login on target by t1: t1 has not reported it (and 1 agent like it)
0:00  all pass
      > 0:05 sync -> ready
      > 0:05 asked: cutover, for gate cutover
      > 0:05 gate ready opens, epoch 2
      > 0:05 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
0:10  target/t2 repeats its last batch
0:12  target/t2 contradicts itself
      > 0:12 target/t2: two findings came under one number
      > 0:12 gate ready shuts, epoch 2
      > 0:12 ready -> sync
      > 0:12 ready is hold
      >   conflict on target by t2: target/t2 is suspended: two findings came under one number; revoke it, and let it join under another name
0:20  operator revokes target/t2
      > 0:20 target/t2 is revoked, by operator
      > 0:20 ready is unknown
      >   missing login on target by t1: t1 has not reported it
0:22  carla aborts: we stay
      > 0:22 sync -> aborted, by carla
      > 0:22 aborted is rollback
0:23  all pass
