# What the plan does not know counts for nothing; what the plan needs and nobody can run, holds.
scenario login, critical, both: 1 pass in a row
gate ready: login, ghost

0:00  all pass
      > 0:00 prepare -> sync
      > 0:00 ready is unknown
      >   missing login on source by s1: s1 has not reported it
      >   missing login on target by t1: t1 has not reported it
      >   unknown_check ghost: the gate needs ghost, which the plan does not declare
      > 0:05 ready is unknown
      >   unknown_check ghost: the gate needs ghost, which the plan does not declare
0:10  target/t1 reports an unknown check ghost
      > 0:10 not counted: 1 unknown_check
0:20  the plan changes: gate ready: login
      > 0:20 plan revision 2, by olga
      > 0:20 sync -> ready
      > 0:20 asked: cutover, for gate cutover
      > 0:20 gate ready opens, epoch 3
      > 0:20 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
0:30  login does not run on target: unknown_plugin
      > 0:35 gate ready shuts, epoch 3
      > 0:35 ready -> sync
      > 0:35 ready is hold
      >   claim_undecided login on target by t1: did not run: unknown_plugin
0:40  login runs another component on target
      > 0:45 ready is hold
      >   bad_digest login on target by t1: t1 ran component eeeeeeeeeeee, not the plan's
0:50  target/t1 refuses login
      > 0:50 ready is hold
      >   refused login on target by t1: target/t1 does not carry it out: above_ceiling: the grant is above what agent.toml allows
1:00  login passes
