# The collector is away for less than three slots, then for longer: what was proved stays proved, and is believed again with the first whole slot.
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
1:40  the collector is away for 20 s
      > 2:00 gate ready shuts, epoch 2
      > 2:00 ready -> sync
      > 2:00 ready is unknown
      >   agents on source: 0 of at least 2 agents on source online
      >   agents on target: 0 of at least 2 agents on target online
      > 2:01 sync -> ready
      > 2:01 gate ready opens, epoch 3
      > 2:01 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
      > 2:05 gate ready shuts, epoch 3
      > 2:05 ready -> sync
      > 2:05 ready is unknown
      >   stale login on target: the last slots prove nothing: the collector was away
      > 2:06 ready is unknown
      >   stale login on source: too little was heard of source in the last slots: the collector was away
      >   stale login on target: the last slots prove nothing: the collector was away
      > 2:15 sync -> ready
      > 2:15 asked: cutover, for gate cutover
      > 2:15 gate ready opens, epoch 4
      > 2:15 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
2:40  the collector is away for 90 s
      > 4:10 gate ready shuts, epoch 4
      > 4:10 ready -> sync
      > 4:10 ready is unknown
      >   agents on source: 0 of at least 2 agents on source online
      >   agents on target: 0 of at least 2 agents on target online
      >   stale login on source: too little was heard of source in the last slots: the collector was away
      >   stale login on target: the last slots prove nothing: the collector was away
      > 4:11 ready is unknown
      >   stale login on source: too little was heard of source in the last slots: the collector was away
      >   stale login on target: the last slots prove nothing: the collector was away
      > 4:25 sync -> ready
      > 4:25 asked: cutover, for gate cutover
      > 4:25 gate ready opens, epoch 5
      > 4:25 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
5:00  the proof of login is told
      > 5:00 success on source: reported well enough to compare with
      > 5:00 success on target: proved by 120 results
      >   13 slots void: the collector was away
      >   64 results kept back by a broken link
      >   4 results out of place
