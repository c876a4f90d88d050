# Traffic is mirrored for a trial, and with it the mails go out twice: two sides do the same work.
scenario jobs, critical, both: runs at most 99
owner mailer, worker, source then target, seen by jobs, measure runs.mailer
gate ready: all
brief

0:00  jobs reports on source: runs 1, runs.mailer 1
      > 0:00 prepare -> sync
      > 0:00 ready is unknown
      >   missing jobs on source by s1: s1 has not reported it
      >   missing jobs on target by t1: t1 has not reported it
      >   ownership jobs on source: jobs does not tell by runs.mailer whether mailer runs on source
      >   ownership jobs on target: jobs does not tell by runs.mailer whether mailer runs on target
0:00  jobs reports on target: runs 0, runs.mailer 0
      > 0:05 sync -> ready
      > 0:05 asked: cutover, for gate cutover
      > 0:05 gate ready opens, epoch 2
      > 0:05 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
0:30  jobs reports on target: runs 1, runs.mailer 1
      > 0:35 gate ready shuts, epoch 2
      > 0:35 cutover is hold
      >   ownership jobs on target: worker mailer runs on source and on target: source alone owns it until the switch
      >   decision cutover: cutover is not given by olga (or ben): 0 of 1 voice
1:00  jobs reports on target: runs 0, runs.mailer 0
1:30  nothing more
