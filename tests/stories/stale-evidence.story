# An agent is cut off, goes on running, and sends its backlog later: old passes prove nothing.
scenario login, critical, both: 3 passes in a row
gate ready: all

0:00  all pass
      > 0:00 prepare -> sync
      > 0:00 ready is unknown
      >   missing login on source by s1: s1 has not reported it
      >   missing login on target by t1: t1 has not reported it
      > 0:05 ready is hold
      >   claim_undecided login on source by s1: 1 of 3 passes in a row
      >   claim_undecided login on target by t1: 1 of 3 passes in a row
      > 0:10 ready is hold
      >   claim_undecided login on source by s1: 2 of 3 passes in a row
      >   claim_undecided login on target by t1: 2 of 3 passes in a row
      > 0:15 sync -> ready
      > 0:15 asked: cutover, for gate cutover
      > 0:15 gate ready opens, epoch 2
      > 0:15 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
0:20  target/t1 loses its link
      > 0:31 gate ready shuts, epoch 2
      > 0:31 ready -> sync
      > 0:31 told: target/t1 is lost
      > 0:31 ready is unknown
      >   agents on target: 0 of at least 1 agent on target online
      > 0:34 ready is unknown
      >   agents on target: 0 of at least 1 agent on target online
      >   stale login on target by t1: t1 has not reported it for more than 13 s
0:50  login is silent on target
1:15  target/t1 reconnects
      > 1:16 told: target/t1 is back
      > 1:16 ready is unknown
      >   stale login on target by t1: t1 has not reported it for more than 13 s
1:17  login passes
      > 1:20 ready is hold
      >   claim_undecided login on target by t1: 1 of 3 passes in a row
      > 1:25 ready is hold
      >   claim_undecided login on target by t1: 2 of 3 passes in a row
      > 1:30 sync -> ready
      > 1:30 asked: cutover, for gate cutover
      > 1:30 gate ready opens, epoch 3
      > 1:30 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
1:40  nothing more
