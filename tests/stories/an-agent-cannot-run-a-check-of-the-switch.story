# A check that runs during the switch alone is made ready before it. An agent that cannot carry it out holds the gate
# `cutover`, not the night.
scenario login, critical, both: 1 pass in a row
scenario written, important, source, during cutover: silent for 20
gate ready: login
gate cutover: decision cutover

0:00  login passes
      > 0:00 prepare -> sync
      > 0:00 ready is unknown
      >   missing login on source by s1: s1 has not reported it
      >   missing login on target by t1: t1 has not reported it
      > 0:05 sync -> ready
      > 0:05 asked: cutover, for gate cutover
      > 0:05 gate ready opens, epoch 2
      > 0:05 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
0:06  source/s1 refuses written
      > 0:06 cutover is hold
      >   decision cutover: cutover is not given by olga (or ben): 0 of 1 voice
      >   refused written on source by s1: source/s1 cannot carry it out during the switch: above_ceiling: the grant is above what agent.toml allows
0:07  olga says go on cutover
      > 0:07 refused, GATE_SHUT: the gate is held: refused written on source by s1: source/s1 cannot carry it out during the switch: above_ceiling: the grant is above what agent.toml allows. Nothing was recorded
0:10  the plan changes: gate ready: login
      > 0:10 plan revision 2, by olga
      > 0:10 gate ready opens, epoch 4
0:20  olga says go on cutover
      > 0:20 refused, GATE_SHUT: the gate is held: refused written on source by s1: source/s1 cannot carry it out during the switch: above_ceiling: the grant is above what agent.toml allows. Nothing was recorded
