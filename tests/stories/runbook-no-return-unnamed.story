# A runbook that names no point of no return has one all the same: before its first opening. A step by hand is taken back by hand.
scenario login, critical, both: 1 pass in a row
scenario writers, important, both: silent for 20
gate ready: login
gate cutover: decision cutover
gate committed: login, decision commit
gate rolled-back: login
step dns, manual, ben: deadline 40 s
step fence, fence, ben: run, undo, deadline 40 s
step open, open, ben: run
step traffic, route, ben: run, undo, weights 100

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
      > 0:08 part 0 begins
      > 0:08 watch is hold
      >   run: run 1 is not at its end: dns waits for its owner's word
0:09  dmitri confirms part 0: not his
      > 0:09 refused, NOT_YOURS: dns is confirmed by ben, or whoever decides cutover, not by dmitri
0:10  ben confirms part 0: the record is changed
      > 0:10 part 0: done, by ben
      > 0:10 part 0 is proved
      > 0:10 watch is hold
      >   run: run 1 is not at its end: fence is next
0:11  ben begins part 1
      > 0:11 part 1 begins
      > 0:11 watch is hold
      >   run: run 1 is not at its end: fence is under way
0:12  ben ends part 1: failed
      > 0:12 part 1: failed, by ben
      > 0:12 run 1 goes back: fence failed
      > 0:12 watch is hold
      >   run: run 1 goes back: fence failed; fence is taken back next
0:13  ben walks
      > 0:13 part 1 undo begins
      > 0:13 part 1 undo: done, durable, by ben
      > 0:13 watch is hold
      >   run: run 1: dns must be taken back by hand; a person must say what happened
0:14  the run is told
      > 0:14 undoing, ben, next: settle 0
      >   0 dns: done
      >   1 fence: undone, durable
      >   2 open: pending
      >   3 traffic 100 %: pending
0:15  ben settles undo 0 done: the record is as it was
      > 0:15 part 0 undo was done, by ben
      > 0:15 run 1 is undone, writes were shut for 2 s
      > 0:15 cutover -> sync
      > 0:15 sync -> ready
      > 0:15 gate ready opens, epoch 5
      > 0:15 cutover is hold
      >   decision cutover: cutover is void: the cutover was taken back; it waits for olga (or ben) again
0:16  ben stops
0:20  olga says go on cutover
      > 0:20 cutover: go, by olga, complete
      > 0:20 gate cutover opens, epoch 6
      > 0:20 cutover is open: 1 scenario is proved: gate cutover is open
0:21  ben confirms
      > 0:21 ready -> cutover, by ben
      > 0:21 watch is hold
      >   run: the runbook of the cutover is not walked yet
0:22  ben begins cutover
      > 0:22 run 2 of cutover begins, lease 2, by ben
      > 0:22 part 0 begins
      > 0:22 watch is hold
      >   run: run 2 is not at its end: dns waits for its owner's word
0:23  ben confirms part 0: the record is changed
      > 0:23 part 0: done, by ben
      > 0:23 part 0 is proved
      > 0:23 watch is hold
      >   run: run 2 is not at its end: fence is next
0:24  ben carries part 1
      > 0:24 part 1 begins
      > 0:24 part 1: done, durable, by ben
      > 0:24 watch is hold
      >   run: run 2 is not at its end: fence is under way
      > 0:30 part 1 is proved
      > 0:30 watch is hold
      >   run: run 2 is not at its end: the point of no return stands at open, and is next
0:40  ben begins part 2
      > 0:40 refused, NOT_NEXT: not now: the point of no return stands at open, and is next
0:41  ben passes part 2
      > 0:41 point of no return, part 2, by ben
      > 0:41 watch is hold
      >   run: run 2 is not at its end: open is next
0:42  ben walks
      > 0:42 part 2 begins
      > 0:42 part 2: done, durable, by ben
      > 0:42 part 2 is proved
      > 0:42 part 3 begins
      > 0:42 part 3: done, durable, by ben
      > 0:42 part 3 is proved
      > 0:42 traffic is on the target, by ben
      > 0:42 run 2 is completed, writes were shut for 18 s
      > 0:42 cutover -> watch
      > 0:42 committed is unknown
      >   missing login on source by s1: s1 has not reported it
      >   missing login on target by t1: t1 has not reported it
      >   decision commit: commit is not given by olga or carla (or ben): 0 of 2 voices
      > 0:45 asked: commit, for gate committed
      > 0:45 committed is hold
      >   decision commit: waits for olga or carla (or ben) to decide commit: 0 of 2 voices
0:45  the run is told
      > 0:45 completed, nobody, next: over
      >   0 dns: done
      >   1 fence: done, durable
      >   2 open: done, durable
      >   3 traffic 100 %: done, durable
