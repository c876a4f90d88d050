# Whoever is asked to decide hears that an agent fell silent, and that it is back; one that comes and goes rings no bell each time.
scenario login, critical, both: 1 pass in a row
scenario search, important, both: 1 pass in a row
gate ready: search

0:00  all pass
      > 0:00 prepare -> sync
      > 0:00 ready is unknown
      >   missing search on source by s1: s1 has not reported it
      >   missing search on target by t1: t1 has not reported it
0:00  source/s2 joins
      > 0:00 source/s2 is enrolled
      > 0:00 ready is unknown
      >   missing search on source by s1: s1 has not reported it (and 1 agent like it)
      >   missing search on target by t1: t1 has not reported it
0:01  search passes
      > 0:05 sync -> ready
      > 0:05 asked: cutover, for gate cutover
      > 0:05 gate ready opens, epoch 2
      > 0:05 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
0:20  source/s2 falls silent
      > 0:31 told: source/s2 is lost
      > 0:34 gate ready shuts, epoch 2
      > 0:34 ready -> sync
      > 0:34 ready is unknown
      >   stale search on source by s2: s2 has not reported it for more than 13 s
0:40  source/s2 is back
      > 0:42 told: source/s2 is back
      > 0:45 sync -> ready
      > 0:45 gate ready opens, epoch 3
      > 0:45 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
0:45  source/s2 falls silent
      > 0:58 gate ready shuts, epoch 3
      > 0:59 ready -> sync
      > 0:59 ready is unknown
      >   stale search on source by s2: s2 has not reported it for more than 13 s
1:05  source/s2 is back
      > 1:10 sync -> ready
      > 1:10 asked: cutover, for gate cutover
      > 1:10 gate ready opens, epoch 4
      > 1:10 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
1:10  source/s2 falls silent
      > 1:24 gate ready shuts, epoch 4
      > 1:24 ready -> sync
      > 1:24 ready is unknown
      >   stale search on source by s2: s2 has not reported it for more than 13 s
      > 1:31 told: source/s2 is lost
1:50  operator revokes source/s2
      > 1:50 source/s2 is revoked, by operator
      > 1:50 ready is unknown
      >   missing search on source by s1: s1 has not reported it
      > 1:55 sync -> ready
      > 1:55 gate ready opens, epoch 5
      > 1:55 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
      > 2:10 asked: cutover, for gate cutover
2:10  source/s1 signs off
      > 2:10 gate ready shuts, epoch 5
      > 2:10 ready -> sync
      > 2:10 ready is unknown
      >   missing search on source: no agent on source reports it
      >   agents on source: 0 of at least 1 agent on source online
2:40  nothing more
