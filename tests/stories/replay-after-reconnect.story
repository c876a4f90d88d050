# An agent loses its link for two minutes and then tells everything, twice: nothing counts twice, and nothing of it is late.
brief
agents at least 2
observe 0 s
scenario login, critical, both: success margin 50 outage 1 slo 50
gate ready: all

0:00  all pass
      > 0:00 prepare -> sync
      > 0:00 ready is unknown
      >   missing login on source: the first slot has not closed yet
      >   missing login on target: the first slot has not closed yet
      > 0:25 ready is hold
      >   claim_undecided login on target: 18 % of the way, less than a minute left if nothing fails
      > 1:15 sync -> ready
      > 1:15 asked: cutover, for gate cutover
      > 1:15 gate ready opens, epoch 2
      > 1:15 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
1:32  target/t1 loses its link
      > 1:40 gate ready shuts, epoch 2
      > 1:41 ready -> sync
      > 1:41 told: target/t1 is lost
      > 1:41 ready is unknown
      >   agents on target: 1 of at least 2 agents on target online
      > 2:15 ready is unknown
      >   agents on target: 1 of at least 2 agents on target online
      >   stale login on target: the last slots prove nothing: too few agents reported on target: 1 of at least 2
3:32  target/t1 reconnects
      > 3:33 told: target/t1 is back
      > 3:33 ready is unknown
      >   stale login on target: the last slots prove nothing: too few agents reported on target: 1 of at least 2
      > 3:35 sync -> ready
      > 3:35 asked: cutover, for gate cutover
      > 3:35 gate ready opens, epoch 3
      > 3:35 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
3:40  target/t1 repeats all
5:00  the proof of login is told
      > 5:00 success on source: reported well enough to compare with
      > 5:00 success on target: proved by 144 results
      >   10 slots void: too few agents reported on target
      >   21 results kept back by a broken link
      >   4 results out of place
