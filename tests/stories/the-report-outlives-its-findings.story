# What agents said of themselves stays in the report, and once the migration has ended it says the same without findings.
scenario login, critical, both: 2 passes in a row
gate ready: all
gate cutover: decision cutover

0:00  all pass
      > 0:00 prepare -> sync
      > 0:00 ready is unknown
      >   missing login on source by s1: s1 has not reported it
      >   missing login on target by t1: t1 has not reported it
      > 0:05 ready is hold
      >   claim_undecided login on source by s1: 1 of 2 passes in a row
      >   claim_undecided login on target by t1: 1 of 2 passes in a row
      > 0:10 sync -> ready
      > 0:10 asked: cutover, for gate cutover
      > 0:10 gate ready opens, epoch 2
      > 0:10 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
0:12  target/t1 warns: UNSIGNED components are let run here
      > 0:12 filed: 1 said
0:13  target/t1 warns: UNSIGNED components are let run here
      > 0:13 nothing to record
0:14  login cannot see: what a browser draws
      > 0:14 filed: 1 said
0:15  target/t1 falls silent
      > 0:26 gate ready shuts, epoch 2
      > 0:26 ready -> sync
      > 0:26 told: target/t1 is lost
      > 0:26 ready is unknown
      >   agents on target: 0 of at least 1 agent on target online
      > 0:29 ready is unknown
      >   agents on target: 0 of at least 1 agent on target online
      >   stale login on target by t1: t1 has not reported it for more than 13 s
0:35  olga aborts: not tonight
      > 0:35 sync -> aborted, by olga
      > 0:35 aborted is rollback
0:36  target/t1 warns: whatever it says now
      > 0:36 nothing to record
0:40  the report is told
      > 0:40 the report: aborted, plan revision 1
      >   prepare from 0 s to 0 s
      >   sync from 0 s to 10 s
      >   ready from 10 s to 26 s
      >   sync from 26 s to 35 s
      >   aborted from 35 s to now
      >   login: sync proved 3 s, sync undecided 5 s, sync stale 6 s, sync missing 5 s, ready proved 16 s; held a gate for 10 s at most
      >   target/t1 was silent since 25 s, for good
      >   well again since the switch: not proved again
      >   login cannot see since 14 s: what a browser draws
      >   target/t1 warns since 12 s: UNSIGNED components are let run here
0:50  the findings are dropped
1:20  the report is told
      > 1:20 the report: aborted, plan revision 1
      >   prepare from 0 s to 0 s
      >   sync from 0 s to 10 s
      >   ready from 10 s to 26 s
      >   sync from 26 s to 35 s
      >   aborted from 35 s to now
      >   login: sync proved 3 s, sync undecided 5 s, sync stale 6 s, sync missing 5 s, ready proved 16 s; held a gate for 10 s at most
      >   target/t1 was silent since 25 s, for good
      >   well again since the switch: not proved again
      >   login cannot see since 14 s: what a browser draws
      >   target/t1 warns since 12 s: UNSIGNED components are let run here
