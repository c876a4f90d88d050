# The last message is gone for a moment, and the queue is not drained: held means without a break.
scenario queue, critical, source: visible at most 0 for 20 s
gate ready: all

0:00  queue reports: visible 14, 14 messages of orders remain
      > 0:00 prepare -> sync
      > 0:00 ready is unknown
      >   missing queue on source by s1: s1 has not reported it
      > 0:05 ready is hold
      >   claim_refuted queue on source by s1: visible is 14, must be at most 0
      >   switching now loses 14 messages of orders
0:10  queue passes
      > 0:15 ready is hold
      >   claim_undecided queue on source by s1: visible is 0, inside for 0 s of 20 s
      > 0:20 ready is hold
      >   claim_undecided queue on source by s1: visible is 0, inside for 5 s of 20 s
0:20  queue reports: visible 1, 1 messages of orders remain
      > 0:25 ready is hold
      >   claim_refuted queue on source by s1: visible is 1, must be at most 0
      >   switching now loses 1 messages of orders
0:25  queue passes
      > 0:30 ready is hold
      >   claim_undecided queue on source by s1: visible is 0, inside for 0 s of 20 s
      > 0:35 ready is hold
      >   claim_undecided queue on source by s1: visible is 0, inside for 5 s of 20 s
      > 0:40 ready is hold
      >   claim_undecided queue on source by s1: visible is 0, inside for 10 s of 20 s
0:40  queue fails: the queue does not answer
      > 0:45 ready is hold
      >   claim_refuted queue on source by s1: the last run failed: the queue does not answer
0:45  queue passes
      > 0:50 ready is hold
      >   claim_undecided queue on source by s1: visible is 0, inside for 0 s of 20 s
      > 0:55 ready is hold
      >   claim_undecided queue on source by s1: visible is 0, inside for 5 s of 20 s
      > 1:00 ready is hold
      >   claim_undecided queue on source by s1: visible is 0, inside for 10 s of 20 s
      > 1:05 ready is hold
      >   claim_undecided queue on source by s1: visible is 0, inside for 15 s of 20 s
      > 1:10 sync -> ready
      > 1:10 asked: cutover, for gate cutover
      > 1:10 gate ready opens, epoch 2
      > 1:10 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
1:15  nothing more
