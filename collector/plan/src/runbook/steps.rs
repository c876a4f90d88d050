//! One step: what it is for, what it runs, what proves it, and how it is taken back.

use std::collections::BTreeSet;
use std::time::Duration;

use tidelock_core::plan::{Command, Direction, Plan, Step, StepKind};
use tidelock_model::Name;

use super::weights;
use crate::fields::{self, Fields, text};
use crate::keys;
use crate::people::known;
use crate::problem::{Sink, quote};
use crate::tree::{Kind, Node};

/// A command without a `timeout` is killed after this, or at its step's deadline.
const USUAL_TIMEOUT: Duration = Duration::from_secs(300);
/// The time between the two readings of a fence that says none.
const USUAL_READINGS: Duration = Duration::from_secs(5);
/// The shortest time between two readings in which a writer could have moved.
const MIN_READINGS: Duration = Duration::from_millis(100);
/// The most arguments of a command, and the most variables.
const MAX_WORDS: usize = 100;
/// Stands for a route's weight.
const WEIGHT: &str = "{weight}";

/// Reads a step; none where it can't be told apart from others or what it is for.
pub(super) fn step(item: &Node, direction: Direction, plan: &Plan, sink: &mut Sink) -> Option<Step> {
    let word = item.entry("step").and_then(|e| e.value.scalar());
    let place = word.map_or_else(|| "a step of the runbook".into(), |word| format!("step {}", quote(word)));
    let fields = Fields::of(item, &keys::STEP, &place, item.span, sink)?;
    let f = &fields;
    let named = f.need("step", "give it a short name in lower case: step: fence", sink);
    let name = named.and_then(|node| {
        let what = "the name of a step";
        let found = text(node, what, sink)?;
        fields::name(&found, node.span, what, sink)
    });
    f.need("kind", &format!("say what it is for: {}", keys::STEP_KINDS.join(", ")), sink);
    let word = f.word("kind", &keys::STEP_KINDS, sink);
    let owner = owner(f, plan, sink);
    let kind = kind(word?, f, direction, sink);
    belongs(&kind, f, sink);
    let deadline = f.duration("deadline", sink);
    let commands = commands(f, &kind, deadline, sink);
    let after: BTreeSet<Name> = f.names("after", sink).into_iter().map(|(name, _)| name).collect();
    needs(&kind, f, sink);
    Some(Step {
        name: name?,
        kind,
        owner,
        planned: f.duration_or_zero("planned", sink).unwrap_or_default(),
        deadline,
        run: commands.run,
        undo: commands.undo,
        rehearsal: commands.rehearsal,
        after,
        bake: f.duration_or_zero("bake", sink).unwrap_or_default(),
    })
}

fn owner(fields: &Fields<'_>, plan: &Plan, sink: &mut Sink) -> Name {
    let read = fields.need("owner", "name the person who answers for it", sink).and_then(|node| {
        let what = fields.what("owner");
        let owner = fields::name(&text(node, &what, sink)?, node.span, &what, sink)?;
        known(&owner, node.span, &what, &plan.people, sink);
        Some(owner)
    });
    read.unwrap_or_else(|| Name::new("nobody").expect("a fixed word that is a name"))
}

fn kind(word: &str, fields: &Fields<'_>, direction: Direction, sink: &mut Sink) -> StepKind {
    match word {
        "fence" => StepKind::Fence { two_readings: readings(fields, sink) },
        "drain" => StepKind::Drain,
        "catch-up" => StepKind::CatchUp,
        "point-of-no-return" => StepKind::PointOfNoReturn,
        "open" => StepKind::Open,
        "route" => StepKind::Route { weights: weights::weights(fields, direction, sink) },
        "confirm" => StepKind::Confirm,
        "reverse" => StepKind::Reverse,
        "manual" => StepKind::Manual,
        _ => StepKind::Command,
    }
}

fn readings(fields: &Fields<'_>, sink: &mut Sink) -> Duration {
    let Some(read) = fields.duration("two_readings", sink) else { return USUAL_READINGS };
    if read < MIN_READINGS {
        let span = fields.get("two_readings").map(|n| n.span);
        sink.say("E013", span, format!("{} is shorter than 100ms", fields.what("two_readings")))
            .help("a writer that waits a moment would not be seen: 5s is usual");
        return USUAL_READINGS;
    }
    read
}

/// Refuses the keys that this kind of step would not honour.
fn belongs(kind: &StepKind, fields: &Fields<'_>, sink: &mut Sink) {
    let (people, none): (&[&str], &[&str]) =
        (&["run", "rehearsal"], &["run", "undo", "rehearsal", "env", "timeout", "after", "bake"]);
    let mut refuse = |keys: &[&str], help: &str| {
        for key in keys {
            if let Some(node) = fields.get(key) {
                let text = format!("{} is of the kind {}, which has no {key:?}", fields.place, kind.word());
                sink.say("E062", node.span, text).label("not here").help(help);
            }
        }
    };
    match kind {
        StepKind::PointOfNoReturn => {
            refuse(
                none,
                "it is one record in the journal: write what must be run or proved as a step of its own before it",
            );
        }
        StepKind::Manual => {
            refuse(people, "a person does it: write kind: command for what is run, or take the line out");
        }
        StepKind::Fence { .. }
        | StepKind::Drain
        | StepKind::CatchUp
        | StepKind::Open
        | StepKind::Route { .. }
        | StepKind::Confirm
        | StepKind::Reverse
        | StepKind::Command => {}
    }
    if !matches!(kind, StepKind::Fence { .. }) {
        refuse(&["two_readings"], "only a fence is read twice");
    }
    if !matches!(kind, StepKind::Route { .. }) {
        refuse(&["weights"], "only a route moves traffic");
    }
}

/// Asks for what a step of this kind is nothing without.
fn needs(kind: &StepKind, fields: &Fields<'_>, sink: &mut Sink) {
    match kind {
        StepKind::Fence { .. }
        | StepKind::Open
        | StepKind::Route { .. }
        | StepKind::Reverse
        | StepKind::Command => {
            let help = "write the program and its arguments as a list: run: [./ops/switch, on]";
            fields.need("run", help, sink);
        }
        StepKind::Drain | StepKind::CatchUp => {
            let help =
                "name the scenarios that prove it, on evidence younger than the step: after: [db-forward]";
            fields.need("after", help, sink);
        }
        StepKind::PointOfNoReturn | StepKind::Confirm | StepKind::Manual => {}
    }
}

struct Commands {
    run: Option<Command>,
    undo: Option<Command>,
    rehearsal: Option<Command>,
}

fn commands(fields: &Fields<'_>, kind: &StepKind, deadline: Option<Duration>, sink: &mut Sink) -> Commands {
    let env = env(fields, sink);
    let written = fields.duration("timeout", sink);
    // What takes a step back has the usual time, however short the step's own deadline is.
    let forward = written.unwrap_or_else(|| deadline.map_or(USUAL_TIMEOUT, |d| d.min(USUAL_TIMEOUT)));
    let mut command = |key: &str, timeout: Duration| {
        let argv = argv(key, fields, kind, sink)?;
        Some(Command { argv, env: env.clone(), timeout })
    };
    let commands = Commands {
        run: command("run", forward),
        undo: command("undo", written.unwrap_or(USUAL_TIMEOUT)),
        rehearsal: command("rehearsal", forward),
    };
    let nothing = commands.run.is_none() && commands.undo.is_none() && commands.rehearsal.is_none();
    for key in ["env", "timeout"] {
        let unread = ["run", "undo", "rehearsal"].iter().any(|key| fields.has(key));
        if let Some(node) =
            fields.get(key).filter(|_| nothing && !unread && *kind != StepKind::PointOfNoReturn)
        {
            sink.say("E062", node.span, format!("{} has {key:?}, but runs nothing", fields.place))
                .label("not here")
                .help("write what is run, or take the line out");
        }
    }
    commands
}

fn argv(key: &str, fields: &Fields<'_>, kind: &StepKind, sink: &mut Sink) -> Option<Vec<String>> {
    let node = fields.get(key)?;
    let what = fields.what(key);
    let items = fields.list(key, sink);
    if !matches!(node.kind, Kind::Seq(_)) {
        return None;
    }
    if items.is_empty() || items.len() > MAX_WORDS {
        let text = format!("{what} has {} words, it needs 1 to {MAX_WORDS}", items.len());
        sink.say("E013", node.span, text).help("the program first, then its arguments, each on its own");
        return None;
    }
    crate::secret::clear_text(node, &what, sink);
    let one = format!("an item of {what}");
    let argv: Option<Vec<String>> = items.iter().map(|item| text(item, &one, sink)).collect();
    let argv = argv?;
    if argv.len() == 1 && argv[0].contains(' ') {
        sink.say("E064", node.span, format!("{what} is one word with blanks in it"))
            .label("no shell reads this")
            .help("write each argument on its own: [./ops/switch, on], or [sh, -c, \"…\"] for a shell");
    }
    weight(key, &argv, node, fields, kind, sink);
    Some(argv)
}

fn weight(key: &str, argv: &[String], node: &Node, fields: &Fields<'_>, kind: &StepKind, sink: &mut Sink) {
    let named = argv.iter().any(|word| word.contains(WEIGHT));
    let what = fields.what(key);
    match kind {
        StepKind::Route { .. } if key == "undo" && named => {
            sink.say("E062", node.span, format!("{what} names {WEIGHT:?}"))
                .label("which weight?")
                .help("an undo takes all of the route back: write the share itself");
        }
        StepKind::Route { weights } if key != "undo" && !named && weights.len() > 1 => {
            sink.say("E062", node.span, format!("{what} is the same for each of {} weights", weights.len()))
                .label(format!("without {WEIGHT:?}"))
                .help(format!("write \"{WEIGHT}\" where the command takes the share of the target"));
        }
        StepKind::Route { .. } => {}
        StepKind::Fence { .. }
        | StepKind::Drain
        | StepKind::CatchUp
        | StepKind::PointOfNoReturn
        | StepKind::Open
        | StepKind::Confirm
        | StepKind::Reverse
        | StepKind::Manual
        | StepKind::Command => {
            if named {
                sink.say("E062", node.span, format!("{what} names {WEIGHT:?}"))
                    .label("not here")
                    .help("only a route has weights");
            }
        }
    }
}

fn env(fields: &Fields<'_>, sink: &mut Sink) -> Vec<String> {
    let mut names = Vec::new();
    let what = format!("an item of {}", fields.what("env"));
    let items = fields.list("env", sink);
    if items.len() > MAX_WORDS
        && let Some(node) = fields.get("env")
    {
        let text = format!("{} has {} names, the most is {MAX_WORDS}", fields.what("env"), items.len());
        sink.say("E013", node.span, text).help("name those that the commands read");
    }
    for item in items.iter().take(MAX_WORDS) {
        let Some(found) = text(item, &what, sink) else { continue };
        let good = found.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
            && !found.starts_with(|c: char| c.is_ascii_digit());
        if !good {
            // A value may be a secret: it is hidden, and not repeated.
            let code = if found.contains('=') { "E024" } else { "E064" };
            let name = found.split('=').next().unwrap_or_default();
            sink.say(code, item.span, format!("{what} is not the name of a variable"))
                .label("not a name")
                .help(format!(
                    "write {} alone: its value comes from where the operator runs it",
                    quote(name)
                ));
        } else if names.contains(&found) {
            sink.say("E004", item.span, format!("{} names {found} twice", fields.what("env")))
                .label("again")
                .help("keep one");
        } else {
            names.push(found);
        }
    }
    names
}
