# PF15: nobody reads a warning. A question that nobody answers moves on to the deputies, and then it is told
# that nobody answered; silence opens nothing, however long it lasts.
scenario login, critical, both: 1 pass in a row
gate ready: all
gate cutover: decision cutover
answer cutover: within 60 s, ask deputies

0:00  all pass
      > 0:00 prepare -> sync
      > 0:00 ready is unknown
      >   missing login on source by s1: s1 has not reported it
      >   missing login on target by t1: t1 has not reported it
      > 0:05 sync -> ready
      > 0:05 asked: cutover, for gate cutover
      > 0:05 gate ready opens, epoch 2
      > 0:05 cutover is hold
      >   decision cutover: waits for olga (or ben from 08:01 UTC) to decide cutover: 0 of 1 voice
0:10  the questions are told
      > 0:10 cutover since 0:05: asked are [olga], 0 of 1 said yes, then [ben] at 1:05
      > 1:05 asked: cutover, of the deputies
      > 1:05 cutover is hold
      >   decision cutover: waits for ben, since olga had not answered by 08:01 UTC, to decide cutover: 0 of 1 voice
1:10  the questions are told
      > 1:10 cutover since 0:05: asked are [olga ben], 0 of 1 said yes, then [] at 2:05
      > 2:05 nobody answered: cutover
      > 2:05 cutover is hold
      >   decision cutover: waits for olga (or ben), who had not answered by 08:02 UTC, to decide cutover: 0 of 1 voice
2:30  the questions are told
      > 2:30 cutover since 0:05: asked are [olga ben], 0 of 1 said yes, unanswered at 2:05
5:00  pipeline confirms
      > 5:00 refused, GATE_SHUT: gate cutover is shut: decision cutover: waits for olga (or ben), who had not answered by 08:02 UTC, to decide cutover: 0 of 1 voice
5:10  ben says go on cutover
      > 5:10 cutover: go, by ben, complete
      > 5:10 gate cutover opens, epoch 3
      > 5:10 cutover is open: 1 scenario is proved: gate cutover is open
5:11  the questions are told
      > 5:11 none
