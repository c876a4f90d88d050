# The replica says that it is not behind, and what was written on the source does not arrive: the marks hold.
scenario feed, critical, both: gauge lag enter 5 leave 10 for 5; marks within 10 lost 0
gate ready: all
brief

0:00  feed reports: lag 0
      > 0:00 prepare -> sync
      > 0:00 ready is unknown
      >   missing feed on source: nothing was reported yet
      >   missing feed on target: nothing was reported yet
      > 0:05 ready is hold
      >   claim_undecided feed on source: quiet for 0 s of 5 s
      >   claim_undecided feed on target: quiet for 0 s of 5 s
      > 0:10 ready is unknown
      >   missing feed on target: no mark has arrived yet
0:40  nothing more
