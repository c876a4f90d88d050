# What a phase does not run it does not ask: once the move is complete nothing is counted against anybody, nothing that
# only a later phase runs is missing before it, and whoever waits for another gate is told that it never opens.
observe 0 s
watch 30 s
scenario login, important, both, during sync ready cutover watch: success margin 50 outage 30 slo 50
scenario rows, critical, target, during sync ready watch: 2 passes in a row
scenario back, critical, source, during rolling-back: 1 pass in a row
gate ready: rows
gate cutover: decision cutover
gate committed: rows, decision commit
gate rolled-back: back
decision commit by: olga, 1

0:00  all pass
      > 0:00 prepare -> sync
      > 0:00 ready is unknown
      >   missing rows on target by t1: t1 has not reported it (and 1 agent like it)
      > 0:05 ready is hold
      >   claim_undecided rows on target by t1: 1 of 2 passes in a row (and 1 agent like it)
      > 0:10 sync -> ready
      > 0:10 asked: cutover, for gate cutover
      > 0:10 gate ready opens, epoch 2
      > 0:10 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
0:20  the checks are told
      > 0:20 back: source not asked in phase ready
      > 0:20 login is missing: source the first slot has not closed yet; target the first slot has not closed yet
      > 0:20 rows is proved: target 2 of 2 passes in a row
0:31  olga says go on cutover
      > 0:31 cutover: go, by olga, complete
      > 0:31 gate cutover opens, epoch 3
      > 0:31 cutover is open: 1 scenario is proved: gate cutover is open
0:32  pipeline confirms
      > 0:32 ready -> cutover, by pipeline
      > 0:32 watch is hold
      >   switch: nobody has reported yet that traffic is on the target
0:34  pipeline reports target
      > 0:34 traffic is on the target, by pipeline
      > 0:34 cutover -> watch
      > 0:34 committed is unknown
      >   missing rows on target by t1: t1 has not reported it (and 1 agent like it)
      >   decision commit: commit is not given by olga: 0 of 1 voice
      >   watch: the watch after the switch lasts 30 s
      > 0:35 committed is hold
      >   claim_undecided rows on target by t1: 1 of 2 passes in a row (and 1 agent like it)
      >   decision commit: commit is not given by olga: 0 of 1 voice
      >   watch: the watch after the switch lasts 30 s
      > 0:40 committed is hold
      >   decision commit: commit is not given by olga: 0 of 1 voice
      >   watch: the watch after the switch lasts 30 s
      > 1:04 asked: commit, for gate committed
      > 1:04 committed is hold
      >   decision commit: waits for olga to decide commit: 0 of 1 voice
1:20  olga says go on commit
      > 1:20 commit: go, by olga, complete
      > 1:20 watch -> committed, by olga
      > 1:20 committed is open: the migration is committed
1:50  the checks are told
      > 1:50 back: source not asked in phase committed
      > 1:50 login: source not asked in phase committed; target not asked in phase committed
      > 1:50 rows: target not asked in phase committed
1:50  the gate ready is told
      > 1:50 ready is hold for ever: the migration is committed: gate ready can never open any more
1:50  the gate rolled-back is told
      > 1:50 rolled-back is hold for ever: the migration is committed: gate rolled-back can never open any more
1:50  the gate committed is told
      > 1:50 committed is open: the migration is committed
2:00  the report is told
      > 2:00 the report: committed, plan revision 1
      >   prepare from 0 s to 0 s
      >   sync from 0 s to 10 s
      >   ready from 10 s to 32 s
      >   cutover from 32 s to 34 s
      >   watch from 34 s to 80 s
      >   committed from 80 s to now
      >   back: never asked; held a gate for 0 s at most
      >   login: sync missing 10 s, ready undecided 7 s, ready missing 15 s, cutover undecided 2 s, watch undecided 25 s, watch missing 21 s; held a gate for 0 s at most
      >   rows: sync undecided 5 s, sync missing 5 s, ready proved 22 s, watch proved 40 s, watch undecided 5 s, watch missing 1 s; held a gate for 10 s at most
      >   the way back ended at 80 s: the migration was called complete
      >   well again since the switch: after 6 s
