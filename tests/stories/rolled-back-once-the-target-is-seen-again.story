# What was passed over since nobody saw it is judged again as soon as somebody sees it: an override hides no job that runs.
scenario login, critical, both: 1 pass in a row
scenario mailer, important, both: owner source then target
gate ready: login
gate cutover: decision cutover
gate committed: login, decision commit
gate rolled-back: login, mailer
override by olga carla, 1
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
      >   decision commit: commit is not given by olga or carla (or ben): 0 of 2 voices
      > 0:35 asked: commit, for gate committed
      > 0:35 committed is hold
      >   decision commit: waits for olga or carla (or ben) to decide commit: 0 of 2 voices
1:00  target/t1 falls silent
      > 1:11 told: target/t1 is lost
      > 1:11 committed is unknown
      >   agents on target: 0 of at least 1 agent on target online
      >   decision commit: commit is not given by olga or carla (or ben): 0 of 2 voices
      > 1:14 committed is unknown
      >   agents on target: 0 of at least 1 agent on target online
      >   stale login on target by t1: t1 has not reported it for more than 13 s
      >   decision commit: commit is not given by olga or carla (or ben): 0 of 2 voices
1:20  ben says go on rollback: the target is down
      > 1:20 rollback: go, by ben, complete
      > 1:20 watch -> rolling-back, by ben
      > 1:20 rolled-back is unknown
      >   unseen on target: no agent on target is online, so nobody sees mailer there; whoever knows what became of target may override unseen by name
      >   switch: nobody has reported yet that traffic is on the source
1:40  olga overrides unseen at rolled-back: its machines are off
      > 1:40 gate rolled-back is overridden for unseen, by olga, complete
      > 1:40 rolled-back is hold
      >   switch: nobody has reported yet that traffic is on the source
1:42  mailer reports on target: writes 1
1:45  target/t1 is back
      > 1:48 told: target/t1 is back
1:50  pipeline reports source
      > 1:50 traffic is on the source, by pipeline
      > 1:50 rolled-back is unknown
      >   missing login on source by s1: s1 has not reported it
      >   missing mailer on target: nothing was reported yet
      > 1:55 rolled-back is hold
      >   claim_refuted mailer on target: somebody writes
2:30  mailer reports on target: writes 0
      > 2:35 rolled-back is hold
      >   claim_undecided mailer on target: quiet for 5 s of 51 s, attempt 9: each break makes it longer
      > 2:40 rolled-back is hold
      >   claim_undecided mailer on target: quiet for 10 s of 51 s, attempt 9: each break makes it longer
      > 2:45 rolled-back is hold
      >   claim_undecided mailer on target: quiet for 15 s of 51 s, attempt 9: each break makes it longer
      > 2:50 rolled-back is hold
      >   claim_undecided mailer on target: quiet for 20 s of 51 s, attempt 9: each break makes it longer
      > 2:55 rolled-back is hold
      >   claim_undecided mailer on target: quiet for 25 s of 51 s, attempt 9: each break makes it longer
      > 3:00 rolled-back is hold
      >   claim_undecided mailer on target: quiet for 30 s of 51 s, attempt 9: each break makes it longer
      > 3:05 rolled-back is hold
      >   claim_undecided mailer on target: quiet for 35 s of 51 s, attempt 9: each break makes it longer
      > 3:10 rolled-back is hold
      >   claim_undecided mailer on target: quiet for 40 s of 51 s, attempt 9: each break makes it longer
      > 3:15 rolled-back is hold
      >   claim_undecided mailer on target: quiet for 45 s of 51 s, attempt 9: each break makes it longer
      > 3:20 rolled-back is hold
      >   claim_undecided mailer on target: quiet for 50 s of 51 s, attempt 9: each break makes it longer
      > 3:25 rolling-back -> rolled-back
      > 3:25 rolled-back is open: the migration is rolled-back
3:30  nothing more
