use std::collections::BTreeMap;

use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use tidelock_model::{Name, Sha256};
use tidelock_proto::head::Head;
use tidelock_proto::v1;

use super::*;
use crate::out::Format;

const FORMS: [Format; 4] = [Format::Md, Format::Html, Format::Json, Format::Ndjson];

fn key() -> Ed25519KeyPair {
    let made = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
    Ed25519KeyPair::from_pkcs8(made.as_ref()).unwrap()
}

fn public(key: &Ed25519KeyPair) -> Vec<u8> {
    key.public_key().as_ref().to_vec()
}

/// Small, so that each of its bytes can be changed in turn.
fn report(format: Format) -> v1::Report {
    let event = v1::Event {
        sequence: 7,
        by: "olga".to_owned(),
        text: "cutover: GO".to_owned(),
        ..Default::default()
    };
    v1::Report {
        migration: "shop".to_owned(),
        timezone: "UTC".to_owned(),
        phase: "watch".to_owned(),
        decisions: vec![v1::ReportDecision { event: Some(event), holds: vec!["stale login".to_owned()] }],
        people: vec![v1::ReportPerson {
            name: "olga".to_owned(),
            full_name: "Olga Berg".to_owned(),
            ..Default::default()
        }],
        head_sequence: 7,
        head_hash: vec![0xcd; 32],
        edition: Some(print::edition(format, None, None)),
        ..v1::Report::default()
    }
}

fn wire(key: &Ed25519KeyPair, report: &v1::Report) -> v1::SignedReport {
    Signed::sign(key, report)
}

fn printed(key: &Ed25519KeyPair, report: &v1::Report) -> String {
    print::signed(&Signed::read(wire(key, report)).unwrap()).unwrap()
}

fn judge(bytes: &[u8], trust: &Trust) -> Result<(), Trouble> {
    let signed = open("report.md", bytes, trust, None)?;
    compare("report.md", bytes, &signed)
}

/// The trouble of a file that must not be believed.
#[track_caller]
fn refused(text: &str, trust: &Trust, exit: Exit, said: &str) -> Trouble {
    let trouble = judge(text.as_bytes(), trust).expect_err("it is believed");
    assert_eq!(trouble.exit, exit, "{trouble}");
    assert!(trouble.to_string().contains(said), "no {said:?} in {trouble}");
    trouble
}

#[test]
fn every_changed_byte_of_a_report_is_found_in_every_form() {
    let key = key();
    let trust = Trust::Named(public(&key));
    for format in FORMS {
        let whole = printed(&key, &report(format)).into_bytes();
        judge(&whole, &trust).unwrap();
        for at in 0..whole.len() {
            let mut changed = whole.clone();
            changed[at] ^= 1;
            assert!(judge(&changed, &trust).is_err(), "{format:?}: byte {at} of {}", whole.len());
        }
        for length in 0..whole.len() {
            assert!(judge(&whole[..length], &trust).is_err(), "{format:?}: cut to {length} bytes");
        }
    }
}

#[test]
fn pieces_that_are_moved_doubled_or_left_out_are_found() {
    let key = key();
    let trust = Trust::Named(public(&key));
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = move |below: usize| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        usize::try_from(random % below as u64).unwrap_or(0)
    };
    for format in FORMS {
        let whole = printed(&key, &report(format)).into_bytes();
        for round in 0..300 {
            let (from, to) = (next(whole.len()), next(whole.len()));
            let piece = &whole[from.min(to)..from.max(to)];
            let mut changed = whole.clone();
            if round % 2 == 0 {
                drop(changed.drain(from.min(to)..from.max(to)));
            }
            let place = next(changed.len() + 1);
            if round % 3 != 0 {
                drop(changed.splice(place..place, piece.iter().copied()));
            }
            let same = changed == whole;
            assert_eq!(judge(&changed, &trust).is_ok(), same, "{format:?}: round {round}");
        }
    }
}

#[test]
fn a_changed_name_is_found_and_its_line_is_told() {
    let key = key();
    let trust = Trust::Named(public(&key));
    let whole = printed(&key, &report(Format::Md));
    let changed = whole.replace("Olga Berg", "Eve Berg");
    let line = 1 + whole.lines().position(|line| line.contains("Olga Berg")).unwrap();
    let trouble = refused(&changed, &trust, Exit::Failed, &format!("line {line} differs"));
    assert_eq!(trouble.place, Some(format!("report.md:{line}")));
    let told = trouble.to_string();
    assert!(told.contains("the file:  | olga | Eve Berg |"), "{told}");
    assert!(told.contains("as signed: | olga | Olga Berg |"), "{told}");
    // In a document of one line the place is told by what stands around it.
    let whole = printed(&key, &report(Format::Ndjson));
    let told =
        refused(&whole.replace("Olga Berg", "Eve Berg"), &trust, Exit::Failed, "line 1 differs").to_string();
    assert!(told.contains("Eve Berg") && told.contains("Olga Berg") && told.contains('…'), "{told}");
    assert!(told.lines().all(|line| line.chars().count() < 160), "{told}");
}

#[test]
fn what_is_added_or_joined_is_found() {
    let key = key();
    let trust = Trust::Named(public(&key));
    let one = printed(&key, &report(Format::Md));
    let other = printed(&key, &v1::Report { migration: "bank".to_owned(), ..report(Format::Md) });
    for joined in [format!("{one}{other}"), format!("{other}{one}"), format!("{one}{one}")] {
        refused(&joined, &trust, Exit::Failed, "is not what was signed");
    }
    refused(&format!("{one}\n"), &trust, Exit::Failed, "something stands behind it");
    refused(&format!("Approved.\n{one}"), &trust, Exit::Failed, "line 1 differs");
    // The page of one with the signature of the other.
    let seal = |text: &str| text[text.find("<!--").unwrap()..].to_owned();
    let page = &one[..one.find("<!--").unwrap()];
    refused(&format!("{page}{}", seal(&other)), &trust, Exit::Failed, "line 1 differs");
    refused(page, &trust, Exit::Failed, "has no signature");
    refused("", &trust, Exit::Failed, "has no signature");
    let json = printed(&key, &report(Format::Json));
    refused(&format!("{json}{json}"), &trust, Exit::Failed, "damaged");
    // A second field of a name is read by some and not by others.
    let doubled = json.replacen('{', "{\n  \"phase\": \"committed\",", 1);
    refused(&doubled, &trust, Exit::Failed, "line 2 differs");
}

#[test]
fn a_key_that_nobody_here_knows_proves_nothing() {
    let (ours, theirs) = (key(), key());
    let text = printed(&theirs, &report(Format::Md));
    let keys: BTreeMap<_, _> = [("shop".to_owned(), public(&ours))].into();
    let known = Trust::Remembered(Some("https://one".to_owned()), keys);
    refused(&text, &known, Exit::Failed, "is signed by another key");
    refused(&text, &Trust::Named(public(&ours)), Exit::Failed, "than the one that was named");
    judge(text.as_bytes(), &Trust::Named(public(&theirs))).unwrap();
    let nothing = Trust::Remembered(None, BTreeMap::new());
    refused(&text, &nothing, Exit::Unknown, "nobody here knows whose key");
    judge(printed(&ours, &report(Format::Md)).as_bytes(), &known).unwrap();
    let other = open("f", printed(&ours, &report(Format::Md)).as_bytes(), &known, Some("bank"));
    assert!(other.unwrap_err().message.contains("is a report of shop, and another is meant"));
}

#[test]
fn a_signature_of_a_head_is_none_of_a_report() {
    let key = key();
    let head = Head::sign(&key, [9; 16], Name::new("shop").unwrap(), (7, Sha256::from_bytes([3; 32])), 1);
    let real = wire(&key, &report(Format::Md));
    let forged = v1::SignedReport { signature: head.to_wire().signature, ..real.clone() };
    let text = printed(&key, &report(Format::Md)).replace(&seal::comment(&real), &seal::comment(&forged));
    refused(&text, &Trust::Named(public(&key)), Exit::Failed, "its signature does not fit");
}

#[test]
fn another_releases_words_are_told_from_an_alteration() {
    let key = key();
    let trust = Trust::Named(public(&key));
    let edition =
        v1::ReportEdition { release: "99.0.0".to_owned(), ..print::edition(Format::Md, None, None) };
    let text = printed(&key, &v1::Report { edition: Some(edition.clone()), ..report(Format::Md) });
    judge(text.as_bytes(), &trust).expect("the words are the same");
    let told = refused(&text.replace("Olga", "Eve"), &trust, Exit::Unknown, "was printed by tidelock 99.0.0");
    assert!(told.hints.iter().any(|hint| hint == "check it with tidelock 99.0.0"), "{told}");
    let edition = v1::ReportEdition { form: "pdf".to_owned(), ..edition };
    let forms = seal::comment(&wire(&key, &v1::Report { edition: Some(edition), ..report(Format::Md) }));
    refused(&forms, &trust, Exit::Unknown, "a form that this release does not know: \"pdf\"");
}

#[test]
fn a_part_is_checked_as_the_part_that_it_is() {
    let key = key();
    let trust = Trust::Named(public(&key));
    for format in FORMS {
        let edition = print::edition(format, Some("2026-11-22T01:00"), None);
        let text = printed(&key, &v1::Report { edition: Some(edition), ..report(format) });
        assert!(text.contains("2026-11-22T01:00") && !text.contains("cutover: GO"), "{format:?}: {text}");
        judge(text.as_bytes(), &trust).unwrap();
        refused(
            &text.replace("2026-11-22T01:00", "2026-11-22T02:00"),
            &trust,
            Exit::Failed,
            "is not what was signed",
        );
    }
}

#[test]
fn what_cannot_be_a_report_is_not_read() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("report.md");
    assert_eq!(read(&file).unwrap_err().exit, Exit::Usage, "it is not there");
    assert_eq!(read(dir.path()).unwrap_err().exit, Exit::Usage, "it is a folder");
    fs::File::create(&file).unwrap().set_len(MAX_BYTES + 1).unwrap();
    let large = read(&file).unwrap_err();
    assert_eq!((large.exit, large.message.contains("has more than 64 MiB")), (Exit::Usage, true), "{large}");
    fs::write(&file, [0xff_u8, 0xfe]).unwrap();
    let odd = judge(&read(&file).unwrap(), &Trust::Named(vec![0; 32])).unwrap_err();
    assert_eq!((odd.exit, odd.message.contains("it is no text")), (Exit::Failed, true), "{odd}");
}
