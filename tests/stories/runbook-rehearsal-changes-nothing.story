# A rehearsal changes nothing: no phase, no traffic, no point of no return; and one that dies is over.
scenario login, critical, both: 1 pass in a row
gate ready: all
gate cutover: decision cutover
step reverse-ready, reverse, ben: run, undo
step fence, fence, ben: run, undo, rehearsal, planned 5 s, deadline 20 s
step catch-up, catch-up, ben: after login, planned 5 s, deadline 20 s
step no-return, point-of-no-return, olga
step open, open, ben: run, planned 2 s
step traffic, route, ben: run, undo, weights 10 100, after login, bake 5 s
step confirm, confirm, olga

0:00  all pass
      > 0:00 prepare -> sync
      > 0:00 ready is unknown
      >   missing login on source by s1: s1 has not reported it
      >   missing login on target by t1: t1 has not reported it
      > 0:05 sync -> ready
      > 0:05 asked: cutover, for gate cutover
      > 0:05 gate ready opens, epoch 2
      > 0:05 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
0:08  ben begins rehearsal of cutover
      > 0:08 rehearsal 1 of cutover begins, lease 1, by ben
      > 0:08 cutover is hold
      >   decision cutover: cutover is not given by olga (or ben): 0 of 1 voice
      >   run: the cutover is being rehearsed by ben
0:09  ben carries part 0
      > 0:09 part 0 begins
      > 0:09 part 0: done, by ben
      > 0:09 part 0 is proved
0:10  olga says go on cutover
      > 0:10 refused, GATE_SHUT: the gate is held: run: the cutover is being rehearsed by ben. Nothing was recorded
0:11  ben begins part 1
      > 0:11 part 1 begins
0:12  ben ends part 1: failed
      > 0:12 part 1: failed, by ben
      > 0:12 run 1 goes back: fence failed
      > 0:12 run 1 is undone
      > 0:12 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
0:15  ben begins rehearsal of cutover
      > 0:15 rehearsal 2 of cutover begins, lease 2, by ben
      > 0:15 cutover is hold
      >   decision cutover: cutover is not given by olga (or ben): 0 of 1 voice
      >   run: the cutover is being rehearsed by ben
0:16  ben walks
      > 0:16 part 0 begins
      > 0:16 part 0: done, by ben
      > 0:16 part 0 is proved
      > 0:16 part 1 begins
      > 0:16 part 1: done, durable, by ben
      > 0:16 part 1 is proved
      > 0:16 part 2 begins
      > 0:16 part 2: done, by ben
      > 0:16 part 2 is proved
      > 0:16 point of no return, part 3, by ben
      > 0:16 part 4 begins
      > 0:16 part 4: done, by ben
      > 0:16 part 4 is proved
      > 0:16 part 5 begins
      > 0:16 part 5: done, by ben
      > 0:16 part 5 is proved
      > 0:16 part 6 begins
      > 0:16 part 6: done, by ben
      > 0:16 part 6 is proved
      > 0:16 part 7 begins
      > 0:16 part 7: done, by ben
      > 0:16 part 7 is proved
      > 0:16 run 2 is completed, writes were shut for 7 s
      > 0:16 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
0:17  ben stops
0:18  ben begins rehearsal of cutover
      > 0:18 rehearsal 3 of cutover begins, lease 3, by ben
      > 0:18 cutover is hold
      >   decision cutover: cutover is not given by olga (or ben): 0 of 1 voice
      >   run: the cutover is being rehearsed by ben
0:18  ben begins part 0
      > 0:18 part 0 begins
0:19  ben crashes
      > 0:34 run 3 is left, lease 3
      > 0:34 run 3 goes back: the operator's lease ended
      > 0:34 run 3 is undone
      > 0:34 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
0:40  the run is told
      > 0:40 undone, nobody, next: over
      >   0 reverse-ready: pending
      >   1 fence: pending
      >   2 catch-up: pending
      >   3 no-return: pending
      >   4 open: pending
      >   5 traffic 10 %: pending
      >   6 traffic 100 %: pending
      >   7 confirm: pending
