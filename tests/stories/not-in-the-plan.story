# Somebody with access who is not in the plan decides nothing, holds nothing and switches nothing.
scenario login, critical, both: 1 pass in a row
gate ready: all
gate cutover: decision cutover

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
0:08  eve says go on cutover
      > 0:08 refused, NOT_YOURS: eve does not decide cutover; ask olga or ben
0:08  eve holds: I feel like it
      > 0:08 refused, NOT_YOURS: eve is not in the plan; anyone in the plan may hold and release
0:09  olga says go on cutover
      > 0:09 cutover: go, by olga, complete
      > 0:09 gate cutover opens, epoch 3
      > 0:09 cutover is open: 1 scenario is proved: gate cutover is open
0:10  eve confirms
      > 0:10 refused, NOT_YOURS: eve is not in the plan; pipelines and people of the plan switch
0:11  pipeline confirms
      > 0:11 ready -> cutover, by pipeline
      > 0:11 watch is hold
      >   switch: nobody has reported yet that traffic is on the target
0:12  eve reports traffic on target
      > 0:12 refused, NOT_YOURS: eve is not in the plan; pipelines and people of the plan switch
0:13  eve says go on rollback
      > 0:13 refused, NOT_YOURS: eve does not decide rollback; ask olga or ben or carla
0:14  eve aborts
      > 0:14 refused, NOT_YOURS: eve may not abort; whoever decides cutover or rollback may
0:15  pipeline reports traffic on target
      > 0:15 traffic is on the target, by pipeline
      > 0:15 cutover -> watch
      > 0:15 committed is unknown
      >   missing login on source by s1: s1 has not reported it
      >   missing login on target by t1: t1 has not reported it
      >   decision commit: commit is not given by olga or carla (or ben): 0 of 2 voices
