# A rehearsal that failed is newer than the one that succeeded: the gate waits for another one.
brief
scenario login, critical, both: 1 pass in a row
gate ready: login
gate cutover: rehearsed 600 s, decision cutover
gate committed: login, decision commit
step fence, fence, ben: run, undo
step no-return, point-of-no-return, olga
step open, open, ben: run
step traffic, route, ben: run, rehearsal, undo, weights 100, after login

0:00  all pass
      > 0:00 prepare -> sync
      > 0:00 ready is unknown
      >   missing login on source by s1: s1 has not reported it
      >   missing login on target by t1: t1 has not reported it
      > 0:05 sync -> ready
      > 0:05 gate ready opens, epoch 2
      > 0:05 cutover is hold
      >   decision cutover: cutover is not given by olga (or ben): 0 of 1 voice
      >   rehearsal: the cutover was never rehearsed
0:06  ben begins rehearsal of cutover
      > 0:06 rehearsal 1 of cutover begins, lease 1, by ben
      > 0:06 cutover is hold
      >   decision cutover: cutover is not given by olga (or ben): 0 of 1 voice
      >   rehearsal: the cutover was never rehearsed
      >   run: the cutover is being rehearsed by ben
0:07  ben walks
      > 0:07 part 0 begins
      > 0:07 part 0: done, by ben
      > 0:07 part 0 is proved
      > 0:07 point of no return, part 1, by ben
      > 0:07 part 2 begins
      > 0:07 part 2: done, by ben
      > 0:07 part 2 is proved
      > 0:07 part 3 begins
      > 0:07 part 3: done, durable, by ben
      > 0:20 part 3 is proved
      > 0:20 run 1 is completed, writes were shut for 0 s
      > 0:20 asked: cutover, for gate cutover
      > 0:20 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
0:40  the run is told
      > 0:40 completed, nobody, next: over
      >   0 fence: done
      >   1 no-return: done
      >   2 open: done
      >   3 traffic 100 %: done, durable
0:41  ben stops
0:50  ben begins rehearsal of cutover
      > 0:50 rehearsal 2 of cutover begins, lease 2, by ben
      > 0:50 cutover is hold
      >   decision cutover: cutover is not given by olga (or ben): 0 of 1 voice
      >   run: the cutover is being rehearsed by ben
0:51  ben carries part 0
      > 0:51 part 0 begins
      > 0:51 part 0: done, by ben
      > 0:51 part 0 is proved
0:52  ben passes part 1
      > 0:52 point of no return, part 1, by ben
0:53  ben carries part 2
      > 0:53 part 2 begins
      > 0:53 part 2: done, by ben
      > 0:53 part 2 is proved
0:54  ben begins part 3
      > 0:54 part 3 begins
0:55  ben ends part 3: failed
      > 0:55 part 3: failed, by ben
      > 0:55 run 2 goes back: traffic at 100 % failed
      > 0:55 run 2 is undone
      > 0:55 cutover is hold
      >   decision cutover: cutover is not given by olga (or ben): 0 of 1 voice
      >   rehearsal: the cutover was rehearsed last without success
0:56  ben walks
1:10  the run is told
      > 1:10 undone, nobody, next: over
      >   0 fence: done
      >   1 no-return: done
      >   2 open: done
      >   3 traffic 100 %: failed
1:11  nothing more
