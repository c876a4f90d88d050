//! One night of the shop: what happens between the examples.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tidelock_tests::{Cli, Shown, Terminal, World, WorldOptions, eventually_for};

use super::LIMIT;
use super::table::{By, Example};
use crate::manners::gone::reader_leaves;
use crate::manners::loud::says_both;
use crate::manners::narrow::fits;
use crate::manners::tree::{Kind, TREE};

const PLAN: &str = include_str!("plan.yaml");
/// What the runbook runs: it says that it did, and waits where a test wants it to.
const STEP: &str =
    "#!/bin/sh\necho $$ > step.pid\nwhile [ -e \"stall-$1\" ]; do sleep 0.05; done\necho \"$1 done\"\n";
/// What the help says in place of a proposal's name.
const PROPOSAL: &str = "3fa2b1c40d5e";
/// Wide enough for what is waited for.
const COLUMNS: u32 = 120;

/// A world in which a runbook is walked.
pub(super) struct Night {
    pub(super) world: World,
    ana: Cli,
    bo: Cli,
    /// Where everything is typed: the plan and what the examples write.
    desk: PathBuf,
    /// The name of the plan that was proposed.
    proposal: String,
}

impl Night {
    pub(super) fn begin() -> Night {
        let world = World::start(&WorldOptions { plan: PLAN.to_owned(), ..WorldOptions::default() });
        let desk = world.folder.path().join("desk");
        fs::create_dir(&desk).expect("a folder can be made");
        fs::copy(world.folder.path().join("plan.yaml"), desk.join("plan.yaml"))
            .expect("the plan of this world");
        let step = desk.join("step");
        fs::write(&step, STEP).expect("a script can be written");
        fs::set_permissions(&step, fs::Permissions::from_mode(0o700)).expect("it can be run");
        let (ana, bo) = (world.person("ana"), world.person("bo"));
        let mut night = Night { world, ana, bo, desk, proposal: String::new() };
        night.is_ready();
        night
    }

    /// Nothing happens between two examples.
    pub(super) fn goes_on(&mut self) {}

    /// Types an example on a terminal. A GO is given again where the evidence changed under it.
    pub(super) fn types(&mut self, example: &Example) -> Shown {
        (example.before)(self);
        let shown = eventually_for(LIMIT, example.line, || {
            let shown = self.typed(example);
            let again = example.line.starts_with("decide ") && shown.code == 3 && example.exit == 0;
            if again { Err(shown.text) } else { Ok(shown) }
        });
        if let Some((_, rest)) = shown.text.split_once("proposed as ") {
            self.proposal = rest.split(',').next().unwrap_or_default().to_owned();
        }
        shown
    }

    fn typed(&self, example: &Example) -> Shown {
        let words = super::words(&example.line.replace(PROPOSAL, &self.proposal));
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let cli = match example.by {
            By::Operator => &self.world.operator,
            By::Ana => &self.ana,
            By::Bo => &self.bo,
        };
        let mut command = cli.command(&words);
        command.current_dir(&self.desk);
        let mut terminal = Terminal::open(&command, COLUMNS);
        for (said, keys) in example.keys {
            terminal.until_said(said);
            terminal.types(keys);
        }
        terminal.ended()
    }

    /// The migration is ready for a decision.
    pub(super) fn is_ready(&mut self) {
        let _ = self.world.operator.run(&["gate", "wait", "ready", "--timeout", "60s", "-q"]).good();
        self.world.until_phase("ready");
    }

    /// The gate is open, by Ana's GO; a check that a busy machine kept waiting takes one back.
    pub(super) fn go(&mut self) {
        eventually_for(LIMIT, "Ana's GO opens the gate cutover", || {
            let gate = self.bo.run(&["gate", "check", "cutover"]);
            if gate.code == 0 {
                return Ok(());
            }
            let go =
                ["decide", "cutover", "--go", "--reason", "all green", "--confirm", "shop", "--no-input"];
            Err(gate.out + &self.ana.run(&go).err)
        });
    }

    /// Rows differ, and Bo looked at them: his voice is the first of two.
    pub(super) fn parity_fails_and_bo_knows_why(&mut self) {
        self.world.target.fail_every("/page/parity", 1);
        self.world.until_hold("cutover", |hold| hold["check"] == "db-parity", "rows differ");
        let words =
            ["decide", "override", "--go", "--override", "db-parity", "--reason", "I know these rows"];
        let _ = self.bo.run(&[&words[..], &["--confirm", "shop", "--no-input"]].concat()).good();
    }

    /// The fence does not end by itself.
    pub(super) fn fence_takes_long(&mut self) {
        self.go();
        fs::write(self.desk.join("stall-fence"), "").expect("the folder can be written");
    }

    /// Its command went with its operator.
    pub(super) fn nothing_of_the_fence_is_left(&mut self) {
        let pid = fs::read_to_string(self.desk.join("step.pid")).expect("the fence was begun");
        let process = Path::new("/proc").join(pid.trim());
        eventually_for(LIMIT, "the command of the fence is gone", || {
            if process.exists() { Err(process.display().to_string()) } else { Ok(()) }
        });
        fs::remove_file(self.desk.join("stall-fence")).expect("it was made to wait");
        self.world.target.fail_every("/page/parity", u64::MAX);
    }

    /// Fewer passes are enough, from here on.
    pub(super) fn plan_gets_looser(&mut self) {
        let _ = self.world.operator.run(&["release", "--reason", "looked at"]).good();
        let file = self.desk.join("plan.yaml");
        let strict = fs::read_to_string(&file).expect("the plan of this world");
        assert!(strict.contains("in_a_row: 2"), "{strict}");
        fs::write(&file, strict.replace("in_a_row: 2", "in_a_row: 1")).expect("the plan can be written");
        self.is_ready();
    }

    pub(super) fn heads_are_kept_elsewhere(&mut self) {
        let heads = self.world.collector_folder().join("pki/heads.json");
        fs::copy(heads, self.desk.join("heads.json")).expect("the collector signs its heads");
    }

    pub(super) fn somebody_alters_the_report(&mut self) {
        let page = fs::read_to_string(self.desk.join("report.md")).expect("an example has written it");
        assert!(page.contains("payments fail"), "{page}");
        let altered = page.replace("payments fail", "payments are fine");
        fs::write(self.desk.join("altered.md"), altered).expect("it can be written");
    }

    /// What tells of a runbook has the manners of every screen, while one may still be rehearsed.
    pub(super) fn screens_of_runs_have_manners(&mut self) {
        for row in TREE.iter().filter(|row| row.kind == Kind::Walked) {
            let words = row.words(&str::to_owned);
            let plain: Vec<&str> = words.iter().map(String::as_str).collect();
            let answer = self.bo.run(&plain).good();
            assert!(
                says_both(&answer),
                "{plain:?} does not say what is for development alone: {}",
                answer.out
            );
            self.is_narrow(&plain);
            let (exit, said) = reader_leaves(&self.bo, &self.world, &words);
            assert!(exit == 0 && !said.contains("panicked"), "{plain:?}: exit {exit}: {said}");
        }
    }

    /// What is told of the whole night fits a narrow terminal, too, and names the steps.
    pub(super) fn is_over(&self) {
        for words in ["status", "brief", "events", "rollback", "cutover show", "rollback show", "why"] {
            self.is_narrow(&words.split(' ').collect::<Vec<_>>());
        }
        let told = self.world.operator.run(&["events", "-o", "ndjson"]).good().out;
        let events: Vec<Value> =
            told.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect();
        let steps: Vec<&Value> = events.iter().filter(|event| !event["part"].is_null()).collect();
        let unnamed: Vec<_> = steps.iter().filter(|event| event["step"].is_null()).collect();
        assert!(steps.len() > 20 && unnamed.is_empty(), "{} events of steps: {unnamed:?}", steps.len());
        let events = self.world.operator.run(&["events"]).good().out;
        let report = fs::read_to_string(self.desk.join("report.md")).expect("an example has written it");
        for (page, word) in [
            (&events, "fence (part 0) begins"),
            (&events, "traffic@100% (part 4) is proved"),
            (&events, "traffic-back@0% (part 1) is done"),
            (&events, "past its point of no return, no-return (part 2)"),
            (&report, "whether fence (part 0) was carried out: yes"),
        ] {
            assert!(page.contains(word), "no {word:?} in {page}");
        }
    }

    fn is_narrow(&self, words: &[&str]) {
        fits(&words.join(" "), crate::manners::tree::ANY, || {
            let mut command = self.bo.command(words);
            command.current_dir(&self.desk);
            command
        });
    }
}
