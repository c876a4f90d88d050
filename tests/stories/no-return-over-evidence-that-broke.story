# A step was proved, and what proved it broke while nobody went on. Whoever passes the point of no return rests on every
# step before it, so what proved them is so at that moment, by fresh rounds as ever.
brief
scenario login, critical, both: 1 pass in a row
scenario writers, important, both: silent for 20
gate ready: login
gate cutover: decision cutover
gate committed: login, decision commit
step fence, fence, ben: run, undo, planned 5 s, deadline 40 s
step catch-up, catch-up, ben: after login, planned 5 s, deadline 40 s
step no-return, point-of-no-return, olga
step open, open, ben: run, planned 2 s
step traffic, route, ben: run, undo, weights 100, after login, bake 5 s

0:00  all pass
      > 0:00 prepare -> sync
      > 0:00 ready is unknown
      >   missing login on source by s1: s1 has not reported it
      >   missing login on target by t1: t1 has not reported it
0:00  writers reports: writes 0
      > 0:05 sync -> ready
      > 0:05 asked: cutover, for gate cutover
      > 0:05 gate ready opens, epoch 2
      > 0:05 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
0:06  olga says go on cutover
      > 0:06 cutover: go, by olga, complete
      > 0:06 gate cutover opens, epoch 3
      > 0:06 cutover is open: 1 scenario is proved: gate cutover is open
0:07  ben confirms
      > 0:07 ready -> cutover, by ben
      > 0:07 watch is hold
      >   run: the runbook of the cutover is not walked yet
0:08  ben begins cutover
      > 0:08 run 1 of cutover begins, lease 1, by ben
      > 0:08 watch is hold
      >   run: run 1 is not at its end: fence is next
0:10  ben carries part 0
      > 0:10 part 0 begins
      > 0:10 part 0: done, durable, by ben
      > 0:10 watch is hold
      >   run: run 1 is not at its end: fence is under way
      > 0:20 part 0 is proved
      > 0:20 watch is hold
      >   run: run 1 is not at its end: catch-up is next
0:21  ben carries part 1
      > 0:21 part 1 begins
      > 0:21 part 1: done, by ben
      > 0:21 watch is hold
      >   run: run 1 is not at its end: catch-up is under way
      > 0:35 part 1 is proved
      > 0:35 watch is hold
      >   run: run 1 is not at its end: the point of no return stands at no-return, and is next
0:41  login fails on target: sign-in refused
0:52  ben passes part 2
      > 0:52 refused, GATE_SHUT: what the steps so far rest on is not so any more: claim_refuted login on target by t1: t1 fails: sign-in refused
0:53  the run is told
      > 0:53 forward, ben, next: pass_no_return 2
      >   writes shut 43 s of no limit
      >   0 fence: done, durable
      >   1 catch-up: done
      >   2 no-return: pending
      >     claim_refuted login on target by t1: t1 fails: sign-in refused
      >   3 open: pending
      >   4 traffic 100 %: pending
0:56  login passes
1:06  ben passes part 2
      > 1:06 refused, GATE_SHUT: what the steps so far rest on is not so any more: claim_undecided login on target by t1: 2 of 3 fresh rounds from t1
1:11  ben passes part 2
      > 1:11 point of no return, part 2, by ben
      > 1:11 watch is hold
      >   run: run 1 is not at its end: open is next
1:12  nothing more
