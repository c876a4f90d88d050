# An empty queue into which something is put was never drained: each break asks for more patience.
brief
scenario queue, critical, source: drained for 20 s
gate ready: all

0:00  queue reports: visible 4, in_flight 1, enqueued 7
      > 0:00 prepare -> sync
      > 0:00 ready is unknown
      >   missing queue on source: nothing was reported yet
      > 0:05 ready is hold
      >   claim_refuted queue on source: something waits or is put in
0:12  queue reports: visible 0, in_flight 1, enqueued 7
0:22  queue reports: visible 0, in_flight 0, enqueued 7
      > 0:25 ready is hold
      >   claim_undecided queue on source: quiet for 0 s of 20 s
0:37  queue reports: visible 0, in_flight 0, enqueued 8
      > 1:10 sync -> ready
      > 1:10 asked: cutover, for gate cutover
      > 1:10 gate ready opens, epoch 2
      > 1:10 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
1:12  queue reports: visible 0, delayed 2, in_flight 0, enqueued 8
      > 1:15 gate ready shuts, epoch 2
      > 1:15 ready -> sync
      > 1:15 ready is hold
      >   claim_refuted queue on source: something waits or is put in
1:17  queue reports: visible 0, in_flight 0, enqueued 8
      > 1:20 ready is hold
      >   claim_undecided queue on source: quiet for 0 s of 36 s, attempt 3: each break makes it longer
      > 2:00 sync -> ready
      > 2:00 gate ready opens, epoch 3
      > 2:00 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
      > 2:10 asked: cutover, for gate cutover
2:10  queue reports: visible 0, in_flight 0
      > 2:15 gate ready shuts, epoch 3
      > 2:15 ready -> sync
      > 2:15 ready is unknown
      >   missing queue on source: what is put in is not counted, so an empty queue proves nothing
3:00  nothing more
