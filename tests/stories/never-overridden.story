# What nobody looked at cannot be overridden by name: nothing needed, nobody online. Nor can what people say.
scenario login, critical, both: 1 pass in a row
gate ready: login
gate cutover: decision cutover
override by olga, 1

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
0:08  target/t1 falls silent
      > 0:17 gate ready shuts, epoch 2
      > 0:17 ready -> sync
      > 0:17 told: target/t1 is lost
      > 0:17 ready is unknown
      >   agents on target: 0 of at least 1 agent on target online
      > 0:19 ready is unknown
      >   agents on target: 0 of at least 1 agent on target online
      >   stale login on target by t1: t1 has not reported it for more than 13 s
0:20  olga overrides login at ready: it worked yesterday
      > 0:20 gate ready is overridden for login, by olga, complete
      > 0:20 ready is unknown
      >   agents on target: 0 of at least 1 agent on target online
0:21  olga overrides login agents at ready: it worked yesterday
      > 0:21 refused, INCOMPLETE: nothing at gate ready is held by login, and agents is never overridden; what may be overridden: nothing
0:22  olga overrides decision cutover at ready: it worked yesterday
      > 0:22 refused, INCOMPLETE: nothing at gate ready is held by cutover, decision; what may be overridden: nothing
0:30  the plan changes: gate ready: nothing-at-all
      > 0:30 plan revision 2, by olga
      > 0:30 ready is unknown
      >   unknown_check nothing-at-all: the gate needs nothing-at-all, which the plan does not declare
      >   unchecked: no scenario is needed: zero of zero proves nothing
0:31  olga overrides nothing-at-all at ready: it is a typing error
      > 0:31 gate ready is overridden for nothing-at-all, by olga, complete
      > 0:31 ready is hold
      >   unchecked: no scenario is needed: zero of zero proves nothing
0:40  target/t1 is back
      > 0:42 told: target/t1 is back
0:50  nothing more
