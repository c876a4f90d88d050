# Marks written on the source are found on the target in time, then late, then not at all.
brief
scenario feed, critical, both: marks within 10 lost 0
gate ready: all

0:00  feed writes on source
      > 0:00 prepare -> sync
      > 0:00 ready is unknown
      >   missing feed on target: no mark has arrived yet
0:00  feed finds on target: after 5 s
      > 0:10 ready is hold
      >   claim_undecided feed on target: 1 arrived, 0 of them late, 0 lost
      > 0:20 sync -> ready
      > 0:20 asked: cutover, for gate cutover
      > 0:20 gate ready opens, epoch 2
      > 0:20 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
1:00  feed finds on target: after 15 s
      > 1:15 gate ready shuts, epoch 2
      > 1:15 ready -> sync
      > 1:15 ready is hold
      >   claim_undecided feed on target: 12 arrived, 1 of them late, 0 lost
1:30  feed passes on target
      > 1:41 ready is hold
      >   claim_refuted feed on target: 1 mark is lost on the way
3:00  nothing more
