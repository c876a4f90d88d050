# What a rehearsal measured is not forgotten because the plan has another revision, or because somebody began to
# rehearse and left.
brief
scenario orders, critical, both, writes, may dip 10 s: 1 pass in a row
gate ready: all
gate cutover: decision cutover
step fence, fence, ben: run, undo, rehearsal, planned 2 s, deadline 90 s
step catch-up, catch-up, ben: after orders, planned 2 s, deadline 90 s
step no-return, point-of-no-return, olga
step open, open, ben: run, planned 2 s
step traffic, route, ben: run, undo, weights 100, after orders, bake 5 s

0:00  all pass
      > 0:00 prepare -> sync
      > 0:00 ready is unknown
      >   missing orders on source by s1: s1 has not reported it
      >   missing orders on target by t1: t1 has not reported it
      > 0:05 sync -> ready
      > 0:05 asked: cutover, for gate cutover
      > 0:05 gate ready opens, epoch 2
      > 0:05 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
0:06  ben begins rehearsal of cutover
      > 0:06 rehearsal 1 of cutover begins, lease 1, by ben
      > 0:06 cutover is hold
      >   decision cutover: cutover is not given by olga (or ben): 0 of 1 voice
      >   run: the cutover is being rehearsed by ben
0:07  ben begins part 0
      > 0:07 part 0 begins
0:27  ben ends part 0: done
      > 0:27 part 0: done, durable, by ben
      > 0:27 part 0 is proved
0:28  ben walks
      > 0:28 part 1 begins
      > 0:28 part 1: done, by ben
      > 0:28 part 1 is proved
      > 0:28 point of no return, part 2, by ben
      > 0:28 part 3 begins
      > 0:28 part 3: done, by ben
      > 0:28 part 3 is proved
      > 0:28 part 4 begins
      > 0:28 part 4: done, by ben
      > 0:28 part 4 is proved
      > 0:28 run 1 is completed, writes were shut for 24 s
      > 0:28 cutover is hold
      >   decision cutover: cutover is not given by olga (or ben): 0 of 1 voice
      >   dip orders: writes would be shut for 24 s, as the last rehearsal measured; it may be away for 10 s
0:40  ben stops
0:41  olga says go on cutover
      > 0:41 refused, GATE_SHUT: the gate is held: dip orders: writes would be shut for 24 s, as the last rehearsal measured; it may be away for 10 s. Nothing was recorded
0:50  the plan changes: watch 30 s
      > 0:50 plan revision 2, by olga
      > 0:50 gate ready opens, epoch 4
      > 0:50 cutover is hold
      >   decision cutover: cutover is not given by olga (or ben): 0 of 1 voice
      >   dip orders: writes would be shut for 24 s, as the last rehearsal of plan revision 1 measured; it may be away for 10 s
1:00  olga says go on cutover
      > 1:00 refused, GATE_SHUT: the gate is held: dip orders: writes would be shut for 24 s, as the last rehearsal of plan revision 1 measured; it may be away for 10 s. Nothing was recorded
1:01  ben begins rehearsal of cutover
      > 1:01 rehearsal 2 of cutover begins, lease 2, by ben
      > 1:01 cutover is hold
      >   decision cutover: cutover is not given by olga (or ben): 0 of 1 voice
      >   dip orders: writes would be shut for 24 s, as the last rehearsal of plan revision 1 measured; it may be away for 10 s
      >   run: the cutover is being rehearsed by ben
1:30  olga says go on cutover
      > 1:30 refused, GATE_SHUT: the gate is held: dip orders: writes would be shut for 24 s, as the last rehearsal of plan revision 1 measured; it may be away for 10 s. Nothing was recorded
