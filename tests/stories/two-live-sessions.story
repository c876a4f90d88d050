# Two live sessions of one identity: the migration is held until a person has revoked it, whatever else happens.
scenario login, critical, both: 1 pass in a row
gate ready: all

0:00  target/t2 joins
      > 0:00 target/t2 is enrolled
      > 0:00 prepare -> sync
      > 0:00 ready is unknown
      >   missing login on source by s1: s1 has not reported it
      >   missing login on target by t1: t1 has not reported it (and 1 agent like it)
0:00  all pass
      > 0:05 sync -> ready
      > 0:05 asked: cutover, for gate cutover
      > 0:05 gate ready opens, epoch 2
      > 0:05 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
0:10  target/t2 lives twice
      > 0:10 target/t2: two live sessions of one identity, from 192.0.2.7:4000 and from 198.51.100.9:4000: its key is in two places
      > 0:10 gate ready shuts, epoch 2
      > 0:10 ready -> sync
      > 0:10 ready is hold
      >   conflict on target by t2: target/t2 is suspended: two live sessions of one identity, from 192.0.2.7:4000 and from 198.51.100.9:4000: its key is in two places; revoke it, and let it join under another name
0:20  target/t2 signs off
0:30  the plan changes: scenario login, critical, both: 2 passes in a row
      > 0:30 plan revision 2, by olga
      > 0:30 ready is unknown
      >   missing login on source by s1: s1 has not reported it
      >   conflict on target by t2: target/t2 is suspended: two live sessions of one identity, from 192.0.2.7:4000 and from 198.51.100.9:4000: its key is in two places; revoke it, and let it join under another name
      > 0:31 told: target/t2 is lost
      > 0:35 ready is hold
      >   claim_undecided login on source by s1: 1 of 2 passes in a row
      >   conflict on target by t2: target/t2 is suspended: two live sessions of one identity, from 192.0.2.7:4000 and from 198.51.100.9:4000: its key is in two places; revoke it, and let it join under another name
      > 0:40 ready is hold
      >   conflict on target by t2: target/t2 is suspended: two live sessions of one identity, from 192.0.2.7:4000 and from 198.51.100.9:4000: its key is in two places; revoke it, and let it join under another name
0:40  operator revokes target/t2
      > 0:40 target/t2 is revoked, by operator
      > 0:40 ready is unknown
      >   missing login on target by t1: t1 has not reported it
      > 0:45 ready is hold
      >   claim_undecided login on target by t1: 1 of 2 passes in a row
      > 0:50 sync -> ready
      > 0:50 gate ready opens, epoch 4
      > 0:50 cutover is hold
      >   decision cutover: waits for olga (or ben) to decide cutover: 0 of 1 voice
0:50  target/t2 joins
      > 0:50 refused, NOT_YOURS: target/t2 was revoked: join under another name
0:50  target/t3 joins
      > 0:50 target/t3 is enrolled
      > 0:50 gate ready shuts, epoch 4
      > 0:50 ready -> sync
      > 0:50 ready is unknown
      >   missing login on target by t3: t3 has not reported it
1:00  nothing more
