# A claim is changed while the proof runs: that scenario begins anew, the other keeps its evidence.
brief
agents at least 2
observe 0 s
scenario login, critical, both: success margin 50 outage 1 slo 50
scenario pay, critical, both: success margin 50 outage 1 slo 50
gate ready: all

0:00  all pass
      > 0:00 prepare -> sync
      > 0:00 ready is unknown
      >   missing login on source: the first slot has not closed yet
      >   missing login on target: the first slot has not closed yet
      >   missing pay on source: the first slot has not closed yet
      >   missing pay on target: the first slot has not closed yet
      > 0:25 ready is hold
      >   claim_undecided login on target: 18 % of the way, less than a minute left if nothing fails
      >   claim_undecided pay on target: 18 % of the way, less than a minute left if nothing fails
      > 1:15 sync -> ready
      > 1:15 asked: cutover, for gate cutover
      > 1:15 gate ready opens, epoch 2
      > 1:15 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
1:30  the plan changes: scenario pay, critical, both: success margin 40 outage 1 slo 50
      > 1:30 plan revision 2, by olga
      > 1:30 ready -> sync
      > 1:30 ready is unknown
      >   missing pay on source: the first slot has not closed yet
      >   missing pay on target: the first slot has not closed yet
      > 1:55 ready is hold
      >   claim_undecided pay on target: 13 % of the way, about 2 min left if nothing fails
      > 2:55 sync -> ready
      > 2:55 asked: cutover, for gate cutover
      > 2:55 gate ready opens, epoch 4
      > 2:55 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
3:30  nothing more
