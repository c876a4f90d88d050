# Both sides are asked the same: fields that change by themselves on the source are left out, one that differs on the target alone is not.
brief
agents at least 2
observe 0 s
scenario page, critical, both: same_response margin 50
gate ready: all

0:00  page shows on source: price=1, name=x, time=a, again price=1, again name=x, again time=b
      > 0:00 prepare -> sync
      > 0:00 ready is unknown
      >   missing page on source: the first slot has not closed yet
      >   missing page on target: the first slot has not closed yet
0:00  page shows on target: price=1, name=x, time=c
      > 0:25 ready is hold
      >   claim_undecided page on target: the answers differ in time; 18 % of the way, less than a minute left if nothing fails
      > 0:45 ready is hold
      >   claim_undecided page on target: 57 % of the way, less than a minute left if nothing fails
      > 1:15 sync -> ready
      > 1:15 asked: cutover, for gate cutover
      > 1:15 gate ready opens, epoch 2
      > 1:15 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
3:00  page shows on target: price=2, name=y, time=c
      > 3:45 gate ready shuts, epoch 2
      > 3:45 ready -> sync
      > 3:45 ready is hold
      >   claim_undecided page on target: the answers differ in name, price; 87 % of the way and not getting closer
6:00  nothing more
