# Counts that are no counts say nothing about a queue: it is not empty, and not full; it was not seen.
brief
scenario queue, critical, source: drained for 20 s
scenario jobs, critical, target: silent for 20 s
gate ready: all

0:00  queue reports: visible 0, in_flight 0, enqueued 7
      > 0:00 prepare -> sync
      > 0:00 ready is unknown
      >   missing jobs on target: nothing was reported yet
      >   missing queue on source: nothing was reported yet
0:00  jobs reports: writes 0
      > 0:05 ready is hold
      >   claim_undecided jobs on target: quiet for 0 s of 20 s
      >   claim_undecided queue on source: quiet for 0 s of 20 s
      > 0:25 sync -> ready
      > 0:25 asked: cutover, for gate cutover
      > 0:25 gate ready opens, epoch 2
      > 0:25 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
0:32  queue reports: visible NaN, in_flight 0, enqueued 7
0:32  jobs reports: writes -3
      > 0:44 gate ready shuts, epoch 2
      > 0:44 ready -> sync
      > 0:44 ready is unknown
      >   stale jobs on target: t1 has not reported it for too long
      >   stale queue on source: s1 has not reported it for too long
1:00  queue reports: visible 0, in_flight -1, enqueued 7
1:00  jobs reports: writes NaN
1:30  queue reports: visible 0, in_flight 0, enqueued inf
1:30  jobs reports: writes inf
      > 1:35 ready is unknown
      >   missing queue on source: what is put in is not counted, so an empty queue proves nothing
      >   stale jobs on target: t1 has not reported it for too long
2:00  queue reports: visible 0, in_flight 0, enqueued 7
2:00  jobs reports: writes 0
      > 2:05 sync -> ready
      > 2:05 asked: cutover, for gate cutover
      > 2:05 gate ready opens, epoch 3
      > 2:05 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
3:00  nothing more
