# A go dies with the evidence it was given on.
scenario login, critical, both: 1 pass in a row
gate ready: all, stable for 5 s
gate cutover: decision cutover

0:00  all pass
      > 0:00 prepare -> sync
      > 0:00 ready is unknown
      >   missing login on source by s1: s1 has not reported it
      >   missing login on target by t1: t1 has not reported it
      > 0:05 ready is hold
      >   stable: all that it needs is proved; waiting for 5 s without a break
      > 0:10 sync -> ready
      > 0:10 asked: cutover, for gate cutover
      > 0:10 gate ready opens, epoch 2
      > 0:10 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
0:15  olga says go on cutover having seen 9999
      > 0:15 refused, INCOMPLETE: there is no evidence of that number; the newest is 34
0:16  carla says go on cutover
      > 0:16 refused, NOT_YOURS: carla does not decide cutover; ask olga or ben
0:17  olga says go on cutover
      > 0:17 cutover: go, by olga, complete
      > 0:17 gate cutover opens, epoch 3
      > 0:17 cutover is open: 1 scenario is proved: gate cutover is open
0:20  login fails on target: sign-in refused
      > 0:25 gate ready shuts, epoch 2
      > 0:25 gate cutover shuts, epoch 3
      > 0:25 ready -> sync
      > 0:25 ready is hold
      >   claim_refuted login on target by t1: the last run failed: sign-in refused
0:26  olga says go on cutover having seen 20
      > 0:26 refused, EVIDENCE_CHANGED: a new hold came after the evidence you saw: claim_refuted login on target by t1: the last run failed: sign-in refused. Nothing was recorded
0:27  login passes
0:28  olga says go on cutover
      > 0:28 refused, GATE_SHUT: the gate is held: claim_refuted login on target by t1: the last run failed: sign-in refused. Nothing was recorded
      > 0:30 ready is hold
      >   stable: all that it needs is proved; waiting for 5 s without a break
      > 0:35 sync -> ready
      > 0:35 gate ready opens, epoch 4
      > 0:35 cutover is hold
      >   decision cutover: cutover is void: the evidence it was given on changed; it waits for olga (or ben) again
0:40  pipeline confirms with the first token
      > 0:40 refused, GATE_SHUT: gate cutover is shut: decision cutover: cutover is void: the evidence it was given on changed; it waits for olga (or ben) again
0:41  olga says go on cutover
      > 0:41 cutover: go, by olga, complete
      > 0:41 gate cutover opens, epoch 5
      > 0:41 cutover is open: 1 scenario is proved: gate cutover is open
0:42  pipeline confirms
      > 0:42 ready -> cutover, by pipeline
      > 0:42 watch is hold
      >   switch: nobody has reported yet that traffic is on the target
