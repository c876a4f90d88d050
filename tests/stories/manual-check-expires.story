# A manual check has an owner, a time by which it is due, evidence that can be read later, and an end.
scenario login, critical, both: 1 pass in a row
manual backup, carla, sync, evidence
made backup: within 70 s, valid for 90 s
gate ready: all, backup
gate cutover: decision cutover

0:00  all pass
      > 0:00 prepare -> sync
      > 0:00 ready is unknown
      >   missing login on source by s1: s1 has not reported it
      >   missing login on target by t1: t1 has not reported it
      >   manual backup: carla has not made it yet, due by 2027-01-15 08:01 UTC
      > 0:05 ready is hold
      >   manual backup: carla has not made it yet, due by 2027-01-15 08:01 UTC
0:10  the manual checks are told
      > 0:10 backup of carla is open, due 1:10
      > 1:11 ready is hold
      >   manual backup: carla has not made it yet, and it is overdue since 2027-01-15 08:01 UTC
1:15  the manual checks are told
      > 1:15 backup of carla is overdue, due 1:10
1:20  carla makes backup: sha256:1234
      > 1:20 refused, INCOMPLETE: "sha256:1234" is no file's hash: it has 64 hexadecimal digits after sha256:
1:21  carla makes backup: sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
      > 1:21 backup done, by carla
      > 1:21 sync -> ready
      > 1:21 asked: cutover, for gate cutover
      > 1:21 gate ready opens, epoch 2
      > 1:21 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
1:25  the manual checks are told
      > 1:25 backup of carla is done, due 1:10, expires 2:51
1:30  olga says go on cutover
      > 1:30 cutover: go, by olga, complete
      > 1:30 gate cutover opens, epoch 3
      > 1:30 cutover is open: 1 scenario is proved: gate cutover is open
      > 2:52 gate ready shuts, epoch 2
      > 2:52 gate cutover shuts, epoch 3
      > 2:52 ready -> sync
      > 2:52 ready is unknown
      >   manual backup: expired at 2027-01-15 08:02 UTC: carla has to make it again
3:00  the manual checks are told
      > 3:00 backup of carla is expired, due 4:02, expires 2:51
3:05  pipeline confirms with the first token
      > 3:05 refused, WRONG_PHASE: the migration is in sync; a cutover is confirmed once, in ready
