# Two machines run as one agent: the first result of each round stands, and the second adds nothing.
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
0:20  target/t1 runs twice
      > 0:25 ready is hold
      >   claim_undecided login on target: 18 % of the way, less than a minute left if nothing fails
      > 1:25 sync -> ready
      > 1:25 asked: cutover, for gate cutover
      > 1:25 gate ready opens, epoch 2
      > 1:25 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
2:00  the proof of login is told
      > 2:00 success on source: reported well enough to compare with
      > 2:00 success on target: proved by 72 results
      >   1 slots void: findings were lost
      >   20 results sent twice
      >   4 results out of place
