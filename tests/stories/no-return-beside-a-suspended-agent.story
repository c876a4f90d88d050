# An agent lives twice before the point of no return. The fence is read anew, and then a person has to look all the same:
# nobody knows which of its words were true.
brief
scenario login, critical, both: 1 pass in a row
scenario writers, important, both: silent for 20
gate ready: login
gate cutover: decision cutover
gate committed: login, decision commit
step fence, fence, ben: run, undo, planned 5 s, deadline 40 s
step no-return, point-of-no-return, olga
step open, open, ben: run, planned 2 s
step traffic, route, ben: run, undo, weights 100, after login, bake 5 s

0:00  target/t2 joins
      > 0:00 target/t2 is enrolled
      > 0:00 prepare -> sync
      > 0:00 ready is unknown
      >   missing login on source by s1: s1 has not reported it
      >   missing login on target by t1: t1 has not reported it (and 1 agent like it)
0:00  all pass
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
      >   run: run 1 is not at its end: the point of no return stands at no-return, and is next
0:41  target/t2 lives twice
      > 0:41 target/t2: two live sessions of one identity, from 192.0.2.7:4000 and from 198.51.100.9:4000: its key is in two places
      > 0:41 watch is hold
      >   conflict on target by t2: target/t2 is suspended: two live sessions of one identity, from 192.0.2.7:4000 and from 198.51.100.9:4000: its key is in two places; revoke it, and let it join under another name
      >   run: run 1 is not at its end: the point of no return stands at no-return, and is next
0:42  ben passes part 1
      > 0:42 refused, GATE_SHUT: fence is not seen to stand any more: run writers on source by s1: s1 has not read it since the fence
1:12  ben passes part 1
      > 1:12 refused, GATE_SHUT: what the steps so far rest on is not so any more: conflict on target by t2: target/t2 is suspended: two live sessions of one identity, from 192.0.2.7:4000 and from 198.51.100.9:4000: its key is in two places; revoke it, and let it join under another name
1:13  operator revokes target/t2
      > 1:13 target/t2 is revoked, by operator
      > 1:13 watch is hold
      >   run: run 1 is not at its end: the point of no return stands at no-return, and is next
1:26  ben passes part 1
      > 1:26 point of no return, part 1, by ben
      > 1:26 watch is hold
      >   run: run 1 is not at its end: open is next
1:27  nothing more
