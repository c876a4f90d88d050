# An agent without processor time knows nothing: its runs count neither way, and then it is silent.
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
0:10  login starves on target
      > 0:24 gate ready shuts, epoch 2
      > 0:24 ready -> sync
      > 0:24 ready is unknown
      >   stale login on target by t1: t1 has not reported it for more than 13 s
0:30  login passes
