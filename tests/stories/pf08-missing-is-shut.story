# PF8: a gate that is a missing file must not be an open one. Here the plan forgot the gate, the findings, the
# token and whoever decides: each of them holds.
scenario login, critical, both: 1 pass in a row
nobody decides cutover

0:00  nothing is reported
      > 0:00 prepare -> sync
      > 0:00 ready is unknown
      >   missing login on source by s1: s1 has not reported it
      >   missing login on target by t1: t1 has not reported it
0:10  pipeline confirms
      > 0:10 refused, WRONG_PHASE: the migration is in sync; a cutover is confirmed once, in ready
0:20  all pass
      > 0:25 sync -> ready
      > 0:25 asked: cutover, for gate cutover
      > 0:25 nobody answered: cutover
      > 0:25 gate ready opens, epoch 2
      > 0:25 cutover is hold
      >   decision cutover: the plan names nobody who decides cutover
0:30  olga says go on cutover
      > 0:30 refused, UNKNOWN_DECISION: the plan has no decision cutover; it has commit, rollback
0:31  pipeline confirms
      > 0:31 refused, GATE_SHUT: gate cutover is shut: decision cutover: the plan names nobody who decides cutover
0:32  olga overrides cutover at cutover: nobody is here
      > 0:32 refused, UNKNOWN_DECISION: the plan names nobody who may override: it needs a decision override
0:35  the questions are told
      > 0:35 cutover since 0:25: asked are [], 0 of 1 said yes, unanswered at 0:25
