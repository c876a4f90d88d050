# A mark was written and does not arrive, and the spool that knew of it is thrown away: nobody misses it. So whenever
# findings are lost, marks have to arrive in a row anew.
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
0:31  source/s1 loses its link
0:36  source/s1 throws away its spool
0:36  feed passes on target
0:37  source/s1 reconnects
      > 0:40 gate ready shuts, epoch 2
      > 0:40 ready -> sync
      > 0:40 ready is hold
      >   claim_undecided feed on target: 6 arrived, 0 of them late, 0 lost
0:41  feed finds on target: after 5 s
      > 0:55 sync -> ready
      > 0:55 gate ready opens, epoch 3
      > 0:55 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
1:10  nothing more
