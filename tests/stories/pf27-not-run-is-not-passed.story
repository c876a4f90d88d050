# None of the checks failed: some timed out, some were refused, some never began. None of them passed.
scenario login, critical, both: 1 pass in a row
scenario checkout, critical, both: 1 pass in a row
scenario queue, critical, source: 1 pass in a row
gate ready: all
brief

0:00  login does not run: timeout
      > 0:00 prepare -> sync
      > 0:00 ready is unknown
      >   missing checkout on source by s1: s1 has not reported it
      >   missing checkout on target by t1: t1 has not reported it
      >   missing login on source by s1: s1 has not reported it
      >   missing login on target by t1: t1 has not reported it
      >   missing queue on source by s1: s1 has not reported it
0:00  checkout does not run: denied
      > 0:05 ready is unknown
      >   claim_undecided checkout on source by s1: did not run: denied
      >   claim_undecided checkout on target by t1: did not run: denied
      >   claim_undecided login on source by s1: did not run: timeout
      >   claim_undecided login on target by t1: did not run: timeout
      >   missing queue on source by s1: s1 has not reported it
0:30  all pass
      > 0:35 sync -> ready
      > 0:35 asked: cutover, for gate cutover
      > 0:35 gate ready opens, epoch 2
      > 0:35 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
0:45  nothing more
