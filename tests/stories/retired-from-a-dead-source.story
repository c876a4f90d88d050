# The old house is torn down after the move is called complete, before it was quiet for long enough: nobody is left who could
# show that. Whoever has seen the empty rack passes over it by name; what else must be gone is asked as ever.
scenario checkout, critical, target: 1 pass in a row
scenario old-jobs, minor, source: silent for 20
manual slots-dropped, ben, committed
gate ready: checkout
gate cutover: decision cutover
gate committed: checkout, decision commit
gate retired: old-jobs, stable for 20 s
decision commit by: olga, 1
override by olga carla, 2

0:00  all pass
      > 0:00 prepare -> sync
      > 0:00 ready is unknown
      >   missing checkout on target by t1: t1 has not reported it
0:00  old-jobs reports: writes 0, runs 0
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
0:40  olga says go on commit
      > 0:40 commit: go, by olga, complete
      > 0:40 watch -> committed, by olga
      > 0:40 retired is hold
      >   manual slots-dropped: ben has not made it yet
0:42  source/s1 falls silent
      > 0:53 told: source/s1 is lost
      > 0:53 retired is unknown
      >   unseen on source: no agent on source is online, so nobody sees old-jobs there; whoever knows what became of source may override unseen by name
      >   manual slots-dropped: ben has not made it yet
1:10  ben makes slots-dropped: dropped
      > 1:10 slots-dropped done, by ben
      > 1:10 retired is unknown
      >   unseen on source: no agent on source is online, so nobody sees old-jobs there; whoever knows what became of source may override unseen by name
1:20  olga overrides unseen at retired: I stood before the empty rack
      > 1:20 gate retired is overridden for unseen, by olga
1:21  carla overrides unseen at retired: the disks are shredded
      > 1:21 gate retired is overridden for unseen, by carla, complete
      > 1:21 retired is hold
      >   stable: unseen overridden by carla and olga, all else that it needs is proved; waiting for 20 s without a break
1:30  the overrides are told
      > 1:30 gate retired: unseen overridden by carla olga until 31:21: the disks are shredded (unseen on source)
      > 1:41 retired is hold
      >   not_removed on source by s1: agent s1 of source still has a certificate
      >   not_removed on target by t1: agent t1 of target still has a certificate
2:00  operator revokes source/s1
      > 2:00 source/s1 is revoked, by operator
      > 2:00 retired is hold
      >   not_removed on target by t1: agent t1 of target still has a certificate
2:10  operator revokes target/t1
      > 2:10 target/t1 is revoked, by operator
      > 2:10 committed -> retired
      > 2:10 retired is open: the migration is retired over 1 overridden hold (unseen)
2:20  nothing more
