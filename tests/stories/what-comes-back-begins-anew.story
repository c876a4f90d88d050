# A check that rested in a phase begins anew where a later one runs it again: what it saw before proves nothing.
scenario login, critical, target: 2 passes in a row
scenario rows, important, target, during sync: 9 passes in a row
gate ready: login

0:00  all pass
      > 0:00 prepare -> sync
      > 0:00 ready is unknown
      >   missing login on target by t1: t1 has not reported it
      > 0:05 ready is hold
      >   claim_undecided login on target by t1: 1 of 2 passes in a row
      > 0:10 sync -> ready
      > 0:10 asked: cutover, for gate cutover
      > 0:10 gate ready opens, epoch 2
      > 0:10 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
0:12  the checks are told
      > 0:12 login is proved: target 2 of 2 passes in a row
      > 0:12 rows: target not asked in phase ready
0:12  login fails on target: down
      > 0:15 gate ready shuts, epoch 2
      > 0:15 ready -> sync
      > 0:15 ready is hold
      >   claim_refuted login on target by t1: the last run failed: down
0:16  the checks are told
      > 0:16 login is refuted: target the last run failed: down
      > 0:16 rows is missing: target t1 has not reported it
0:16  login passes
      > 0:20 ready is hold
      >   claim_undecided login on target by t1: 1 of 2 passes in a row
0:22  the checks are told
      > 0:22 login is undecided: target 1 of 2 passes in a row
      > 0:22 rows is undecided: target 1 of 9 passes in a row
