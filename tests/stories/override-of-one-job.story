# One job runs on both sides, and people pass over that. When another job does the same, they have not passed over that one.
scenario login, critical, both: 1 pass in a row
scenario cron, important, both: owner source then target for 20
owner invoices, job, source then target, seen by cron, measure runs.invoices
owner mails, job, source then target, seen by cron, measure runs.mails
gate ready: login
gate cutover: decision cutover
override by olga, 1

0:00  all pass
      > 0:00 prepare -> sync
      > 0:00 ready is unknown
      >   missing login on source by s1: s1 has not reported it
      >   missing login on target by t1: t1 has not reported it
      >   ownership cron on source: cron does not tell by runs.invoices whether invoices runs on source
      >   ownership cron on target: cron does not tell by runs.invoices whether invoices runs on target
      >   ownership cron on source: cron does not tell by runs.mails whether mails runs on source
      >   ownership cron on target: cron does not tell by runs.mails whether mails runs on target
0:00  cron reports on source: writes 0, runs.invoices 0, runs.mails 0
0:00  cron reports on target: writes 0, runs.invoices 0, runs.mails 0
      > 0:05 sync -> ready
      > 0:05 asked: cutover, for gate cutover
      > 0:05 gate ready opens, epoch 2
      > 0:05 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
0:11  cron reports on source: writes 0, runs.invoices 1, runs.mails 1
0:11  cron reports on target: writes 1, runs.invoices 1, runs.mails 0
      > 0:15 gate ready shuts, epoch 2
      > 0:15 cutover is hold
      >   ownership cron on target: job invoices runs on source and on target: source alone owns it until the switch
      >   decision cutover: cutover is not given by olga (or ben): 0 of 1 voice
0:20  olga overrides ownership at cutover: those invoices are of a test
      > 0:20 gate cutover is overridden for ownership, by olga, complete
      > 0:20 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
0:21  olga says go on cutover
      > 0:21 cutover: go, by olga, complete
      > 0:21 gate cutover opens, epoch 4
      > 0:21 cutover is open: 1 scenario is proved: gate cutover is open over 1 overridden hold (ownership)
0:22  the overrides are told
      > 0:22 gate cutover: ownership overridden by olga until 30:20: those invoices are of a test (cron ownership on target)
0:26  cron reports on target: writes 2, runs.invoices 1, runs.mails 1
      > 0:30 gate cutover shuts, epoch 4
      > 0:30 cutover is hold
      >   ownership cron on target: job invoices runs on source and on target: source alone owns it until the switch; olga overrode cron ownership on target, which counts no longer since cron ownership on target is worse
      >   ownership cron on target: job mails runs on source and on target: source alone owns it until the switch; olga overrode cron ownership on target, which counts no longer since cron ownership on target is worse
      >   decision cutover: cutover is void: the evidence it was given on changed
0:31  pipeline confirms
      > 0:31 refused, GATE_SHUT: gate cutover is shut: ownership cron on target: job invoices runs on source and on target: source alone owns it until the switch; olga overrode cron ownership on target, which counts no longer since cron ownership on target is worse
0:40  the overrides are told
      > 0:40 gate cutover: ownership overridden by olga until 0:30: those invoices are of a test (cron ownership on target; no longer: cron ownership on target)
