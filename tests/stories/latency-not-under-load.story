# Real traffic is counted, and the target bears a tenth of it: as fast, but not proved under load.
brief
agents at least 2
observe 0 s
scenario web, critical, both: latency p50 slack 10
gate ready: all

0:00  web serves on source: 1000 1000 40
      > 0:00 prepare -> sync
      > 0:00 ready is unknown
      >   missing web on source: the first slot has not closed yet
      >   missing web on target: the first slot has not closed yet
0:00  web serves on target: 100 100 40
      > 0:25 ready is hold
      >   claim_undecided web on target: 0 % of the way, just begun
      > 6:05 sync -> ready
      > 6:05 asked: cutover, for gate cutover
      > 6:05 gate ready opens, epoch 2
      > 6:05 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
10:00  the proof of web is told
      > 10:00 latency on source: reported well enough to compare with
      > 10:00 latency on target: proved, but not under load: the target bore less than half of the source’s
      >   4 results out of place
      >   not proved under load: the target bore less than half of the source’s
      >   source 40 ms, so the target must answer within 49 ms
