# A job ran where it must not, and the spool that knew of it is thrown away: nobody knows, and that holds and ends the go
# until the side is proved to be quiet again.
scenario login, critical, both: 1 pass in a row
scenario cron, important, both: owner source then target for 20
owner invoices, job, source then target, seen by cron, measure runs.invoices
gate ready: login
gate cutover: decision cutover

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
0:32  olga says go on cutover
      > 0:32 cutover: go, by olga, complete
      > 0:32 gate cutover opens, epoch 3
      > 0:32 cutover is open: 1 scenario is proved: gate cutover is open
0:33  target/t1 loses its link
0:34  cron reports on target: writes 0, runs.invoices 1
0:36  target/t1 throws away its spool
0:36  cron reports on target: writes 0, runs.invoices 0
0:37  target/t1 reconnects
      > 0:40 gate ready shuts, epoch 2
      > 0:40 gate cutover shuts, epoch 3
      > 0:40 cutover is hold
      >   ownership cron on target: what t1 told between 2027-01-15 08:00:29 UTC and 2027-01-15 08:00:40 UTC is lost or does not count, and nobody knows whether job invoices ran on target then: source alone owns it until the switch
      >   decision cutover: cutover is void: since it was given, what t1 told between 2027-01-15 08:00:29 UTC and 2027-01-15 08:00:40 UTC is lost or does not count, and nobody knows whether job invoices ran on target then: source alone owns it until the switch
      > 1:00 gate ready opens, epoch 4
      > 1:00 cutover is hold
      >   decision cutover: cutover is void: since it was given, what t1 told between 2027-01-15 08:00:29 UTC and 2027-01-15 08:00:40 UTC is lost or does not count, and nobody knows whether job invoices ran on target then: source alone owns it until the switch; it waits for olga (or ben) again
      > 1:05 asked: cutover, for gate cutover
1:10  pipeline confirms with the first token
      > 1:10 refused, GATE_SHUT: gate cutover is shut: decision cutover: cutover is void: since it was given, what t1 told between 2027-01-15 08:00:29 UTC and 2027-01-15 08:00:40 UTC is lost or does not count, and nobody knows whether job invoices ran on target then: source alone owns it until the switch; it waits for olga (or ben) again
