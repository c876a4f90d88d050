# What stays of a night: phases, states, an agent that was lost, when it was well again, how the way back ended.
scenario checkout, critical, both: 2 passes in a row
scenario rows, important, target: rows at least 1
gate ready: all
gate cutover: decision cutover
gate committed: all
gate rolled-back: checkout
window 60 s

0:00  all pass
      > 0:00 prepare -> sync
      > 0:00 ready is unknown
      >   missing checkout on source by s1: s1 has not reported it
      >   missing checkout on target by t1: t1 has not reported it
      >   missing rows on target by t1: t1 has not reported it
      > 0:05 ready is hold
      >   claim_undecided checkout on source by s1: 1 of 2 passes in a row
      >   claim_undecided checkout on target by t1: 1 of 2 passes in a row
      > 0:10 sync -> ready
      > 0:10 asked: cutover, for gate cutover
      > 0:10 gate ready opens, epoch 2
      > 0:10 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
0:12  target/t1 falls silent
      > 0:23 gate ready shuts, epoch 2
      > 0:23 ready -> sync
      > 0:23 told: target/t1 is lost
      > 0:23 ready is unknown
      >   agents on target: 0 of at least 1 agent on target online
      > 0:24 ready is unknown
      >   agents on target: 0 of at least 1 agent on target online
      >   stale checkout on target by t1: t1 has not reported it for more than 13 s
      >   stale rows on target by t1: t1 has not reported it for more than 13 s
0:40  target/t1 is back
      > 0:42 told: target/t1 is back
      > 0:42 ready is unknown
      >   stale checkout on target by t1: t1 has not reported it for more than 13 s
      >   stale rows on target by t1: t1 has not reported it for more than 13 s
      > 0:45 ready is hold
      >   claim_undecided checkout on target by t1: 1 of 2 passes in a row
      > 0:50 sync -> ready
      > 0:50 gate ready opens, epoch 3
      > 0:50 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
0:52  olga says go on cutover
      > 0:52 cutover: go, by olga, complete
      > 0:52 gate cutover opens, epoch 4
      > 0:52 cutover is open: 2 scenarios are proved: gate cutover is open
0:54  pipeline confirms
      > 0:54 ready -> cutover, by pipeline
      > 0:54 watch is hold
      >   switch: nobody has reported yet that traffic is on the target
0:56  pipeline reports target
      > 0:56 traffic is on the target, by pipeline
      > 0:56 cutover -> watch
      > 0:56 committed is unknown
      >   missing checkout on source by s1: s1 has not reported it
      >   missing checkout on target by t1: t1 has not reported it
      >   missing rows on target by t1: t1 has not reported it
      >   decision commit: commit is not given by olga or carla (or ben): 0 of 2 voices
0:56  rows fails on target: no rows
      > 1:00 committed is hold
      >   claim_refuted rows on target by t1: the last run failed: no rows
      >   claim_undecided checkout on source by s1: 1 of 2 passes in a row
      >   claim_undecided checkout on target by t1: 1 of 2 passes in a row
      >   decision commit: commit is not given by olga or carla (or ben): 0 of 2 voices
      > 1:05 committed is hold
      >   claim_refuted rows on target by t1: the last run failed: no rows
      >   decision commit: commit is not given by olga or carla (or ben): 0 of 2 voices
1:10  rows passes
      > 1:15 asked: commit, for gate committed
      > 1:15 committed is hold
      >   decision commit: waits for olga or carla (or ben) to decide commit: 0 of 2 voices
      > 1:26 told: the way back ends at 1:56
1:30  the report is told
      > 1:30 the report: watch, plan revision 1
      >   prepare from 0 s to 0 s
      >   sync from 0 s to 10 s
      >   ready from 10 s to 23 s
      >   sync from 23 s to 50 s
      >   ready from 50 s to 54 s
      >   cutover from 54 s to 56 s
      >   watch from 56 s to now
      >   checkout: sync proved 1 s, sync undecided 10 s, sync stale 21 s, sync missing 5 s, ready proved 17 s, cutover proved 2 s, watch proved 25 s, watch undecided 5 s, watch missing 4 s; held a gate for 26 s at most
      >   rows: sync proved 11 s, sync stale 21 s, sync missing 5 s, ready proved 17 s, cutover proved 2 s, watch proved 15 s, watch refuted 15 s, watch missing 4 s; held a gate for 21 s at most
      >   target/t1 was silent since 22 s, until 42 s
      >   well again since the switch: after 19 s
1:31  the plan changes: gate committed: checkout
      > 1:31 plan revision 2, by olga
      > 1:57 told: the way back is closed: too late: the way back was open for 60 s after the switch
2:00  operator revokes source/s1
      > 2:00 source/s1 is revoked, by operator
      > 2:00 committed is unknown
      >   unseen on source: no agent on source is online, so nobody sees checkout there; whoever knows what became of source may override unseen once the plan has a decision override
      >   decision commit: commit is not given by olga or carla (or ben): 0 of 2 voices
2:10  the report is told
      > 2:10 the report: watch, plan revision 2
      >   prepare from 0 s to 0 s
      >   sync from 0 s to 10 s
      >   ready from 10 s to 23 s
      >   sync from 23 s to 50 s
      >   ready from 50 s to 54 s
      >   cutover from 54 s to 56 s
      >   watch from 56 s to now
      >   checkout: sync proved 1 s, sync undecided 10 s, sync stale 21 s, sync missing 5 s, ready proved 17 s, cutover proved 2 s, watch proved 56 s, watch undecided 5 s, watch missing 13 s; held a gate for 26 s at most
      >   rows: sync proved 11 s, sync stale 21 s, sync missing 5 s, ready proved 17 s, cutover proved 2 s, watch proved 55 s, watch refuted 15 s, watch missing 4 s; held a gate for 21 s at most
      >   target/t1 was silent since 22 s, until 42 s
      >   source/s1 was revoked since 120 s, for good as agreed
      >   the way back ended at 116 s: its window of 60 s was over
      >   well again since the switch: after 19 s
