# The two sides run different components: what they found cannot be compared.
brief
agents at least 2
observe 0 s
scenario login, critical, both: success margin 50 outage 1 slo 50
gate ready: all

0:00  all pass
      > 0:00 prepare -> sync
      > 0:00 ready is unknown
      >   missing login on source: the first slot has not closed yet
      >   missing login on target: the first slot has not closed yet
      > 0:25 ready is hold
      >   claim_undecided login on target: 18 % of the way, less than a minute left if nothing fails
      > 1:15 sync -> ready
      > 1:15 asked: cutover, for gate cutover
      > 1:15 gate ready opens, epoch 2
      > 1:15 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
1:32  login runs another component on target/t1
      > 2:05 gate ready shuts, epoch 2
      > 2:05 ready -> sync
      > 2:05 ready is unknown
      >   bad_digest login on target by t1: t1 ran component eeeeeeeeeeee, not the plan's
      > 2:06 ready is unknown
      >   bad_digest login on target by t1: t1 ran component eeeeeeeeeeee, not the plan's
      >   stale login on source: too little was heard of source in the last slots: different components ran
2:30  login passes
      > 2:35 ready is unknown
      >   stale login on source: too little was heard of source in the last slots: different components ran
      >   stale login on target: the last slots prove nothing: different components ran
      > 2:55 sync -> ready
      > 2:55 asked: cutover, for gate cutover
      > 2:55 gate ready opens, epoch 3
      > 2:55 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
3:30  nothing more
