//! The examples of the long help are not only words that parse: each is run as it stands there, in a world in
//! which a migration is ready. What cannot be run here is named with the reason.

use std::collections::BTreeSet;
use std::fs;
use std::process::Stdio;
use std::time::Duration;

use tidelock_tests::{Cli, World, eventually_for};

/// The topics with examples.
const TOPICS: [&str; 5] = ["cutover-day", "decisions", "clocks", "exit-codes", "plugin-cases"];
/// How long one may take.
const LIMIT: Duration = Duration::from_secs(60);

/// Who types it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    /// Whoever runs the migration.
    Operator,
    /// Who decides it.
    Ana,
}

/// How an example ends here: one of these exits, or it is not run, and why.
type Ends = Result<&'static [i32], &'static str>;

/// In an order in which each has its sense. A plan without a runbook has nothing to walk: that is refused.
const EXAMPLES: [(By, &str, Ends); 36] = [
    (By::Operator, "brief", Ok(&[0])),
    (By::Operator, "plan check plan.yaml --strict", Ok(&[0, 2])),
    (By::Operator, "plan diff plan.yaml", Ok(&[0])),
    (By::Operator, "plan timeline plan.yaml", Ok(&[0])),
    (By::Operator, "plan apply plan.yaml --reason \"queue depth was too strict\"", Ok(&[0])),
    (By::Operator, "plan apply plan.yaml --confirm 3fa2b1c40d5e --reason \"I looked at it\"", Ok(&[2, 3])),
    (By::Operator, "cutover run --rehearse", Ok(&[2, 3])),
    (By::Operator, "rollback run --rehearse", Ok(&[2, 3])),
    (By::Operator, "status --watch", Err("it goes on until somebody stops it")),
    (By::Operator, "status -o nagios", Ok(&[0, 1])),
    (By::Operator, "why --gate ready", Ok(&[0])),
    (By::Operator, "agent ls", Ok(&[0])),
    (By::Operator, "manual ls", Ok(&[0])),
    (By::Operator, "gate wait ready --timeout 3h", Ok(&[0])),
    (By::Ana, "decide cutover --go --reason \"all green, agreed on the call\" --confirm shop", Ok(&[0])),
    (By::Operator, "gate wait cutover --timeout 30m", Ok(&[0])),
    (By::Operator, "gate check cutover", Ok(&[0])),
    (By::Ana, "decide cutover --no --reason \"payments are not ready\"", Ok(&[0])),
    (By::Ana, "decide cutover --go --reason \"all green\" --confirm shop", Ok(&[0])),
    (By::Ana, "decide cutover --go --override db-parity --reason \"compared by hand\"", Ok(&[2, 3])),
    (By::Operator, "cutover run --timeout 30m", Ok(&[2, 3])),
    (By::Operator, "cutover show", Ok(&[2])),
    (By::Operator, "cutover resume", Ok(&[2, 3])),
    (By::Operator, "cutover settle fence --done --reason \"the proxy says so\"", Ok(&[2])),
    (By::Operator, "hold --reason \"checkout is slow\"", Ok(&[0])),
    (By::Operator, "release --reason \"checkout is fine\"", Ok(&[0])),
    (By::Operator, "hold --reason \"look at checkout first\"", Ok(&[0])),
    (By::Operator, "cutover back --reason \"too many errors\"", Ok(&[2])),
    (By::Operator, "rollback", Ok(&[0, 5])),
    (By::Ana, "decide rollback --go --reason \"payments fail\" --confirm shop", Ok(&[3])),
    (By::Operator, "rollback run", Ok(&[2, 3])),
    (By::Operator, "gate wait committed --timeout 6h", Err("it waits for the end of a migration")),
    (By::Operator, "rollback leftovers", Ok(&[0])),
    (By::Operator, "report -o md --out report.md", Ok(&[0])),
    (By::Operator, "help plugin-cases", Ok(&[0])),
    (By::Operator, "help exit-codes", Ok(&[0])),
];

/// The words of a line as a shell takes them, as far as our examples go.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quoted) = (Vec::new(), String::new(), false);
    for c in line.chars() {
        match c {
            '"' => quoted = !quoted,
            ' ' if !quoted => words.push(std::mem::take(&mut word)),
            c => word.push(c),
        }
    }
    words.push(word);
    words.retain(|word| !word.is_empty());
    words
}

fn of_help(cli: &Cli) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for topic in TOPICS {
        let text = cli.run(&["help", topic]).good().out;
        let examples = text.lines().filter_map(|line| line.trim_start().strip_prefix("$ tidelock "));
        found.extend(examples.map(|line| line.split("  ").next().unwrap_or(line).trim().to_owned()));
    }
    found
}

/// Its exit, and what it said. One that goes on for too long is ended.
fn run(cli: &Cli, folder: &std::path::Path, line: &str) -> (i32, String) {
    let words = words(line);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let log = folder.join("example.log");
    let file = fs::File::create(&log).expect("a file");
    let mut command = cli.command(&words);
    command.current_dir(folder).stdin(Stdio::null()).stderr(file.try_clone().expect("a handle")).stdout(file);
    let mut child = command.spawn().expect("tidelock starts");
    let status = eventually_for(LIMIT, line, || match child.try_wait() {
        Ok(Some(status)) => Ok(status),
        Ok(None) => Err(fs::read_to_string(&log).unwrap_or_default()),
        Err(error) => Err(error.to_string()),
    });
    (status.code().unwrap_or(-1), fs::read_to_string(&log).unwrap_or_default())
}

pub(super) fn each_example_of_the_help_is_run(world: &World) {
    let told = of_help(&world.operator);
    let listed: BTreeSet<String> = EXAMPLES.iter().map(|(_, line, _)| (*line).to_owned()).collect();
    let missing: Vec<_> = told.difference(&listed).collect();
    assert!(missing.is_empty(), "examples that nobody runs: {missing:#?}");
    let gone: Vec<_> = listed.difference(&told).filter(|line| !line.starts_with("help ")).collect();
    assert!(gone.is_empty(), "no help has these any more: {gone:#?}");
    let ana = world.person("ana");
    for (by, line, ends) in EXAMPLES {
        // What is not run is parsed by a test of the command line itself.
        let Ok(exits) = ends else { continue };
        let cli = if by == By::Ana { &ana } else { &world.operator };
        let (exit, said) = run(cli, world.folder.path(), line);
        assert!(exits.contains(&exit), "tidelock {line}: exit {exit}, not one of {exits:?}\n{said}");
        assert!(!said.contains("panicked"), "tidelock {line}: {said}");
    }
    // Nothing of it is in the way of what comes next.
    let released = world.operator.run(&["release", "--reason", "done"]);
    assert_eq!(released.code, 0, "{}{}", released.out, released.err);
}
