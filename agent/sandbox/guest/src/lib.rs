//! A plugin that misbehaves to order: its settings say what it does wrong.
//!
//! The sandbox is proved with real components in the real engine. This one is all of them: `act` names
//! the behaviour, the other keys are its arguments. What it sees it writes into the note of its step,
//! so that a test can look at the world through the eyes of a plugin.

#[allow(
    unsafe_code,
    missing_docs,
    unreachable_pub,
    clippy::all,
    reason = "generated: the border of a component is raw memory, and the WIT file holds the words"
)]
mod bindings {
    wit_bindgen::generate!({ path: "../../../plugins/wit", world: "check" });
    use super::Guest as Component;
    export!(Component);
}

mod acts;
mod ask;

use bindings::tidelock::check::types::{
    Context, Manifest, Measure, Need, NeedKind, Outcome, Report, Step, Trouble,
};
use serde_json::Value;

struct Guest;

impl bindings::Guest for Guest {
    fn describe() -> Manifest {
        Manifest {
            name: "test-guest".to_owned(),
            version: "1.0.0".to_owned(),
            proves: "that the sandbox holds".to_owned(),
            blind_spots: vec!["everything else".to_owned()],
            needs: vec![Need { setting: "target".to_owned(), kind: NeedKind::Http, required: false }],
            measures: vec!["answer".to_owned()],
            settings_schema: r#"{"type":"object"}"#.to_owned(),
        }
    }

    fn run(context: Context) -> Result<Report, Trouble> {
        let settings: Value = serde_json::from_str(&context.settings)
            .map_err(|error| Trouble::BadSettings(error.to_string()))?;
        acts::act(&Ask { settings, context })
    }
}

/// What a run is told, with the settings read.
struct Ask {
    settings: Value,
    context: Context,
}

impl Ask {
    fn text(&self, key: &str) -> String {
        self.settings[key].as_str().unwrap_or("").to_owned()
    }

    fn number(&self, key: &str, otherwise: u64) -> u64 {
        self.settings[key].as_u64().unwrap_or(otherwise)
    }

    fn flag(&self, key: &str) -> bool {
        self.settings[key].as_bool().unwrap_or(false)
    }
}

/// A report with one step that carries what was seen.
fn report(outcome: Outcome, note: impl Into<String>) -> Report {
    Report {
        outcome,
        steps: vec![step("act", outcome, note)],
        measures: Vec::new(),
        digests: Vec::new(),
        marks: Vec::new(),
        remaining: Vec::new(),
        counts: None,
        note: String::new(),
    }
}

fn step(name: &str, outcome: Outcome, note: impl Into<String>) -> Step {
    Step { name: name.to_owned(), outcome, duration_us: 1, note: note.into() }
}

fn measure(name: &str, value: f64) -> Measure {
    Measure { name: name.to_owned(), value, unit: String::new() }
}
