# A plan declares one more host of the old side, to which the pages lead all the while: what was looked at before was not
# asked for it, so it is asked anew. So it is where the new side declares that host as its own.
scenario shop, critical, target: no_dependency_on source
target shop of source: https://old.example
target shop of target: https://new.example
gate ready: all

0:00  shop links on target: / to https://old-cdn.example/app.js
      > 0:00 prepare -> sync
      > 0:00 ready is unknown
      >   missing shop on target: no page was looked at yet
      > 0:05 sync -> ready
      > 0:05 asked: cutover, for gate cutover
      > 0:05 gate ready opens, epoch 2
      > 0:05 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
0:20  the plan changes: target cdn of source: https://old-cdn.example
      > 0:20 plan revision 2, by olga
      > 0:20 ready -> sync
      > 0:20 ready is unknown
      >   missing shop on target: no page was looked at yet
      > 0:25 ready is hold
      >   claim_refuted shop on target: / still comes from old-cdn.example (link https://old-cdn.example/app.js)
0:40  the plan changes: target mycdn of target: https://old-cdn.example
      > 0:40 plan revision 3, by olga
      > 0:40 ready is unknown
      >   missing shop on target: no page was looked at yet
      > 0:45 sync -> ready
      > 0:45 gate ready opens, epoch 5
      > 0:45 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
1:00  the plan changes: target other of target: https://other.example
      > 1:00 plan revision 4, by olga
      > 1:00 gate ready opens, epoch 7
      > 1:05 asked: cutover, for gate cutover
1:10  nothing more
