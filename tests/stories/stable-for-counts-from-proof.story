# The time without a break counts from the moment at which all is proved, and begins again when one is not.
brief
agents at least 2
observe 0 s
scenario login, critical, both: success margin 50 outage 1 slo 50
scenario ping, critical, both: 2 passes in a row
gate ready: all, stable for 30 s

0:00  all pass
      > 0:00 prepare -> sync
      > 0:00 ready is unknown
      >   missing login on source: the first slot has not closed yet
      >   missing login on target: the first slot has not closed yet
      >   missing ping on source by s1: s1 has not reported it (and 1 agent like it)
      >   missing ping on target by t1: t1 has not reported it (and 1 agent like it)
      > 0:05 ready is unknown
      >   claim_undecided ping on source by s1: 1 of 2 passes in a row (and 1 agent like it)
      >   claim_undecided ping on target by t1: 1 of 2 passes in a row (and 1 agent like it)
      >   missing login on source: the first slot has not closed yet
      >   missing login on target: the first slot has not closed yet
      > 0:10 ready is unknown
      >   missing login on source: the first slot has not closed yet
      >   missing login on target: the first slot has not closed yet
      > 0:25 ready is hold
      >   claim_undecided login on target: 18 % of the way, less than a minute left if nothing fails
      > 1:15 ready is hold
      >   stable: all that it needs is proved; waiting for 30 s without a break
1:22  ping fails on target: no answer
      > 1:25 ready is hold
      >   claim_refuted ping on target by t1: the last run failed: no answer (and 1 agent like it)
1:27  ping passes
      > 1:30 ready is hold
      >   claim_undecided ping on target by t1: 1 of 2 passes in a row (and 1 agent like it)
      > 1:35 ready is hold
      >   stable: all that it needs is proved; waiting for 30 s without a break
      > 2:05 sync -> ready
      > 2:05 asked: cutover, for gate cutover
      > 2:05 gate ready opens, epoch 2
      > 2:05 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
3:00  nothing more
