# A plan may ask for proof before the watch begins; the clock of the way back runs from the switch.
scenario login, critical, both: 1 pass in a row
scenario queue, critical, source: visible at most 0 for 10 s
gate ready: login
gate cutover: decision cutover
gate watch: queue, deadline 20 s
gate committed: all, decision commit
gate retired: queue, stable for 10 s
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
0:06  olga says go on cutover
      > 0:06 cutover: go, by olga, complete
      > 0:06 gate cutover opens, epoch 3
      > 0:06 cutover is open: 1 scenario is proved: gate cutover is open
0:07  pipeline confirms
      > 0:07 ready -> cutover, by pipeline
      > 0:07 watch is hold
      >   claim_undecided queue on source by s1: visible is 0, inside for 0 s of 10 s
      >   switch: nobody has reported yet that traffic is on the target
0:08  queue reports: visible 2, 2 messages of orders remain
      > 0:10 watch is hold
      >   claim_refuted queue on source by s1: visible is 2, must be at most 0
      >   switch: nobody has reported yet that traffic is on the target
      >   switching now loses 2 messages of orders
0:10  pipeline reports target
      > 0:10 traffic is on the target, by pipeline
      > 0:10 watch is unknown
      >   missing queue on source by s1: s1 has not reported it
      > 0:15 watch is hold
      >   claim_refuted queue on source by s1: visible is 2, must be at most 0
      >   switching now loses 2 messages of orders
      > 0:28 watch is hold
      >   claim_refuted queue on source by s1: visible is 2, must be at most 0
      >   deadline: gate watch should have opened within 20 s: decide whether to go on or back
      >   switching now loses 2 messages of orders
0:40  queue passes
      > 0:45 watch is hold
      >   claim_undecided queue on source by s1: visible is 0, inside for 0 s of 10 s
      >   deadline: gate watch should have opened within 20 s: decide whether to go on or back
      > 0:50 watch is hold
      >   claim_undecided queue on source by s1: visible is 0, inside for 5 s of 10 s
      >   deadline: gate watch should have opened within 20 s: decide whether to go on or back
      > 0:55 cutover -> watch
      > 0:55 asked: commit, for gate committed
      > 0:55 gate watch opens, epoch 5
      > 0:55 committed is hold
      >   decision commit: waits for olga to decide commit: 0 of 1 voice
1:00  olga says go on commit
      > 1:00 commit: go, by olga, complete
      > 1:00 watch -> committed, by olga
      > 1:00 retired is hold
      >   stable: all that it needs is proved; waiting for 10 s without a break
      > 1:10 retired is hold
      >   not_removed on source by s1: agent s1 of source still has a certificate
      >   not_removed on target by t1: agent t1 of target still has a certificate
1:14  operator revokes source/s1
      > 1:14 source/s1 is revoked, by operator
      > 1:14 retired is hold
      >   not_removed on target by t1: agent t1 of target still has a certificate
1:15  operator revokes target/t1
      > 1:15 target/t1 is revoked, by operator
      > 1:15 committed -> retired
      > 1:15 retired is open: the migration is retired
1:20  nothing more
