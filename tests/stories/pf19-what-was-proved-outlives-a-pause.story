# PF19: a verifier that keeps its state in memory begins at zero after each pause. Here the journal is the state: what was proved
# until the pause is known after it, and only what grew old meanwhile is looked at again.
brief
scenario rows, critical, both: parity lag 5 matches 2
scenario queue, critical, source: drained for 60
gate ready: rows, queue

0:00  all pass
      > 0:00 prepare -> sync
      > 0:00 ready is unknown
      >   missing queue on source: nothing was reported yet
      >   missing rows on target: no digest was reported yet
0:00  rows shows: orders=a1 of 10
0:00  queue reports on source: visible 0, in_flight 0, enqueued 12
      > 0:05 ready is hold
      >   claim_undecided queue on source: quiet for 0 s of 60 s
      >   claim_undecided rows on target: the same, not often enough yet: orders
      > 0:10 ready is hold
      >   claim_undecided queue on source: quiet for 5 s of 60 s
0:50  the collector is away for 9 s
      > 1:05 sync -> ready
      > 1:05 asked: cutover, for gate cutover
      > 1:05 gate ready opens, epoch 2
      > 1:05 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
1:20  nothing more
