# At night nobody should have to look up who decides: the hold names them, says since when they are asked and
# whose turn comes next, and two voices are the voices of two people.
scenario login, critical, both: 1 pass in a row
gate ready: all
gate cutover: decision cutover, valid for 60 s
decision cutover by: olga ben, 2
answer cutover: within 45 s

0:00  all pass
      > 0:00 prepare -> sync
      > 0:00 ready is unknown
      >   missing login on source by s1: s1 has not reported it
      >   missing login on target by t1: t1 has not reported it
      > 0:05 sync -> ready
      > 0:05 asked: cutover, for gate cutover
      > 0:05 gate ready opens, epoch 2
      > 0:05 cutover is hold
      >   decision cutover: waits for olga or ben to decide cutover: 0 of 2 voices
0:06  the questions are told
      > 0:06 cutover since 0:05: asked are [olga ben], 0 of 2 said yes, then [] at 0:50
0:10  olga says go on cutover
      > 0:10 cutover: go, by olga
      > 0:10 cutover is hold
      >   decision cutover: waits for ben to decide cutover: 1 of 2 voices
0:11  olga says go on cutover: once more
      > 0:11 cutover: go, by olga
0:12  the questions are told
      > 0:12 cutover since 0:05: asked are [ben], 1 of 2 said yes, then [] at 0:50
0:13  dmitri says go on cutover
      > 0:13 refused, NOT_YOURS: dmitri does not decide cutover; ask olga or ben
      > 0:50 nobody answered: cutover
      > 0:50 cutover is hold
      >   decision cutover: waits for ben, who had not answered by 08:00 UTC, to decide cutover: 1 of 2 voices
1:05  the questions are told
      > 1:05 cutover since 0:05: asked are [ben], 1 of 2 said yes, unanswered at 0:50
      > 1:11 cutover is hold
      >   decision cutover: cutover was given too long ago: ask olga or ben, who had not answered by 08:00 UTC, again
1:20  ben says go on cutover
      > 1:20 cutover: go, by ben
      > 1:20 cutover is hold
      >   decision cutover: waits for olga, who had not answered by 08:00 UTC, to decide cutover: 1 of 2 voices
1:25  olga says go on cutover: I still say so
      > 1:25 cutover: go, by olga, complete
      > 1:25 gate cutover opens, epoch 3
      > 1:25 cutover is open: 1 scenario is proved: gate cutover is open
1:26  the questions are told
      > 1:26 none
