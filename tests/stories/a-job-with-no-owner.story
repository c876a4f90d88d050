# A job that nobody runs is a hold that names it: before the switch, in the watch once it is due, and at the last gates.
scenario login, critical, both: 1 pass in a row
scenario cron, important, both: owner source then target for 20
owner invoices, job, source then target, seen by cron, measure runs.invoices
gate ready: login
gate cutover: decision cutover
gate committed: login, decision commit
watch 1

0:00  all pass
      > 0:00 prepare -> sync
      > 0:00 ready is unknown
      >   missing login on source by s1: s1 has not reported it
      >   missing login on target by t1: t1 has not reported it
      >   ownership cron on source: cron does not tell by runs.invoices whether invoices runs on source
      >   ownership cron on target: cron does not tell by runs.invoices whether invoices runs on target
0:00  cron reports on source: writes 0, runs.invoices 1
0:00  cron reports on target: writes 0, runs.invoices 0
      > 0:05 sync -> ready
      > 0:05 asked: cutover, for gate cutover
      > 0:05 gate ready opens, epoch 2
      > 0:05 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
0:30  cron reports on source: writes 0, runs.invoices 0
      > 0:44 gate ready shuts, epoch 2
      > 0:44 cutover is hold
      >   ownership cron on source: nobody runs job invoices any more, which paused for 5 s at most: source owns it
      >   decision cutover: cutover is not given by olga (or ben): 0 of 1 voice
1:10  cron reports on source: writes 1, runs.invoices 1
      > 1:15 asked: cutover, for gate cutover
      > 1:15 gate ready opens, epoch 3
      > 1:15 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
1:30  olga says go on cutover
      > 1:30 cutover: go, by olga, complete
      > 1:30 gate cutover opens, epoch 4
      > 1:30 cutover is open: 1 scenario is proved: gate cutover is open
1:31  ben confirms
      > 1:31 ready -> cutover, by ben
      > 1:31 watch is hold
      >   switch: nobody has reported yet that traffic is on the target
1:33  cron reports on source: writes 0, runs.invoices 0
1:33  ben reports target
      > 1:33 traffic is on the target, by ben
      > 1:33 cutover -> watch
      > 1:33 committed is unknown
      >   ownership cron on target: nobody runs job invoices since the switch: target owns it
      >   missing login on source by s1: s1 has not reported it
      >   missing login on target by t1: t1 has not reported it
      >   decision commit: commit is not given by olga or carla (or ben): 0 of 2 voices
      > 1:35 committed is hold
      >   ownership cron on target: nobody runs job invoices since the switch: target owns it
      >   decision commit: commit is not given by olga or carla (or ben): 0 of 2 voices
2:10  cron reports on target: writes 1, runs.invoices 1
      > 2:15 asked: commit, for gate committed
      > 2:15 committed is hold
      >   decision commit: waits for olga or carla (or ben) to decide commit: 0 of 2 voices
2:30  cron reports on target: writes 0, runs.invoices 0
      > 3:03 told: the way back ends at 3:33
      > 3:34 told: the way back is closed: too late: the way back was open for 2 min after the switch
      > 4:01 committed is hold
      >   ownership cron on target: nobody runs job invoices any more, which paused for 45 s at most: target owns it
      >   decision commit: commit is not given by olga or carla (or ben): 0 of 2 voices
5:00  nothing more
