# The role of the reverse feed may not write: that is known before the switch, and holds it.
scenario checkout, critical, both: 1 pass in a row
scenario db-back, important, source: 1 pass in a row
gate ready: checkout
gate cutover: db-back, decision cutover
gate committed: all

0:00  all pass
      > 0:00 prepare -> sync
      > 0:00 ready is unknown
      >   missing checkout on source by s1: s1 has not reported it
      >   missing checkout on target by t1: t1 has not reported it
0:00  db-back fails on source: permission denied for role reverse_feed
      > 0:05 sync -> ready
      > 0:05 gate ready opens, epoch 2
      > 0:05 cutover is hold
      >   claim_refuted db-back on source by s1: the last run failed: permission denied for role reverse_feed
      >   decision cutover: cutover is not given by olga (or ben): 0 of 1 voice
0:10  olga says go on cutover
      > 0:10 refused, GATE_SHUT: the gate is held: claim_refuted db-back on source by s1: the last run failed: permission denied for role reverse_feed. Nothing was recorded
0:12  db-back passes
      > 0:15 asked: cutover, for gate cutover
      > 0:15 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
0:16  olga says go on cutover
      > 0:16 cutover: go, by olga, complete
      > 0:16 gate cutover opens, epoch 3
      > 0:16 cutover is open: 2 scenarios are proved: gate cutover is open
0:17  nothing more
