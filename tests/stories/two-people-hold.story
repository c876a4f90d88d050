# Two people hold for two reasons. Each is shown, and the one who takes theirs back does not take the other's.
scenario login, critical, both: 1 pass in a row
gate ready: all
gate cutover: decision cutover

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
0:10  olga says go on cutover
      > 0:10 cutover: go, by olga, complete
      > 0:10 gate cutover opens, epoch 3
      > 0:10 cutover is open: 1 scenario is proved: gate cutover is open
0:11  dmitri holds: look at checkout
      > 0:11 hold, by dmitri
      > 0:11 cutover is hold
      >   operator: dmitri pressed hold: look at checkout
0:12  ben holds: payments are not ready
      > 0:12 hold, by ben
      > 0:12 cutover is hold
      >   operator: dmitri pressed hold: look at checkout
      >   operator: ben pressed hold: payments are not ready
0:13  dmitri releases: checkout is fine
      > 0:13 release, by dmitri
      > 0:13 cutover is hold
      >   operator: ben pressed hold: payments are not ready
0:14  pipeline confirms
      > 0:14 refused, GATE_SHUT: gate cutover is shut: operator: ben pressed hold: payments are not ready
0:15  ben holds: payments are still not ready
      > 0:15 hold, by ben
      > 0:15 cutover is hold
      >   operator: ben pressed hold: payments are still not ready
0:16  dmitri holds: one more look
      > 0:16 hold, by dmitri
      > 0:16 cutover is hold
      >   operator: ben pressed hold: payments are still not ready
      >   operator: dmitri pressed hold: one more look
0:17  olga releases: all is well
      > 0:17 refused, WRONG_PHASE: name whose hold is released, with --of: ben, dmitri hold
0:18  olga releases dmitri: he has looked
      > 0:18 release of dmitri's hold, by olga
      > 0:18 cutover is hold
      >   operator: ben pressed hold: payments are still not ready
0:19  olga releases: ben says so
      > 0:19 release of ben's hold, by olga
      > 0:19 gate ready opens, epoch 11
      > 0:19 gate cutover opens, epoch 12
      > 0:19 cutover is open: 1 scenario is proved: gate cutover is open
0:20  ben releases: too late
      > 0:20 refused, WRONG_PHASE: nobody has pressed hold
