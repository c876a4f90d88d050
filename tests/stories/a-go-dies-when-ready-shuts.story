# A go outlives nothing that broke. `ready` was open over an override, the go was said meanwhile, and needed nothing of it.
scenario login, critical, both: 1 pass in a row
scenario checkout, critical, both: 1 pass in a row
gate ready: all, stable for 10 s, valid for 40 s
gate cutover: decision cutover
override by olga, 1

0:00  all pass
      > 0:00 prepare -> sync
      > 0:00 ready is unknown
      >   missing checkout on source by s1: s1 has not reported it
      >   missing checkout on target by t1: t1 has not reported it
      >   missing login on source by s1: s1 has not reported it
      >   missing login on target by t1: t1 has not reported it
0:00  login fails on target: sign-in refused
      > 0:05 ready is hold
      >   claim_refuted login on target by t1: the last run failed: sign-in refused
0:12  olga overrides login at ready: it is the test account
      > 0:12 gate ready is overridden for login, by olga, complete
      > 0:12 ready is hold
      >   stable: login overridden by olga, all else that it needs is proved; waiting for 10 s without a break
      > 0:22 sync -> ready
      > 0:22 gate ready opens, epoch 3
      > 0:22 cutover is hold
      >   claim_refuted login on target by t1: the last run failed: sign-in refused
      >   decision cutover: cutover is not given by olga (or ben): 0 of 1 voice
0:33  login passes
      > 0:35 asked: cutover, for gate cutover
      > 0:35 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
0:37  olga says go on cutover
      > 0:37 cutover: go, by olga, complete
      > 0:37 gate cutover opens, epoch 4
      > 0:37 cutover is open: 2 scenarios are proved: gate cutover is open
      > 0:52 gate ready shuts, epoch 3
      > 0:52 ready -> sync
      > 0:52 ready is hold
      >   stable: all that it needs is proved; waiting for 10 s without a break
0:53  checkout fails on target: card declined
      > 0:55 ready is hold
      >   claim_refuted checkout on target by t1: the last run failed: card declined
1:01  checkout passes
      > 1:05 ready is hold
      >   stable: all that it needs is proved; waiting for 10 s without a break
      > 1:15 sync -> ready
      > 1:15 gate ready opens, epoch 5
      > 1:15 cutover is hold
      >   decision cutover: cutover is void: the migration went back to sync since it was given; it waits for olga (or ben) again
1:16  pipeline confirms with the first token
      > 1:16 refused, GATE_SHUT: gate cutover is shut: decision cutover: cutover is void: the migration went back to sync since it was given; it waits for olga (or ben) again
1:20  nothing more
