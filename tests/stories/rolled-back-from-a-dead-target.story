# The target dies with its agents while it owned the jobs. Nobody can prove there that it runs none any more: whoever knows
# what became of it passes over that by name, with the plan's quorum, and over nothing else.
agents at least 1
scenario login, critical, both: 1 pass in a row
scenario mailer, important, both: owner source then target
gate ready: login
gate cutover: decision cutover
gate committed: login, decision commit
gate rolled-back: login, mailer
override by olga carla, 2
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
0:35  mailer reports on target: writes 1
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
1:25  pipeline reports source
      > 1:25 traffic is on the source, by pipeline
      > 1:25 rolled-back is unknown
      >   unseen on target: no agent on target is online, so nobody sees mailer there; whoever knows what became of target may override unseen by name
      >   missing login on source by s1: s1 has not reported it
      > 1:30 rolled-back is unknown
      >   unseen on target: no agent on target is online, so nobody sees mailer there; whoever knows what became of target may override unseen by name
2:00  olga overrides agents at rolled-back: it is gone
      > 2:00 refused, INCOMPLETE: nothing at gate rolled-back is held by agents; what may be overridden: unseen
2:10  olga overrides unseen at rolled-back: its machines are off
      > 2:10 gate rolled-back is overridden for unseen, by olga
2:11  carla overrides unseen at rolled-back: the rack has no power
      > 2:11 gate rolled-back is overridden for unseen, by carla, complete
      > 2:11 rolling-back -> rolled-back
      > 2:11 rolled-back is open: the migration is rolled-back over 1 overridden hold (unseen)
2:30  nothing more
