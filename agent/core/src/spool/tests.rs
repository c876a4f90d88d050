use proptest::prelude::*;

use super::*;

fn gap(from: u64, to: u64, counts: &[(&str, u64)]) -> Gap {
    let counts = counts.iter().map(|(check, count)| (Name::new(check).unwrap(), *count)).collect();
    Gap { from, to, counts, reason: "full".to_owned() }
}

#[test]
fn the_oldest_batches_make_room() {
    let mut ledger = Ledger::new(100, 1);
    for _ in 0..3 {
        ledger.push(10, 30);
    }
    let victims = ledger.make_room(30, 0);
    assert_eq!(victims.iter().map(|entry| (entry.first, entry.last)).collect::<Vec<_>>(), [(1, 10)]);
    ledger.replaced(&victims, 5);
    ledger.push(10, 30);
    assert_eq!((ledger.bytes(), ledger.findings(), ledger.next_seq()), (95, 30, 41));
    let victims = ledger.make_room(30, 0);
    assert_eq!(
        victims.iter().map(|entry| (entry.first, entry.last)).collect::<Vec<_>>(),
        [(1, 10), (11, 20)]
    );
}

#[test]
fn what_was_sent_in_this_session_stays() {
    let mut ledger = Ledger::new(100, 1);
    for _ in 0..3 {
        ledger.push(10, 30);
    }
    let victims = ledger.make_room(30, 10);
    assert_eq!(victims.iter().map(|entry| entry.first).collect::<Vec<_>>(), [11]);
    assert!(ledger.make_room(30, 30).is_empty());
}

#[test]
fn a_folder_with_a_hole_is_damaged() {
    let mut ledger = Ledger::new(100, 31);
    assert!(ledger.restore(Entry { first: 1, last: 10, bytes: 1, findings: 10 }));
    assert!(!ledger.complete());
    assert!(!ledger.restore(Entry { first: 12, last: 20, bytes: 1, findings: 9 }));
    assert!(!ledger.restore(Entry { first: 11, last: 31, bytes: 1, findings: 21 }));
    assert!(ledger.restore(Entry { first: 11, last: 30, bytes: 1, findings: 20 }));
    assert!(ledger.complete());
}

#[test]
fn neighbours_become_one_gap() {
    let one = join_gap(gap(1, 10, &[("a", 4), ("b", 6)]), gap(11, 12, &[("a", 2)]));
    assert_eq!(one, gap(1, 12, &[("a", 6), ("b", 6)]));
}

#[test]
fn a_gap_that_is_durable_in_part_keeps_its_end() {
    let whole = gap(5, 10, &[("a", 5), ("b", 1)]);
    assert_eq!(trim_gap(whole.clone(), 4), Some(whole.clone()));
    assert_eq!(trim_gap(whole.clone(), 8), Some(gap(9, 10, &[("a", 2), ("b", 1)])));
    assert_eq!(trim_gap(whole, 10), None);
}

proptest! {
    #[test]
    fn no_number_is_ever_missing_and_the_bound_holds(
        moves in prop::collection::vec((1_u64..20, 1_u64..40, 0_u64..4, any::<bool>()), 1..200),
    ) {
        const GAP_BYTES: u64 = 3;
        let mut ledger = Ledger::new(100, 1);
        let (mut acked, mut sent) = (0, 0);
        for (findings, bytes, forward, reconnect) in moves {
            let victims = ledger.make_room(bytes + GAP_BYTES, sent);
            prop_assert!(victims.iter().all(|entry| entry.first > sent));
            ledger.replaced(&victims, GAP_BYTES);
            ledger.push(findings, bytes);
            for _ in 0..forward {
                if let Some(entry) = ledger.after(sent) {
                    sent = entry.last;
                }
            }
            if forward == 3 {
                acked = sent;
                ledger.acked(acked);
            }
            let mut expected = acked + 1;
            for entry in ledger.entries() {
                prop_assert_eq!(entry.first, expected);
                expected = entry.last + 1;
            }
            prop_assert_eq!(expected, ledger.next_seq());
            prop_assert_eq!(ledger.bytes(), ledger.entries().map(|entry| entry.bytes).sum::<u64>());
            let pinned: u64 = ledger.entries().filter(|e| e.first <= sent).map(|e| e.bytes).sum();
            prop_assert!(ledger.bytes() <= 100_u64.max(pinned + 40 + 2 * GAP_BYTES));
            if reconnect {
                sent = acked;
            }
        }
    }
}
