# An approval that died is asked for again, with the clock of a new question; a voice for the old evidence is none
# for the new. Somebody who said no is not asked again before something changes.
scenario login, critical, both: 1 pass in a row
gate ready: all
gate cutover: decision cutover
answer cutover: within 30 s, ask deputies

0:00  all pass
      > 0:00 prepare -> sync
      > 0:00 ready is unknown
      >   missing login on source by s1: s1 has not reported it
      >   missing login on target by t1: t1 has not reported it
      > 0:05 sync -> ready
      > 0:05 asked: cutover, for gate cutover
      > 0:05 gate ready opens, epoch 2
      > 0:05 cutover is hold
      >   decision cutover: waits for olga (or ben from 08:00 UTC) to decide cutover: 0 of 1 voice
0:10  olga says go on cutover
      > 0:10 cutover: go, by olga, complete
      > 0:10 gate cutover opens, epoch 3
      > 0:10 cutover is open: 1 scenario is proved: gate cutover is open
0:20  login fails on target: sign-in refused
      > 0:25 gate ready shuts, epoch 2
      > 0:25 gate cutover shuts, epoch 3
      > 0:25 ready -> sync
      > 0:25 ready is hold
      >   claim_refuted login on target by t1: the last run failed: sign-in refused
0:27  login passes
      > 0:30 sync -> ready
      > 0:30 gate ready opens, epoch 4
      > 0:30 cutover is hold
      >   decision cutover: cutover is void: the evidence it was given on changed; it waits for olga (or ben) again
      > 1:05 asked: cutover, for gate cutover
      > 1:05 cutover is hold
      >   decision cutover: cutover is void: the evidence it was given on changed; it waits for olga (or ben from 08:01 UTC) again
1:10  the questions are told
      > 1:10 cutover since 1:05: asked are [olga], 0 of 1 said yes, then [ben] at 1:35
1:20  olga says go on cutover having seen 20
      > 1:20 refused, EVIDENCE_CHANGED: what gate cutover needs was proved anew at evidence 74, after the 20 that you saw: look at it again. Nothing was recorded
1:21  olga says go on cutover
      > 1:21 cutover: go, by olga, complete
      > 1:21 gate cutover opens, epoch 5
      > 1:21 cutover is open: 1 scenario is proved: gate cutover is open
1:22  carla holds: let me look
      > 1:22 hold, by carla
      > 1:22 cutover is hold
      >   operator: carla pressed hold: let me look
1:30  carla releases: it is fine
      > 1:30 release, by carla
      > 1:30 gate ready opens, epoch 8
      > 1:30 gate cutover opens, epoch 9
      > 1:30 cutover is open: 1 scenario is proved: gate cutover is open
1:32  olga says no on cutover: not tonight
      > 1:32 cutover: no, by olga
      > 1:32 gate ready opens, epoch 11
      > 1:32 cutover is hold
      >   decision cutover: cutover is refused: olga said no: not tonight
3:00  the questions are told
      > 3:00 none
3:05  login fails on target: sign-in refused
      > 3:10 gate ready shuts, epoch 11
      > 3:10 ready -> sync
      > 3:10 ready is hold
      >   claim_refuted login on target by t1: the last run failed: sign-in refused
3:12  login passes
      > 3:15 sync -> ready
      > 3:15 asked: cutover, for gate cutover
      > 3:15 gate ready opens, epoch 12
      > 3:15 cutover is hold
      >   decision cutover: cutover is refused: olga said no: not tonight; it waits for olga (or ben from 08:03 UTC) again
3:20  the questions are told
      > 3:20 cutover since 3:15: asked are [olga], 0 of 1 said yes, then [ben] at 3:45
      > 3:45 asked: cutover, of the deputies
      > 3:45 cutover is hold
      >   decision cutover: cutover is refused: olga said no: not tonight; it waits for ben, since olga had not answered by 08:03 UTC, again
3:50  the questions are told
      > 3:50 cutover since 3:15: asked are [olga ben], 0 of 1 said yes, then [] at 4:15
