# After the switch a forgotten job still writes to the old side: the move is not complete.
scenario login, critical, both: 1 pass in a row
scenario old-side-quiet, critical, source: rows_written at most 0 for 15 s
gate ready: login
gate cutover: decision cutover
gate committed: all, decision commit
decision commit by: olga, 1

0:00  all pass
      > 0:00 prepare -> sync
      > 0:00 ready is unknown
      >   missing login on source by s1: s1 has not reported it
      >   missing login on target by t1: t1 has not reported it
      > 0:05 sync -> ready
      > 0:05 asked: cutover, for gate cutover
      > 0:05 gate ready opens, epoch 2
      > 0:05 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
0:10  olga says go on cutover
      > 0:10 cutover: go, by olga, complete
      > 0:10 gate cutover opens, epoch 3
      > 0:10 cutover is open: 1 scenario is proved: gate cutover is open
0:12  pipeline confirms
      > 0:12 ready -> cutover, by pipeline
      > 0:12 watch is hold
      >   switch: nobody has reported yet that traffic is on the target
0:13  pipeline reports target
      > 0:13 traffic is on the target, by pipeline
      > 0:13 cutover -> watch
      > 0:13 committed is unknown
      >   missing login on source by s1: s1 has not reported it
      >   missing login on target by t1: t1 has not reported it
      >   missing old-side-quiet on source by s1: s1 has not reported it
      >   decision commit: commit is not given by olga: 0 of 1 voice
0:13  old-side-quiet reports: rows_written 12, 12 rows of table invoices by cron@old-db remain
      > 0:15 committed is hold
      >   claim_refuted old-side-quiet on source by s1: rows_written is 12, must be at most 0
      >   decision commit: commit is not given by olga: 0 of 1 voice
      >   switching now loses 12 rows of table invoices by cron@old-db
0:30  olga says go on commit
      > 0:30 refused, GATE_SHUT: the gate is held: claim_refuted old-side-quiet on source by s1: rows_written is 12, must be at most 0. Nothing was recorded
0:40  old-side-quiet passes
      > 0:45 committed is hold
      >   claim_undecided old-side-quiet on source by s1: rows_written is 0, inside for 0 s of 15 s
      >   decision commit: commit is not given by olga: 0 of 1 voice
      > 0:50 committed is hold
      >   claim_undecided old-side-quiet on source by s1: rows_written is 0, inside for 5 s of 15 s
      >   decision commit: commit is not given by olga: 0 of 1 voice
      > 0:55 committed is hold
      >   claim_undecided old-side-quiet on source by s1: rows_written is 0, inside for 10 s of 15 s
      >   decision commit: commit is not given by olga: 0 of 1 voice
      > 1:00 asked: commit, for gate committed
      > 1:00 committed is hold
      >   decision commit: waits for olga to decide commit: 0 of 1 voice
1:05  olga says go on commit
      > 1:05 commit: go, by olga, complete
      > 1:05 watch -> committed, by olga
      > 1:05 committed is open: the migration is committed
1:10  nothing more
