# The old side still does its jobs, nobody asked whether it does, and the end needs everything to be gone.
scenario checkout, critical, target: 1 pass in a row
scenario old-jobs, minor, source: silent for 20
manual slots-dropped, ben, committed
gate ready: checkout
gate cutover: decision cutover
gate committed: checkout, decision commit
gate retired: old-jobs, stable for 20 s
decision commit by: olga, 1

0:00  all pass
0:00  old-jobs reports: writes 7
0:10  olga says go on cutover
0:12  pipeline confirms
0:14  pipeline reports target
0:26  old-jobs reports: writes 8
0:31  olga says go on commit
0:31  old-jobs reports: writes 0, runs 0
1:20  olga says go on commit
1:40  ben makes slots-dropped: dropped
2:40  operator revokes source/s1
2:50  operator revokes target/t1
3:00  nothing more
