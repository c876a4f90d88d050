# A simple claim breaks and takes the migration back to sync: what was proved slot by slot is not proved again.
brief
agents at least 2
observe 0 s
scenario login, critical, both: success margin 50 outage 1 slo 50
scenario ping, critical, both: 1 pass in a row
gate ready: all

0:00  all pass
      > 0:00 prepare -> sync
      > 0:00 ready is unknown
      >   missing login on source: the first slot has not closed yet
      >   missing login on target: the first slot has not closed yet
      >   missing ping on source by s1: s1 has not reported it (and 1 agent like it)
      >   missing ping on target by t1: t1 has not reported it (and 1 agent like it)
      > 0:05 ready is unknown
      >   missing login on source: the first slot has not closed yet
      >   missing login on target: the first slot has not closed yet
      > 0:25 ready is hold
      >   claim_undecided login on target: 18 % of the way, less than a minute left if nothing fails
      > 1:15 sync -> ready
      > 1:15 asked: cutover, for gate cutover
      > 1:15 gate ready opens, epoch 2
      > 1:15 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
2:02  ping fails on target: no answer
      > 2:05 gate ready shuts, epoch 2
      > 2:05 ready -> sync
      > 2:05 ready is hold
      >   claim_refuted ping on target by t1: the last run failed: no answer (and 1 agent like it)
2:12  ping passes
      > 2:15 sync -> ready
      > 2:15 asked: cutover, for gate cutover
      > 2:15 gate ready opens, epoch 3
      > 2:15 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
3:00  nothing more
