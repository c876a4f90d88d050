# Writes would be shut for longer than orders may be away: nobody even begins.
scenario orders, critical, both, writes, may dip 10 s: 1 pass in a row
gate ready: all
gate cutover: decision cutover
step reverse-ready, reverse, ben: run, undo
step fence, fence, ben: run, undo, planned 5 s, deadline 20 s
step catch-up, catch-up, ben: after login, planned 5 s, deadline 20 s
step no-return, point-of-no-return, olga
step open, open, ben: run, planned 2 s
step traffic, route, ben: run, undo, weights 10 100, after login, bake 5 s
step confirm, confirm, olga

0:00  all pass
      > 0:00 prepare -> sync
      > 0:00 ready is unknown
      >   missing orders on source by s1: s1 has not reported it
      >   missing orders on target by t1: t1 has not reported it
      > 0:05 sync -> ready
      > 0:05 gate ready opens, epoch 2
      > 0:05 cutover is hold
      >   decision cutover: cutover is not given by olga (or ben): 0 of 1 voice
      >   dip orders: writes would be shut for 12 s, as the runbook plans it; it may be away for 10 s
0:06  olga says go on cutover
      > 0:06 refused, GATE_SHUT: the gate is held: dip orders: writes would be shut for 12 s, as the runbook plans it; it may be away for 10 s. Nothing was recorded
0:10  nothing more
