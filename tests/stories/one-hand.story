# Whoever hands out access after the plan is in force can speak for those who got it: a quorum of their voices is told.
# It opens the gate all the same, since a real person may have got a new token.
scenario login, critical, both: 1 pass in a row
gate ready: all
gate cutover: decision cutover, login
voices cutover: 2
override by omar ben, 2

0:00  all pass
      > 0:00 prepare -> sync
      > 0:00 ready is unknown
      >   missing login on source by s1: s1 has not reported it
      >   missing login on target by t1: t1 has not reported it
      > 0:05 sync -> ready
      > 0:05 asked: cutover, for gate cutover
      > 0:05 gate ready opens, epoch 2
      > 0:05 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 2 voices
0:10  omar gives ben access
      > 0:10 ben gets access as person, by omar
0:10  omar gives ben access
      > 0:10 nothing to record
0:12  olga says go on cutover
      > 0:12 cutover: go, by olga
      > 0:12 cutover is hold
      >   decision cutover: waits for ben to decide cutover: 1 of 2 voices
0:13  ben says go on cutover
      > 0:13 cutover: go, by ben, complete
      > 0:13 gate cutover opens, epoch 3
      > 0:13 cutover is open: 1 scenario is proved: gate cutover is open
0:14  the voices are told
      > 0:14 none
0:20  omar gives olga access
      > 0:20 olga gets access as person, by omar
0:21  olga says no on cutover: once more
      > 0:21 cutover: no, by olga
      > 0:21 gate ready opens, epoch 5
      > 0:21 cutover is hold
      >   decision cutover: cutover is refused: olga said no: once more
0:22  olga says go on cutover
      > 0:22 cutover: go, by olga
      > 0:22 cutover is hold
      >   decision cutover: waits for ben to decide cutover: 1 of 2 voices
0:23  ben says go on cutover
      > 0:23 cutover: go, by ben, complete
      > 0:23 gate cutover opens, epoch 6
      > 0:23 cutover is open: 1 scenario is proved: gate cutover is open
0:24  the voices are told
      > 0:24 decision cutover: omar gave ben and olga access since the plan is in force: 2 of 2 voices may be one person
0:30  omar takes access of olga
      > 0:30 olga loses access as person, by omar
0:31  olga says no on cutover: once more
      > 0:31 cutover: no, by olga
      > 0:31 gate ready opens, epoch 8
      > 0:31 cutover is hold
      >   decision cutover: cutover is refused: olga said no: once more
0:32  olga says go on cutover
      > 0:32 cutover: go, by olga
      > 0:32 cutover is hold
      >   decision cutover: waits for ben to decide cutover: 1 of 2 voices
0:33  ben says go on cutover
      > 0:33 cutover: go, by ben, complete
      > 0:33 gate cutover opens, epoch 9
      > 0:33 cutover is open: 1 scenario is proved: gate cutover is open
0:34  the voices are told
      > 0:34 none
0:40  login fails on target: sign-in refused
      > 0:45 gate ready shuts, epoch 8
      > 0:45 gate cutover shuts, epoch 9
      > 0:45 ready -> sync
      > 0:45 ready is hold
      >   claim_refuted login on target by t1: the last run failed: sign-in refused
0:47  omar overrides login at ready: it is the test account
      > 0:47 gate ready is overridden for login, by omar
0:48  ben overrides login at ready: it is the test account
      > 0:48 gate ready is overridden for login, by ben, complete
      > 0:48 sync -> ready
      > 0:48 gate ready opens, epoch 11
      > 0:48 cutover is hold
      >   claim_refuted login on target by t1: the last run failed: sign-in refused
      >   decision cutover: cutover is void: the evidence it was given on changed
0:49  the voices are told
      > 0:49 override at gate ready: omar gave ben access since the plan is in force and speaks too: 2 of 2 voices may be one person
