//! Answers: equal ones prove it, different ones never do, and noise is no difference.

use proptest::prelude::*;

use super::*;

fn answer(fields: &[(&str, u8)]) -> FieldDigests {
    fields.iter().map(|(path, digest)| ((*path).to_owned(), vec![*digest])).collect()
}

fn calm() -> SameResponse {
    SameResponse::new(0.05, 0.05, ["trace".to_owned()]).expect("sound settings")
}

fn source(first: FieldDigests, again: FieldDigests) -> Vec<SourceAnswers> {
    vec![SourceAnswers { first, again }]
}

#[test]
fn equal_answers_prove_it_and_silence_takes_it_back() {
    let mut same = calm();
    assert_eq!(same.verdict(), ScenarioVerdict::NoData);
    let one = answer(&[("id", 1), ("name", 2), ("trace", 3)]);
    let other = answer(&[("id", 1), ("name", 2), ("trace", 9)]);
    for _ in 0..71 {
        let found = same.slot(&source(one.clone(), one.clone()), std::slice::from_ref(&other));
        assert_eq!(found, Some(Differences { target: 0.0, noise: 0.0, fields: 2 }));
    }
    assert_eq!((same.verdict(), same.slots()), (ScenarioVerdict::Pass, 71));
    assert_eq!(same.slot(&source(one.clone(), one), &[]), None);
    same.slot(&[], &[]);
    assert_eq!(same.verdict(), ScenarioVerdict::Pass);
    same.slot(&[], &[]);
    assert_eq!(same.verdict(), ScenarioVerdict::NoData);
}

#[test]
fn a_field_that_differs_or_is_missing_proves_nothing_and_is_named() {
    let mut same = calm();
    let one = answer(&[("id", 1), ("name", 2), ("price", 5), ("stock", 6)]);
    let other = answer(&[("id", 1), ("name", 3), ("price", 5)]);
    for _ in 0..500 {
        same.slot(&source(one.clone(), one.clone()), std::slice::from_ref(&other));
    }
    assert_eq!(same.verdict(), ScenarioVerdict::Undecided);
    assert!(same.ln_e() < 0.0);
    assert_eq!(same.differing().collect::<Vec<_>>(), ["name", "stock"]);
}

#[test]
fn what_the_source_changes_by_itself_is_left_out_later_and_listed() {
    let mut same = calm();
    let now = |time| answer(&[("id", 1), ("time", time)]);
    let slot = |same: &mut SameResponse, n| same.slot(&source(now(n), now(n + 1)), &[now(n + 2)]);
    assert_eq!(slot(&mut same, 0), Some(Differences { target: 0.5, noise: 0.5, fields: 2 }));
    assert_eq!(same.volatile().count(), 0);
    slot(&mut same, 3);
    assert_eq!(same.volatile().collect::<Vec<_>>(), ["time"]);
    assert_eq!(slot(&mut same, 6), Some(Differences { target: 0.0, noise: 0.0, fields: 1 }));
}

#[test]
fn where_everything_is_volatile_nothing_is_proved() {
    let mut same = calm();
    let now = |time| answer(&[("time", time)]);
    for n in 0..200 {
        same.slot(&source(now(n), now(n.wrapping_add(1))), &[now(n)]);
    }
    assert_eq!((same.verdict(), same.slots()), (ScenarioVerdict::NoData, 2));
}

#[test]
fn an_answer_with_too_many_fields_voids_the_slot() {
    let many: FieldDigests = (0..=FIELDS).map(|n| (n.to_string(), vec![1])).collect();
    assert_eq!(calm().slot(&source(many.clone(), many.clone()), &[many]), None);
}

#[test]
fn settings_that_mean_nothing_are_refused() {
    for (margin, alpha) in [(0.0, 0.05), (1.0, 0.05), (0.05, 0.0), (f64::NAN, 0.05)] {
        assert!(SameResponse::new(margin, alpha, []).is_none());
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(slots in prop::collection::vec((0_u8..3, 0_u8..3, 0_u8..3), 0..30)) {
        let mut same = calm();
        for (first, again, target) in slots {
            let of = |digest| answer(&[("id", 1), ("v", digest)]);
            same.slot(&source(of(first), of(again)), &[of(target)]);
        }
        let mut out = StateWriter::default();
        same.write(&mut out);
        let words = out.into_words();
        prop_assert_eq!(SameResponse::read(&mut StateReader::new(&words)), Ok(same));
    }
}
