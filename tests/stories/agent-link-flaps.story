# An agent's link breaks again and again, for less than its grace and for more: no result is late through that, and nothing is proved by what nobody heard.
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
1:31  target/t1 loses its link
1:34  target/t1 reconnects
1:51  target/t1 loses its link
      > 2:02 gate ready shuts, epoch 2
      > 2:02 ready -> sync
      > 2:02 told: target/t1 is lost
      > 2:02 ready is unknown
      >   agents on target: 1 of at least 2 agents on target online
2:09  target/t1 reconnects
      > 2:10 sync -> ready
      > 2:10 gate ready opens, epoch 3
      > 2:10 told: target/t1 is back
      > 2:10 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
      > 2:15 asked: cutover, for gate cutover
2:21  target/t1 loses its link
      > 2:32 gate ready shuts, epoch 3
      > 2:32 ready -> sync
      > 2:32 ready is unknown
      >   agents on target: 1 of at least 2 agents on target online
2:39  target/t1 reconnects
      > 2:40 sync -> ready
      > 2:40 gate ready opens, epoch 4
      > 2:40 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
      > 3:15 asked: cutover, for gate cutover
4:00  the proof of login is told
      > 4:00 success on source: reported well enough to compare with
      > 4:00 success on target: proved by 176 results
      >   2 results kept back by a broken link
      >   4 results out of place
