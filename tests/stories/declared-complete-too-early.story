# Two voices and an hour of quiet are asked for; nobody declares it complete before.
scenario checkout, critical, both: 1 pass in a row
manual refund, carla, watch, evidence
gate ready: all
gate cutover: decision cutover
gate committed: all, refund, stable for 20 s, decision commit

0:00  all pass
      > 0:00 prepare -> sync
      > 0:00 ready is unknown
      >   missing checkout on source by s1: s1 has not reported it
      >   missing checkout on target by t1: t1 has not reported it
      > 0:05 sync -> ready
      > 0:05 asked: cutover, for gate cutover
      > 0:05 gate ready opens, epoch 2
      > 0:05 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
0:08  carla makes refund: https://tickets.example/1
      > 0:08 refused, WRONG_PHASE: the migration is in ready; refund is made in watch
0:10  olga says go on cutover
      > 0:10 cutover: go, by olga, complete
      > 0:10 gate cutover opens, epoch 3
      > 0:10 cutover is open: 1 scenario is proved: gate cutover is open
0:12  pipeline confirms
      > 0:12 ready -> cutover, by pipeline
      > 0:12 watch is hold
      >   switch: nobody has reported yet that traffic is on the target
0:13  olga says go on commit
      > 0:13 refused, WRONG_PHASE: the migration is in cutover; commit is decided at gate committed
0:14  pipeline reports target
      > 0:14 traffic is on the target, by pipeline
      > 0:14 cutover -> watch
      > 0:14 committed is unknown
      >   missing checkout on source by s1: s1 has not reported it
      >   missing checkout on target by t1: t1 has not reported it
      >   manual refund: carla has not made it yet
      >   decision commit: commit is not given by olga or carla (or ben): 0 of 2 voices
      > 0:15 committed is hold
      >   manual refund: carla has not made it yet
      >   decision commit: commit is not given by olga or carla (or ben): 0 of 2 voices
0:20  olga says go on commit
      > 0:20 refused, GATE_SHUT: the gate is held: manual refund: carla has not made it yet. Nothing was recorded
0:25  carla makes refund
      > 0:25 refused, NEEDS_EVIDENCE: refund needs evidence: a text, a URL, or a file's sha256:HASH
0:26  dmitri makes refund: https://tickets.example/1
      > 0:26 refused, NOT_YOURS: refund is made by carla, not by dmitri
0:30  carla makes refund: https://tickets.example/1
      > 0:30 refund done, by carla
      > 0:30 committed is hold
      >   decision commit: commit is not given by olga or carla (or ben): 0 of 2 voices
      >   stable: all that it needs is proved; waiting for 20 s without a break
0:35  olga says go on commit
      > 0:35 refused, GATE_SHUT: the gate is held: stable: all that it needs is proved; waiting for 20 s without a break. Nothing was recorded
      > 0:50 asked: commit, for gate committed
      > 0:50 committed is hold
      >   decision commit: waits for olga or carla (or ben) to decide commit: 0 of 2 voices
0:55  olga says go on commit
      > 0:55 commit: go, by olga
      > 0:55 committed is hold
      >   decision commit: waits for carla (or ben) to decide commit: 1 of 2 voices
0:57  checkout fails on target: card declined
      > 1:00 committed is hold
      >   claim_refuted checkout on target by t1: the last run failed: card declined
      >   decision commit: commit is void: the evidence it was given on changed
1:05  checkout passes
      > 1:10 committed is hold
      >   decision commit: commit is void: the evidence it was given on changed
      >   stable: all that it needs is proved; waiting for 20 s without a break
      > 1:30 committed is hold
      >   decision commit: commit is void: the evidence it was given on changed; it waits for olga or carla (or ben) again
1:30  olga says go on commit
      > 1:30 commit: go, by olga
      > 1:30 committed is hold
      >   decision commit: waits for carla (or ben) to decide commit: 1 of 2 voices
1:31  olga says go on commit
      > 1:31 commit: go, by olga
1:32  carla says go on commit
      > 1:32 commit: go, by carla, complete
      > 1:32 watch -> committed, by carla
      > 1:32 committed is open: the migration is committed
1:33  olga says go on rollback
      > 1:33 refused, WRONG_PHASE: the migration is committed
