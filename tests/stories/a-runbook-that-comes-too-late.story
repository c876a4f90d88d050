# A cutover without a runbook cannot be taken back whole. A plan that gets one in the middle of it would say that
# nobody switched, and the point of no return could be passed twice.
scenario login, critical, both: 1 pass in a row
gate ready: all
gate cutover: decision cutover

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
0:10  olga says go on cutover
      > 0:10 cutover: go, by olga, complete
      > 0:10 gate cutover opens, epoch 3
      > 0:10 cutover is open: 1 scenario is proved: gate cutover is open
0:12  pipeline confirms
      > 0:12 ready -> cutover, by pipeline
      > 0:12 watch is hold
      >   switch: nobody has reported yet that traffic is on the target
0:14  the plan changes: step fence, fence, ben: run
      > 0:14 refused, WRONG_PHASE: the cutover is under way without a runbook: it gets none before it is over
1:30  ben begins cutover
      > 1:30 refused, NO_RUNBOOK: the plan has no runbook for the cutover
