# The login page says yes and the session does not last: the flow fails though its first step passes.
scenario login, critical, both: 3 passes in a row
gate ready: all

0:00  all pass
      > 0:00 prepare -> sync
      > 0:00 ready is unknown
      >   missing login on source by s1: s1 has not reported it
      >   missing login on target by t1: t1 has not reported it
0:00  login fails on target: step account: the session of step sign-in is gone
      > 0:05 ready is hold
      >   claim_refuted login on target by t1: the last run failed: step account: the session of step sign-in is gone
      >   claim_undecided login on source by s1: 1 of 3 passes in a row
      > 0:10 ready is hold
      >   claim_refuted login on target by t1: the last run failed: step account: the session of step sign-in is gone
      >   claim_undecided login on source by s1: 2 of 3 passes in a row
      > 0:15 ready is hold
      >   claim_refuted login on target by t1: the last run failed: step account: the session of step sign-in is gone
0:30  login passes on target
      > 0:35 ready is hold
      >   claim_undecided login on target by t1: 1 of 3 passes in a row
      > 0:40 ready is hold
      >   claim_undecided login on target by t1: 2 of 3 passes in a row
      > 0:45 sync -> ready
      > 0:45 asked: cutover, for gate cutover
      > 0:45 gate ready opens, epoch 2
      > 0:45 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
0:45  login fails on target/t1: step account: the session of step sign-in is gone
      > 0:50 gate ready shuts, epoch 2
      > 0:50 ready -> sync
      > 0:50 ready is hold
      >   claim_refuted login on target by t1: the last run failed: step account: the session of step sign-in is gone
0:50  nothing more
