# The old house is torn down with its agents before the move is called complete: what it still does cannot be seen.
scenario login, critical, both: 1 pass in a row
scenario mailer, important, both: owner source then target
gate ready: login
gate cutover: decision cutover
gate committed: login, mailer, decision commit
gate rolled-back: login
override by olga carla, 1
watch 10 s
window 600

0:00  all pass
      > 0:00 prepare -> sync
      > 0:00 ready is unknown
      >   missing login on source by s1: s1 has not reported it
      >   missing login on target by t1: t1 has not reported it
0:00  mailer reports: writes 0
      > 0:05 sync -> ready
      > 0:05 asked: cutover, for gate cutover
      > 0:05 gate ready opens, epoch 2
      > 0:05 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
0:30  olga says go on cutover
      > 0:30 cutover: go, by olga, complete
      > 0:30 gate cutover opens, epoch 3
      > 0:30 cutover is open: 1 scenario is proved: gate cutover is open
0:31  pipeline confirms
      > 0:31 ready -> cutover, by pipeline
      > 0:31 watch is hold
      >   switch: nobody has reported yet that traffic is on the target
0:32  pipeline reports target
      > 0:32 traffic is on the target, by pipeline
      > 0:32 cutover -> watch
      > 0:32 committed is unknown
      >   missing login on source by s1: s1 has not reported it
      >   missing login on target by t1: t1 has not reported it
      >   missing mailer on source: nothing was reported yet
      >   decision commit: commit is not given by olga or carla (or ben): 0 of 2 voices
      > 0:35 committed is hold
      >   claim_undecided mailer on source: quiet for 0 s of 20 s
      >   decision commit: commit is not given by olga or carla (or ben): 0 of 2 voices
      > 0:40 committed is hold
      >   claim_undecided mailer on source: quiet for 5 s of 20 s
      >   decision commit: commit is not given by olga or carla (or ben): 0 of 2 voices
      > 0:45 committed is hold
      >   claim_undecided mailer on source: quiet for 10 s of 20 s
      >   decision commit: commit is not given by olga or carla (or ben): 0 of 2 voices
      > 0:50 committed is hold
      >   claim_undecided mailer on source: quiet for 15 s of 20 s
      >   decision commit: commit is not given by olga or carla (or ben): 0 of 2 voices
      > 0:55 asked: commit, for gate committed
      > 0:55 committed is hold
      >   decision commit: waits for olga or carla (or ben) to decide commit: 0 of 2 voices
1:10  source/s1 falls silent
      > 1:21 told: source/s1 is lost
      > 1:21 committed is unknown
      >   unseen on source: no agent on source is online, so nobody sees login and mailer there; whoever knows what became of source may override unseen by name
      >   decision commit: commit is not given by olga or carla (or ben): 0 of 2 voices
2:10  olga overrides login mailer at committed: it is gone
      > 2:10 refused, INCOMPLETE: nothing at gate committed is held by login, mailer; what may be overridden: unseen
2:20  olga overrides unseen at committed: the old house has no power any more
      > 2:20 gate committed is overridden for unseen, by olga, complete
      > 2:20 asked: commit, for gate committed
      > 2:20 committed is hold
      >   decision commit: waits for olga or carla (or ben) to decide commit: 0 of 2 voices
2:30  olga says go on commit
      > 2:30 commit: go, by olga
      > 2:30 committed is hold
      >   decision commit: waits for carla (or ben) to decide commit: 1 of 2 voices
2:31  carla says go on commit
      > 2:31 commit: go, by carla, complete
      > 2:31 watch -> committed, by carla
      > 2:31 committed is open: the migration is committed over 1 overridden hold (unseen)
2:40  nothing more
