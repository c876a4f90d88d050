# The checks that only ask whether it answers pass on both sides, and the new one answers wrongly: alive is not converged.
scenario login, critical, both: 2 passes in a row
scenario parity, critical, both: rows_behind at most 0 for 10 s
gate ready: all, stable for 10 s

0:00  all pass
      > 0:00 prepare -> sync
      > 0:00 ready is unknown
      >   missing login on source by s1: s1 has not reported it
      >   missing login on target by t1: t1 has not reported it
      >   missing parity on source by s1: s1 has not reported it
      >   missing parity on target by t1: t1 has not reported it
0:00  parity reports on target: rows_behind 3, 3 rows of orders remain
      > 0:05 ready is hold
      >   claim_refuted parity on target by t1: rows_behind is 3, must be at most 0
      >   claim_undecided login on source by s1: 1 of 2 passes in a row
      >   claim_undecided login on target by t1: 1 of 2 passes in a row
      >   claim_undecided parity on source by s1: rows_behind is 0, inside for 0 s of 10 s
      >   switching now loses 3 rows of orders
      > 0:10 ready is hold
      >   claim_refuted parity on target by t1: rows_behind is 3, must be at most 0
      >   claim_undecided parity on source by s1: rows_behind is 0, inside for 5 s of 10 s
      >   switching now loses 3 rows of orders
      > 0:15 ready is hold
      >   claim_refuted parity on target by t1: rows_behind is 3, must be at most 0
      >   switching now loses 3 rows of orders
0:40  parity passes
      > 0:45 ready is hold
      >   claim_undecided parity on target by t1: rows_behind is 0, inside for 0 s of 10 s
      > 0:50 ready is hold
      >   claim_undecided parity on target by t1: rows_behind is 0, inside for 5 s of 10 s
      > 0:55 ready is hold
      >   stable: all that it needs is proved; waiting for 10 s without a break
      > 1:05 sync -> ready
      > 1:05 asked: cutover, for gate cutover
      > 1:05 gate ready opens, epoch 2
      > 1:05 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
1:20  nothing more
