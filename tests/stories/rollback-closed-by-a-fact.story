# A fact of the plan closes the way back for good, however healthy the feed is.
scenario checkout, critical, both: 1 pass in a row
scenario db-back, important, both: 1 pass in a row
limit db-back.lag, from db-back, lag at most 30, unit s
fact RDS is stopped
gate ready: checkout
gate cutover: decision cutover
gate committed: all

0:00  all pass
0:08  db-back reports: lag 2
0:10  olga says go on cutover
0:12  pipeline confirms
0:14  pipeline reports target
0:16  the way back is told
0:20  ben states RDS is stopped
0:21  the way back is told
0:22  ben says go on rollback: checkout is slow
0:23  nothing more
