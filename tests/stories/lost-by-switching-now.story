# What switching now would lose is told by what was counted; where nobody counts any more, nothing is known, and
# that is not zero.
scenario orders, critical, both: 1 pass in a row
scenario queue, critical, source: drained for 10
scenario login, critical, both: 1 pass in a row
gate ready: all

0:00  all pass
      > 0:00 prepare -> sync
      > 0:00 ready is unknown
      >   missing login on source by s1: s1 has not reported it
      >   missing login on target by t1: t1 has not reported it
      >   missing orders on source by s1: s1 has not reported it
      >   missing orders on target by t1: t1 has not reported it
      >   missing queue on source: nothing was reported yet
0:01  the losses are told
      > 0:01 switching now loses: nothing known of queue
0:02  queue reports: visible 0
0:03  orders reports on source: 1204 orders of orders not yet on the target remain
      > 0:05 ready is unknown
      >   missing queue on source: what is put in is not counted, so an empty queue proves nothing
      >   switching now loses 1204 orders of orders not yet on the target
0:10  the losses are told
      > 0:10 switching now loses: 1,204 orders not yet on the target
0:12  queue reports: visible 14, 14 messages of messages in flight remain
      > 0:15 ready is unknown
      >   missing queue on source: what is put in is not counted, so an empty queue proves nothing
      >   switching now loses 14 messages of messages in flight
      >   switching now loses 1204 orders of orders not yet on the target
      > 0:19 ready is unknown
      >   stale queue on source: s1 has not reported it for too long
      >   switching now loses 14 messages of messages in flight
      >   switching now loses 1204 orders of orders not yet on the target
0:20  the losses are told
      > 0:20 switching now loses: 1,204 orders not yet on the target, 14 messages in flight
0:22  source/s1 falls silent
      > 0:32 told: source/s1 is lost
      > 0:32 ready is unknown
      >   agents on source: 0 of at least 1 agent on source online
      >   stale queue on source: s1 has not reported it for too long
      >   switching now loses 14 messages of messages in flight
      >   switching now loses 1204 orders of orders not yet on the target
      > 0:34 ready is unknown
      >   agents on source: 0 of at least 1 agent on source online
      >   stale queue on source: s1 has not reported it for too long
      >   stale login on source by s1: s1 has not reported it for more than 13 s
      >   stale orders on source by s1: s1 has not reported it for more than 13 s
0:40  the losses are told
      > 0:40 switching now loses: nothing known of orders and queue
0:41  source/s1 is back
      > 0:42 told: source/s1 is back
      > 0:42 ready is unknown
      >   stale queue on source: s1 has not reported it for too long
      >   stale login on source by s1: s1 has not reported it for more than 13 s
      >   stale orders on source by s1: s1 has not reported it for more than 13 s
0:42  orders reports on source: nothing
0:43  queue reports: visible 0
      > 0:45 ready is unknown
      >   stale queue on source: s1 has not reported it for too long
0:50  the losses are told
      > 0:50 switching now loses: nothing that the checks can see
