# A job runs on both sides, then on none: each is a hold that names it, after the switch and after going back.
scenario login, critical, both: 1 pass in a row
scenario cron, important, both: owner source then target for 20
owner invoices, job, source then target, seen by cron, measure runs.invoices
gate ready: login
gate cutover: decision cutover
gate committed: login, decision commit
gate rolled-back: login
watch 1

0:00  all pass
      > 0:00 prepare -> sync
      > 0:00 ready is unknown
      >   missing login on source by s1: s1 has not reported it
      >   missing login on target by t1: t1 has not reported it
      >   ownership cron on source: cron does not tell by runs.invoices whether invoices runs on source
      >   ownership cron on target: cron does not tell by runs.invoices whether invoices runs on target
0:00  cron reports on source: writes 0, runs.invoices 0
0:00  cron reports on target: writes 0, runs.invoices 0
      > 0:05 sync -> ready
      > 0:05 asked: cutover, for gate cutover
      > 0:05 gate ready opens, epoch 2
      > 0:05 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
0:11  cron reports on source: writes 0, runs.invoices 1
0:11  cron reports on target: writes 1, runs.invoices 1
      > 0:15 gate ready shuts, epoch 2
      > 0:15 cutover is hold
      >   ownership cron on target: job invoices runs on source and on target: source alone owns it until the switch
      >   decision cutover: cutover is not given by olga (or ben): 0 of 1 voice
0:21  cron reports on target: writes 0, runs.invoices 0
      > 1:00 gate ready opens, epoch 3
      > 1:00 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
      > 1:05 asked: cutover, for gate cutover
2:00  olga says go on cutover
      > 2:00 cutover: go, by olga, complete
      > 2:00 gate cutover opens, epoch 4
      > 2:00 cutover is open: 1 scenario is proved: gate cutover is open
2:01  ben confirms
      > 2:01 ready -> cutover, by ben
      > 2:01 watch is hold
      >   switch: nobody has reported yet that traffic is on the target
2:02  cron reports on source: writes 0, runs.invoices 0
2:02  ben reports target
      > 2:02 traffic is on the target, by ben
      > 2:02 cutover -> watch
      > 2:02 committed is unknown
      >   ownership cron on target: nobody runs job invoices since the switch: target owns it
      >   missing login on source by s1: s1 has not reported it
      >   missing login on target by t1: t1 has not reported it
      >   decision commit: commit is not given by olga or carla (or ben): 0 of 2 voices
      > 2:05 committed is hold
      >   ownership cron on target: nobody runs job invoices since the switch: target owns it
      >   decision commit: commit is not given by olga or carla (or ben): 0 of 2 voices
2:40  cron reports on target: writes 0, runs.invoices 1
      > 2:45 asked: commit, for gate committed
      > 2:45 committed is hold
      >   decision commit: waits for olga or carla (or ben) to decide commit: 0 of 2 voices
2:50  cron reports on source: writes 1, runs.invoices 1
      > 2:55 committed is hold
      >   ownership cron on source: job invoices runs on target and on source: target alone owns it after the switch; for olga or carla to end
      >   claim_refuted cron on source: somebody writes; going back may lose data: a person must decide; if it goes on: cron breaks; for olga or carla to end
      >   decision commit: commit is not given by olga or carla (or ben): 0 of 2 voices
3:00  cron reports on source: writes 0, runs.invoices 0
3:00  cron reports on target: writes 0, runs.invoices 0
3:01  ben says go on rollback: invoices are sent twice
      > 3:01 rollback: go, by ben, complete
      > 3:01 watch -> rolling-back, by ben
      > 3:01 rolled-back is hold
      >   ownership cron on source: job invoices runs on target and on source: target alone owns it after the switch
      >   switch: nobody has reported yet that traffic is on the source
3:03  ben reports source
      > 3:03 traffic is on the source, by ben
      > 3:03 rolled-back is unknown
      >   ownership cron on source: nobody runs job invoices since going back: source owns it
      >   missing login on source by s1: s1 has not reported it
      > 3:05 rolled-back is hold
      >   ownership cron on source: nobody runs job invoices since going back: source owns it
3:30  cron reports on target: writes 1, runs.invoices 1
      > 3:35 rolled-back is hold
      >   ownership cron on target: job invoices runs on target, and source owns it after going back
3:40  cron reports on target: writes 0, runs.invoices 0
      > 4:20 rolled-back is hold
      >   ownership cron on source: nobody runs job invoices since going back: source owns it
4:40  cron reports on source: writes 1, runs.invoices 1
      > 4:45 rolling-back -> rolled-back
      > 4:45 rolled-back is open: the migration is rolled-back
5:00  nothing more
