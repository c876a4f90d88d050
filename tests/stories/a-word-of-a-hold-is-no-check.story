# The plan of an older journal has a manual check that is called as a hold is. Who passes over that hold has not passed over
# the check, which nobody can override by such a name. A plan with such a name is refused now.
scenario login, critical, both: 1 pass in a row
manual rehearsal, ben, ready
gate ready: all
gate cutover: rehearsal, rehearsed 600 s, decision cutover
override by olga, 1

0:00  all pass
      > 0:00 prepare -> sync
      > 0:00 ready is unknown
      >   missing login on source by s1: s1 has not reported it
      >   missing login on target by t1: t1 has not reported it
      > 0:05 sync -> ready
      > 0:05 gate ready opens, epoch 2
      > 0:05 cutover is hold
      >   manual rehearsal: ben has not made it yet
      >   decision cutover: cutover is not given by olga (or ben): 0 of 1 voice
      >   rehearsal: the cutover was never rehearsed
0:10  olga overrides rehearsal at cutover: it is a small move
      > 0:10 gate cutover is overridden for rehearsal, by olga, complete
      > 0:10 gate ready opens, epoch 4
      > 0:10 cutover is hold
      >   manual rehearsal: ben has not made it yet
      >   decision cutover: cutover is not given by olga (or ben): 0 of 1 voice
0:15  ben makes rehearsal: we walked through it
      > 0:15 rehearsal done, by ben
      > 0:15 asked: cutover, for gate cutover
      > 0:15 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
0:20  olga says go on cutover
      > 0:20 cutover: go, by olga, complete
      > 0:20 gate cutover opens, epoch 5
      > 0:20 cutover is open: 1 scenario is proved: gate cutover is open over 1 overridden hold (rehearsal)
0:25  nothing more
