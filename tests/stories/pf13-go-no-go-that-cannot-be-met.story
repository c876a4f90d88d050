# PF13: an item that a live source can never satisfy. The gate stays shut and says so; a deadline opens nothing;
# people change the item in the plan, where everybody sees it, and it is judged anew.
scenario login, critical, both: 1 pass in a row
scenario writes, critical, source: rate at most 0 for 5 s
gate ready: all, deadline 30 s
gate cutover: decision cutover

0:00  all pass
      > 0:00 prepare -> sync
      > 0:00 ready is unknown
      >   missing login on source by s1: s1 has not reported it
      >   missing login on target by t1: t1 has not reported it
      >   missing writes on source by s1: s1 has not reported it
0:02  writes reports: rate 12
      > 0:05 ready is hold
      >   claim_refuted writes on source by s1: rate is 12, must be at most 0
      > 0:31 ready is hold
      >   claim_refuted writes on source by s1: rate is 12, must be at most 0
      >   deadline: gate ready should have opened within 30 s: decide whether to go on or back
0:50  olga says go on cutover
      > 0:50 refused, GATE_SHUT: the gate is held: claim_refuted writes on source by s1: rate is 12, must be at most 0. Nothing was recorded
0:55  the plan changes: scenario writes, critical, source: rate at most 50 for 5 s
      > 0:55 plan revision 2, by olga
      > 0:55 ready is unknown
      >   missing writes on source by s1: s1 has not reported it
      >   deadline: gate ready should have opened within 30 s: decide whether to go on or back
      > 1:00 ready is hold
      >   claim_undecided writes on source by s1: rate is 12, inside for 0 s of 5 s
      >   deadline: gate ready should have opened within 30 s: decide whether to go on or back
      > 1:05 sync -> ready
      > 1:05 asked: cutover, for gate cutover
      > 1:05 gate ready opens, epoch 3
      > 1:05 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
1:20  the questions are told
      > 1:20 cutover since 1:05: asked are [olga], 0 of 1 said yes
