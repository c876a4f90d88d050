# People pass over a check that is not shown, and later it is shown to be wrong: nobody passed over that. The override ends, the
# approval that was given over it dies, and the hold says so. It does not come back when the check is merely stale again.
scenario login, critical, both: 1 pass in a row
scenario report, important, both: 3 passes in a row
gate ready: all
gate cutover: decision cutover
override by olga ben, 2

0:00  all pass
      > 0:00 prepare -> sync
      > 0:00 ready is unknown
      >   missing login on source by s1: s1 has not reported it
      >   missing login on target by t1: t1 has not reported it
      >   missing report on source by s1: s1 has not reported it
      >   missing report on target by t1: t1 has not reported it
0:00  report is silent on target
      > 0:05 ready is unknown
      >   claim_undecided report on source by s1: 1 of 3 passes in a row
      >   missing report on target by t1: t1 has not reported it
      > 0:10 ready is unknown
      >   claim_undecided report on source by s1: 2 of 3 passes in a row
      >   missing report on target by t1: t1 has not reported it
      > 0:15 ready is unknown
      >   missing report on target by t1: t1 has not reported it
0:20  olga overrides report at ready: its agent is new
      > 0:20 gate ready is overridden for report, by olga
0:21  ben overrides report at ready: its agent is new
      > 0:21 gate ready is overridden for report, by ben, complete
      > 0:21 sync -> ready
      > 0:21 gate ready opens, epoch 3
      > 0:21 cutover is unknown
      >   missing report on target by t1: t1 has not reported it
      >   decision cutover: cutover is not given by olga (or ben): 0 of 1 voice
0:22  olga overrides report at cutover: its agent is new
      > 0:22 gate cutover is overridden for report, by olga
0:23  ben overrides report at cutover: I know that agent
      > 0:23 gate cutover is overridden for report, by ben, complete
      > 0:23 asked: cutover, for gate cutover
      > 0:23 gate ready opens, epoch 5
      > 0:23 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
0:24  olga says go on cutover
      > 0:24 cutover: go, by olga, complete
      > 0:24 gate cutover opens, epoch 6
      > 0:24 cutover is open: 1 scenario is proved: gate cutover is open over 1 overridden hold (report)
0:25  the overrides are told
      > 0:25 gate ready: report overridden by ben olga until 30:21: its agent is new (report missing on target)
      > 0:25 gate cutover: report overridden by ben olga until 30:23: I know that agent (report missing on target)
0:31  report fails on target: the totals differ
      > 0:35 gate ready shuts, epoch 5
      > 0:35 gate cutover shuts, epoch 6
      > 0:35 ready -> sync
      > 0:35 ready is hold
      >   claim_refuted report on target by t1: the last run failed: the totals differ; ben and olga overrode report missing on target, which counts no longer since report refuted on target is worse
0:36  pipeline confirms
      > 0:36 refused, WRONG_PHASE: the migration is in sync; a cutover is confirmed once, in ready
0:37  report is silent on target
      > 0:49 ready is unknown
      >   stale report on target by t1: t1 has not reported it for more than 13 s; ben and olga overrode report missing on target, which counts no longer since report refuted on target is worse
1:10  the overrides are told
      > 1:10 gate ready: report overridden by ben olga until 0:35: its agent is new (report missing on target; no longer: report refuted on target)
      > 1:10 gate cutover: report overridden by ben olga until 0:35: I know that agent (report missing on target; no longer: report refuted on target)
1:11  olga overrides report at ready: it is only slow
      > 1:11 gate ready is overridden for report, by olga
1:12  report fails on target: the totals differ
      > 1:15 ready is hold
      >   claim_refuted report on target by t1: the last run failed: the totals differ; ben and olga overrode report missing on target, which counts no longer since report refuted on target is worse
1:17  ben overrides report at ready: it is only slow
      > 1:17 gate ready is overridden for report, by ben
1:18  the overrides are told
      > 1:18 gate ready: report overridden by ben olga until 0:35: its agent is new (report missing on target; no longer: report refuted on target)
      > 1:18 gate cutover: report overridden by ben olga until 0:35: I know that agent (report missing on target; no longer: report refuted on target)
      > 1:18 gate ready: report not complete by olga until 1:15: it is only slow (report stale on target; no longer: report refuted on target)
      > 1:18 gate ready: report not complete by ben until 31:17: it is only slow (report refuted on target)
1:20  olga overrides report at ready: I have seen that the totals differ
      > 1:20 gate ready is overridden for report, by olga, complete
      > 1:20 sync -> ready
      > 1:20 gate ready opens, epoch 8
      > 1:20 cutover is hold
      >   claim_refuted report on target by t1: the last run failed: the totals differ; ben and olga overrode report missing on target, which counts no longer since report refuted on target is worse
      >   decision cutover: cutover is void: the evidence it was given on changed
1:21  report is silent on target
      > 1:34 cutover is unknown
      >   stale report on target by t1: t1 has not reported it for more than 13 s; ben and olga overrode report missing on target, which counts no longer since report refuted on target is worse
      >   decision cutover: cutover is void: the evidence it was given on changed
1:40  the overrides are told
      > 1:40 gate ready: report overridden by ben olga until 0:35: its agent is new (report missing on target; no longer: report refuted on target)
      > 1:40 gate cutover: report overridden by ben olga until 0:35: I know that agent (report missing on target; no longer: report refuted on target)
      > 1:40 gate ready: report not complete by olga until 1:15: it is only slow (report stale on target; no longer: report refuted on target)
      > 1:40 gate ready: report overridden by ben olga until 31:20: I have seen that the totals differ (report refuted on target)
1:41  report fails on source: the totals differ
      > 1:45 gate ready shuts, epoch 8
      > 1:45 ready -> sync
      > 1:45 ready is hold
      >   claim_refuted report on source by s1: the last run failed: the totals differ; ben and olga overrode report refuted on target, which counts no longer since report refuted on source is worse
      >   stale report on target by t1: t1 has not reported it for more than 13 s; ben and olga overrode report refuted on target, which counts no longer since report refuted on source is worse
1:46  nothing more
