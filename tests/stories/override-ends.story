# What was overridden for a while is asked for again after it, and approvals that were given over it die with it.
# It is never longer than the plan's own time for an approval.
scenario login, critical, both: 1 pass in a row
gate ready: all
gate cutover: decision cutover, login, stable for 10 s, valid for 40 s
override by olga, 1

0:00  all pass
      > 0:00 prepare -> sync
      > 0:00 ready is unknown
      >   missing login on source by s1: s1 has not reported it
      >   missing login on target by t1: t1 has not reported it
      > 0:05 sync -> ready
      > 0:05 gate ready opens, epoch 2
      > 0:05 cutover is hold
      >   stable: all that it needs is proved; waiting for 10 s without a break
      >   decision cutover: cutover is not given by olga (or ben): 0 of 1 voice
      > 0:15 asked: cutover, for gate cutover
      > 0:15 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
0:20  login fails on target: sign-in refused
      > 0:25 gate ready shuts, epoch 2
      > 0:25 ready -> sync
      > 0:25 ready is hold
      >   claim_refuted login on target by t1: the last run failed: sign-in refused
0:30  olga overrides login at ready: it is the test account
      > 0:30 gate ready is overridden for login, by olga, complete
      > 0:30 sync -> ready
      > 0:30 gate ready opens, epoch 4
      > 0:30 cutover is hold
      >   claim_refuted login on target by t1: the last run failed: sign-in refused
      >   decision cutover: cutover is not given by olga (or ben): 0 of 1 voice
0:32  olga overrides login stable at cutover: it is the test account
      > 0:32 gate cutover is overridden for login stable, by olga, complete
      > 0:32 gate ready opens, epoch 6
      > 0:32 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
0:33  olga says go on cutover
      > 0:33 cutover: go, by olga, complete
      > 0:33 gate cutover opens, epoch 7
      > 0:33 cutover is open: 0 scenarios are proved: gate cutover is open over 2 overridden holds (login, stable)
0:34  the overrides are told
      > 0:34 gate ready: login overridden by olga until 30:30: it is the test account (login refuted on target)
      > 0:34 gate cutover: login stable overridden by olga until 1:12: it is the test account (login refuted on target)
0:50  login passes
      > 1:12 gate cutover shuts, epoch 7
      > 1:12 cutover is hold
      >   stable: all that it needs is proved; waiting for 10 s without a break
      >   decision cutover: cutover is void: the evidence it was given on changed
1:15  the questions are told
      > 1:15 none
      > 1:22 asked: cutover, for gate cutover
      > 1:22 cutover is hold
      >   decision cutover: cutover is void: the evidence it was given on changed; it waits for olga (or ben) again
1:40  the overrides are told
      > 1:40 gate ready: login overridden by olga until 30:30: it is the test account (login refuted on target)
      > 1:40 gate cutover: login stable overridden by olga until 1:12: it is the test account (login refuted on target)
