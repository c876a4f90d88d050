# An override of what one agent did not report is no override of the time in which writes would be shut.
scenario orders, critical, both, writes, may dip 10 s: 1 pass in a row
gate ready: all
gate cutover: decision cutover
override by olga ben, 1
step fence, fence, ben: run, undo, planned 9 s, deadline 20 s
step no-return, point-of-no-return, olga
step open, open, ben: run, planned 4 s
step traffic, route, ben: run, undo, weights 100
brief

0:00  all pass
      > 0:00 prepare -> sync
      > 0:00 ready is unknown
      >   missing orders on source by s1: s1 has not reported it
      >   missing orders on target by t1: t1 has not reported it
      > 0:05 sync -> ready
      > 0:05 gate ready opens, epoch 2
      > 0:05 cutover is hold
      >   decision cutover: cutover is not given by olga (or ben): 0 of 1 voice
      >   dip orders: writes would be shut for 13 s, as the runbook plans it; it may be away for 10 s
0:10  olga overrides orders at cutover: the agent is new
      > 0:10 refused, INCOMPLETE: nothing at gate cutover is held by orders; what may be overridden: dip
0:12  olga overrides dip at cutover: support has told the customers
      > 0:12 gate cutover is overridden for dip, by olga, complete
      > 0:12 asked: cutover, for gate cutover
      > 0:12 gate ready opens, epoch 4
      > 0:12 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
0:20  nothing more
