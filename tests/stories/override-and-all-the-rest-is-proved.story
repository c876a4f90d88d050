# A gate that waits with an overridden check does not say that all is proved: it names what people passed over, and who did.
scenario login, critical, both: 1 pass in a row
scenario checkout, critical, both: 1 pass in a row
gate ready: all, stable for 10 s
gate cutover: decision cutover
override by olga ben, 2

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
0:20  olga overrides login at ready: it is the test account
      > 0:20 gate ready is overridden for login, by olga
0:21  ben overrides login at ready: it is the test account
      > 0:21 gate ready is overridden for login, by ben, complete
      > 0:21 ready is hold
      >   stable: login overridden by ben and olga, all else that it needs is proved; waiting for 10 s without a break
      > 0:31 sync -> ready
      > 0:31 gate ready opens, epoch 3
      > 0:31 cutover is hold
      >   claim_refuted login on target by t1: the last run failed: sign-in refused
      >   decision cutover: cutover is not given by olga (or ben): 0 of 1 voice
0:45  the overrides are told
      > 0:45 gate ready: login overridden by ben olga until 30:21: it is the test account (login refuted on target)
