# Nothing is heard of the source: the target alone is never called as good.
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
1:32  login hangs on source
      > 2:05 gate ready shuts, epoch 2
      > 2:05 ready -> sync
      > 2:05 ready is unknown
      >   stale login on target: the last slots prove nothing: nothing was heard of source
      > 2:06 ready is unknown
      >   stale login on source: too little was heard of source in the last slots: nothing was heard of source
      >   stale login on target: the last slots prove nothing: nothing was heard of source
3:00  login passes
      > 3:15 ready is unknown
      >   stale login on source: too little was heard of source in the last slots: too few results came from source
      >   stale login on target: the last slots prove nothing: too few results came from source
      > 3:25 sync -> ready
      > 3:25 asked: cutover, for gate cutover
      > 3:25 gate ready opens, epoch 3
      > 3:25 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
3:45  nothing more
