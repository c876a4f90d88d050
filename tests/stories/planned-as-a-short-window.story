# The night was planned as one hour. What is late opens nothing: the deadline says that people must decide how to
# go on, an approval ends, and evidence that comes and goes asks for them once a minute and no more often.
scenario login, critical, both: 1 pass in a row
gate ready: all
gate cutover: decision cutover, valid for 60 s, deadline 100 s

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
0:15  login fails on target: sign-in refused
      > 0:20 gate ready shuts, epoch 2
      > 0:20 ready -> sync
      > 0:20 ready is hold
      >   claim_refuted login on target by t1: the last run failed: sign-in refused
0:22  login passes
      > 0:25 sync -> ready
      > 0:25 gate ready opens, epoch 3
      > 0:25 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
0:40  login fails on target: sign-in refused
      > 0:45 gate ready shuts, epoch 3
      > 0:45 ready -> sync
      > 0:45 ready is hold
      >   claim_refuted login on target by t1: the last run failed: sign-in refused
0:47  login passes
      > 0:50 sync -> ready
      > 0:50 gate ready opens, epoch 4
      > 0:50 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
0:58  olga says go on cutover
      > 0:58 cutover: go, by olga, complete
      > 0:58 gate cutover opens, epoch 5
      > 0:58 cutover is open: 1 scenario is proved: gate cutover is open
1:10  login fails on target: sign-in refused
      > 1:15 gate ready shuts, epoch 4
      > 1:15 gate cutover shuts, epoch 5
      > 1:15 ready -> sync
      > 1:15 ready is hold
      >   claim_refuted login on target by t1: the last run failed: sign-in refused
1:22  login passes
      > 1:25 sync -> ready
      > 1:25 asked: cutover, for gate cutover
      > 1:25 gate ready opens, epoch 6
      > 1:25 cutover is hold
      >   decision cutover: cutover is void: the evidence it was given on changed; it waits for olga (or ben) again
1:27  the questions are told
      > 1:27 cutover since 1:25: asked are [olga], 0 of 1 said yes
2:20  olga says go on cutover
      > 2:20 cutover: go, by olga, complete
      > 2:20 gate cutover opens, epoch 7
      > 2:20 cutover is open: 1 scenario is proved: gate cutover is open
      > 3:20 gate cutover shuts, epoch 7
      > 3:20 asked: cutover, for gate cutover
      > 3:20 cutover is hold
      >   deadline: gate cutover should have opened within 100 s: decide whether to go on or back
      >   decision cutover: cutover was given too long ago: ask olga (or ben) again
3:30  the questions are told
      > 3:30 cutover since 3:20: asked are [olga], 0 of 1 said yes
