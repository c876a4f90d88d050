# PF25: `force` skips every test without saying which. Here people name each hold that they override, two of them
# say the same, it lasts for a while, and it stays on every later screen.
scenario login, critical, both: 1 pass in a row
scenario report, important, target: 2 passes in a row
manual backup, carla, sync
gate ready: all, backup
gate cutover: decision cutover, valid for 120 s
override by olga ben, 2

0:00  all pass
      > 0:00 prepare -> sync
      > 0:00 ready is unknown
      >   missing login on source by s1: s1 has not reported it
      >   missing login on target by t1: t1 has not reported it
      >   missing report on target by t1: t1 has not reported it
      >   manual backup: carla has not made it yet
0:02  report fails on target: the printer is out of ink
      > 0:05 ready is hold
      >   claim_refuted report on target by t1: the last run failed: the printer is out of ink
      >   manual backup: carla has not made it yet
0:20  olga overrides all at ready: we are late
      > 0:20 refused, INCOMPLETE: nothing at gate ready is held by all; what may be overridden: backup, report
0:21  olga overrides at ready: we are late
      > 0:21 refused, INCOMPLETE: an override names each hold that it is for: name them
0:22  olga overrides report login at ready: we are late
      > 0:22 refused, INCOMPLETE: nothing at gate ready is held by login; what may be overridden: backup, report
0:23  carla overrides report at ready: it is only ink
      > 0:23 refused, NOT_YOURS: carla may not override a hold; ask olga or ben
0:24  pipeline overrides report at ready: it is only ink
      > 0:24 refused, NOT_YOURS: pipeline may not override a hold; ask olga or ben
0:25  olga overrides report backup at ready: it is only ink, and the backup is on tape
      > 0:25 gate ready is overridden for backup report, by olga
0:26  olga overrides backup report at ready: once more
      > 0:26 gate ready is overridden for backup report, by olga
0:27  ben overrides report at ready: it is only ink
      > 0:27 gate ready is overridden for report, by ben
0:28  the overrides are told
      > 0:28 gate ready: backup report not complete by olga until 30:25: once more (report refuted on target, backup manual)
      > 0:28 gate ready: report not complete by ben until 30:27: it is only ink (report refuted on target)
0:30  ben overrides backup report at ready: I have seen the tape
      > 0:30 gate ready is overridden for backup report, by ben, complete
      > 0:30 sync -> ready
      > 0:30 gate ready opens, epoch 3
      > 0:30 cutover is hold
      >   claim_refuted report on target by t1: the last run failed: the printer is out of ink
      >   manual backup: carla has not made it yet
      >   decision cutover: cutover is not given by olga (or ben): 0 of 1 voice
0:35  olga says go on cutover
      > 0:35 refused, GATE_SHUT: the gate is held: claim_refuted report on target by t1: the last run failed: the printer is out of ink. Nothing was recorded
0:36  olga overrides report backup at cutover: it is only ink
      > 0:36 gate cutover is overridden for backup report, by olga
0:37  ben overrides report backup at cutover: it is only ink
      > 0:37 gate cutover is overridden for backup report, by ben, complete
      > 0:37 asked: cutover, for gate cutover
      > 0:37 gate ready opens, epoch 5
      > 0:37 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
0:40  olga says go on cutover
      > 0:40 cutover: go, by olga, complete
      > 0:40 gate cutover opens, epoch 6
      > 0:40 cutover is open: 1 scenario is proved: gate cutover is open over 2 overridden holds (backup, report)
0:45  carla holds: wait for me
      > 0:45 hold, by carla
      > 0:45 cutover is hold
      >   operator: carla pressed hold: wait for me
0:46  olga overrides operator at cutover: no
      > 0:46 refused, INCOMPLETE: operator is never overridden; what may be overridden: nothing
0:50  carla releases: here I am
      > 0:50 release, by carla
      > 0:50 gate ready opens, epoch 9
      > 0:50 gate cutover opens, epoch 10
      > 0:50 cutover is open: 1 scenario is proved: gate cutover is open over 2 overridden holds (backup, report)
0:52  login fails on target: sign-in refused
      > 0:55 gate ready shuts, epoch 9
      > 0:55 gate cutover shuts, epoch 10
      > 0:55 ready -> sync
      > 0:55 ready is hold
      >   claim_refuted login on target by t1: the last run failed: sign-in refused
1:00  olga overrides login at cutover: no
      > 1:00 refused, WRONG_PHASE: the migration is in sync; only the gate that stands next is overridden
1:05  login passes
      > 1:10 sync -> ready
      > 1:10 gate ready opens, epoch 11
      > 1:10 cutover is hold
      >   claim_refuted report on target by t1: the last run failed: the printer is out of ink
      >   decision cutover: cutover is void: the evidence it was given on changed
      >   manual backup: carla has not made it yet
1:20  the overrides are told
      > 1:20 gate ready: report not complete by ben until 30:27: it is only ink (report refuted on target)
      > 1:20 gate ready: backup report overridden by ben olga until 30:30: I have seen the tape (report refuted on target, backup manual)
      > 1:20 gate cutover: backup report overridden by ben olga until 0:55: it is only ink (report refuted on target, backup manual)
2:40  the overrides are told
      > 2:40 gate ready: report not complete by ben until 30:27: it is only ink (report refuted on target)
      > 2:40 gate ready: backup report overridden by ben olga until 30:30: I have seen the tape (report refuted on target, backup manual)
      > 2:40 gate cutover: backup report overridden by ben olga until 0:55: it is only ink (report refuted on target, backup manual)
