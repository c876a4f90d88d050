//! What bytes of strangers are put into, one function a door.
//!
//! A door may refuse whatever it likes. It may not panic, and what it lets in must be the same once it has
//! gone out and come in again.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use tidelock_agent::token::JoinToken;
use tidelock_model::{
    AgentKey, Finding, FindingBatch, Name, Outcome, Pages, Sha256, Side, SpoolEpoch, Timestamp,
};
use tidelock_plan::{Source, check, expanded, named_components, named_files};
use tidelock_proto::{batch_from_wire, batch_to_wire};
use tidelock_sandbox::fuzz::Loader;

/// A door by its name, and what bytes are put into.
pub type Door = (&'static str, fn(&[u8]));

/// Every door. The folder `seeds` has one for each.
pub const DOORS: [Door; 6] = [
    ("wire", wire),
    ("plan", plan),
    ("journal", journal),
    ("report", report),
    ("token", token),
    ("component", component),
];

/// Where the seeds of a door lie.
pub fn seeds(door: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds").join(door)
}

/// A message of an agent's session: decoded, converted, and back.
fn wire(bytes: &[u8]) {
    tidelock_collector::fuzz::session(bytes);
}

/// A plan file: every mistake told, nothing on the terminal but text; a good plan reads back as itself.
fn plan(bytes: &[u8]) {
    let Ok(yaml) = std::str::from_utf8(bytes) else {
        return;
    };
    let components = named_components(yaml).into_iter().map(|word| (word, Sha256::from_bytes([7; 32])));
    let files = named_files(yaml).into_iter().map(|name| (name, "steps: []\n".to_owned()));
    let mut source = Source {
        path: "plan.yaml".to_owned(),
        yaml: yaml.to_owned(),
        files: files.collect::<BTreeMap<_, _>>(),
        components: components.collect(),
    };
    match check(&source) {
        Ok(checked) => {
            source.yaml = expanded(&checked.plan);
            let again = check(&source).map(|again| again.plan);
            assert_eq!(again.ok(), Some(checked.plan), "a plan that is written out reads back as itself");
        }
        Err(problems) => {
            let text = problems.render(&source, false, 80) + &problems.drawn(&source, false, 20);
            assert!(
                text.chars().all(|c| !c.is_control() || c == '\n'),
                "it paints on the terminal: {text:?}"
            );
        }
    }
}

/// A frame of the journal with its checksum set right, and the record in it.
fn journal(bytes: &[u8]) {
    tidelock_collector::fuzz::journal(bytes);
}

/// A plugin's report. What the agent's door lets in, the collector's lets in too: it would refuse a whole
/// batch otherwise, again and again.
fn report(bytes: &[u8]) {
    let Some((outcome, report)) = tidelock_sandbox::fuzz::report(bytes) else {
        return;
    };
    let empty = report.steps.is_empty() && report.measures.is_empty() && report.digests.is_empty();
    assert!(outcome != Outcome::Pass || !empty, "a pass that shows nothing was let in");
    let agent = AgentKey { side: Side::Source, name: Name::new("agent").expect("a name") };
    let finding = Finding {
        check: Name::new("login").expect("a name"),
        plan_revision: 1,
        plan_hash: Sha256::from_bytes([1; 32]),
        assignment_id: String::new(),
        component: Sha256::from_bytes([2; 32]),
        boot_id: String::new(),
        round: 1,
        due: Timestamp::from_millis(1),
        started_mono_ns: 0,
        duration_ns: 0,
        lateness_ns: 0,
        starved: false,
        nonce: Vec::new(),
        target_revision: String::new(),
        outcome,
        cause: (outcome == Outcome::NotRun).then_some(tidelock_model::Cause::CouldNotLook),
        report,
        refused_calls: Vec::new(),
        trace_ids: Vec::new(),
        pages: Pages::default(),
    };
    let batch = FindingBatch {
        agent: agent.clone(),
        spool_epoch: SpoolEpoch(1),
        first_seq: 1,
        findings: vec![finding],
        gap: None,
    };
    assert_eq!(batch_from_wire(agent, batch_to_wire(batch.clone())), Ok(batch), "the second door refuses it");
}

/// A token that joins an agent, and one that confirms a cutover.
fn token(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    if let Ok(token) = JoinToken::parse(&text) {
        assert!(text.contains(&token.text), "a token is what was given");
    }
    tidelock_collector::fuzz::gate_token(&text);
}

/// A component: compiled, judged and linked, and nothing of it is run.
fn component(bytes: &[u8]) {
    static LOADER: LazyLock<Loader> = LazyLock::new(Loader::default);
    LOADER.load(bytes);
}
