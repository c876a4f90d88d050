# The old side still does its jobs, nobody asked whether it does, and the end needs everything to be gone.
scenario checkout, critical, target: 1 pass in a row
scenario old-jobs, minor, source: silent for 20
manual slots-dropped, ben, committed
gate ready: checkout
gate cutover: decision cutover
gate committed: checkout, decision commit
gate retired: old-jobs, stable for 20 s
decision commit by: olga, 1

0:00  all pass
      > 0:00 prepare -> sync
      > 0:00 ready is unknown
      >   missing checkout on target by t1: t1 has not reported it
0:00  old-jobs reports: writes 7
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
0:14  pipeline reports target
      > 0:14 traffic is on the target, by pipeline
      > 0:14 cutover -> watch
      > 0:14 committed is unknown
      >   missing checkout on target by t1: t1 has not reported it
      >   decision commit: commit is not given by olga: 0 of 1 voice
      > 0:15 asked: commit, for gate committed
      > 0:15 committed is hold
      >   decision commit: waits for olga to decide commit: 0 of 1 voice
      > 0:20 committed is hold
      >   claim_refuted old-jobs on source: somebody writes; going back may lose data: a person must decide; if it goes on: old-jobs breaks; for olga to end
      >   decision commit: commit is not given by olga: 0 of 1 voice
0:26  old-jobs reports: writes 8
0:31  olga says go on commit
      > 0:31 refused, GATE_SHUT: the gate is held: claim_refuted old-jobs on source: somebody writes; going back may lose data: a person must decide; if it goes on: old-jobs breaks; for olga to end. Nothing was recorded
0:31  old-jobs reports: writes 0, runs 0
      > 0:35 committed is hold
      >   decision commit: waits for olga to decide commit: 0 of 1 voice
      > 1:15 asked: commit, for gate committed
1:20  olga says go on commit
      > 1:20 commit: go, by olga, complete
      > 1:20 watch -> committed, by olga
      > 1:20 retired is hold
      >   manual slots-dropped: ben has not made it yet
1:40  ben makes slots-dropped: dropped
      > 1:40 slots-dropped done, by ben
      > 1:40 retired is hold
      >   stable: all that it needs is proved; waiting for 20 s without a break
      > 2:00 retired is hold
      >   not_removed on source by s1: agent s1 of source still has a certificate
      >   not_removed on target by t1: agent t1 of target still has a certificate
2:40  operator revokes source/s1
      > 2:40 source/s1 is revoked, by operator
      > 2:40 retired is hold
      >   not_removed on target by t1: agent t1 of target still has a certificate
2:50  operator revokes target/t1
      > 2:50 target/t1 is revoked, by operator
      > 2:50 committed -> retired
      > 2:50 retired is open: the migration is retired
3:00  nothing more
