//! Every command of the tree: what is typed here, how it ends, what it prints, and for how long it stays. A command
//! that is new is in no row, and `no_command_is_forgotten` says so.

use std::collections::BTreeSet;

use Kind::{Act, Data, Filed, Other, Page, Screen, Walked};
use Lasts::{Ends, Follows, Waits};

use crate::golden::leaves;

/// More than one exit is right, on a busy machine or by what was done before.
pub(crate) const ANY: i32 = -1;
/// As a shell has it after Ctrl-C.
pub(super) const STOPPED: i32 = 130;

/// What a command prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// How the migration stands: what is for development alone stands on it, too.
    Screen,
    /// The same, once a runbook was walked: it is looked at where one is.
    Walked,
    /// The same, to be filed: no line of it is broken.
    Filed,
    /// Something else for people.
    Page,
    /// What programs read, or somebody copies as a whole: no line of it is broken.
    Data,
    /// It does something, and says so in a line.
    Act,
    /// It becomes another program, and why.
    Other(&'static str),
}

/// For how long it stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lasts {
    /// It ends by itself.
    Ends,
    /// It tells what comes until nobody wants it any more.
    Follows,
    /// It waits for something, and its exit is the answer.
    Waits,
}

/// A command.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row {
    /// As the help lists it.
    pub(crate) leaf: &'static str,
    /// What is typed behind it; `{x}` is filled in.
    pub(crate) more: &'static str,
    /// How it ends by itself.
    pub(crate) exit: i32,
    pub(crate) kind: Kind,
    pub(crate) lasts: Lasts,
    /// It asks the collector.
    pub(crate) asks: bool,
}

impl Row {
    /// The words of it.
    pub(crate) fn words(&self, fill: &dyn Fn(&str) -> String) -> Vec<String> {
        fill(&format!("{} {}", self.leaf, self.more)).split_whitespace().map(str::to_owned).collect()
    }

    /// It can be looked at in a world in which no runbook was walked, and does nothing there.
    pub(super) fn is_shown(&self) -> bool {
        matches!(self.kind, Screen | Filed | Page | Data)
    }
}

const fn of(leaf: &'static str, more: &'static str, exit: i32, kind: Kind, lasts: Lasts) -> Row {
    Row { leaf, more, exit, kind, lasts, asks: true }
}

/// Nobody is asked for it.
const fn alone(leaf: &'static str, more: &'static str, exit: i32, kind: Kind) -> Row {
    Row { leaf, more, exit, kind, lasts: Ends, asks: false }
}

/// A command with more than one row has more than one way to be.
pub(crate) const TREE: [Row; 100] = [
    of("status", "", 0, Screen, Ends),
    of("status", "--all --side target", 0, Screen, Ends),
    of("status", "--watch", STOPPED, Screen, Follows),
    of("why", "", 0, Screen, Ends),
    of("why", "login", 0, Screen, Ends),
    of("why", "login --last 5m", 0, Screen, Ends),
    of("gate ls", "", 0, Screen, Ends),
    of("gate check", "cutover", 3, Screen, Ends),
    of("gate wait", "cutover --timeout 2s", 8, Screen, Waits),
    of("gate exec", "cutover --timeout 2s -- touch switched", 8, Screen, Waits),
    of("gate confirm", "cutover", 3, Act, Ends),
    of("switched", "--reason x", 3, Act, Ends),
    of("brief", "", 0, Screen, Ends),
    of("decide", "cutover --go --reason x --dry-run", ANY, Screen, Ends),
    of("hold", "--reason x", 0, Act, Ends),
    of("release", "--reason x", 0, Act, Ends),
    of("abort", "--reason x", 0, Act, Ends),
    of("cutover run", "--yes --timeout 2s", 8, Screen, Waits),
    of("cutover run", "--rehearse", ANY, Walked, Ends),
    of("cutover resume", "", ANY, Act, Ends),
    of("cutover show", "", 0, Walked, Ends),
    of("cutover leave", "", ANY, Act, Ends),
    of("cutover confirm", "fence --reason x", ANY, Act, Ends),
    of("cutover settle", "fence --done --reason x", ANY, Act, Ends),
    of("cutover back", "--reason x", ANY, Act, Ends),
    of("cutovers", "on --reason x", 0, Act, Ends),
    of("rollback", "", 0, Screen, Ends),
    of("rollback run", "--when-decided", ANY, Act, Waits),
    of("rollback run", "--rehearse", ANY, Walked, Ends),
    of("rollback resume", "", ANY, Act, Ends),
    of("rollback show", "", 0, Walked, Ends),
    of("rollback leave", "", ANY, Act, Ends),
    of("rollback confirm", "fence --reason x", ANY, Act, Ends),
    of("rollback settle", "fence --done --reason x", ANY, Act, Ends),
    of("rollback leftovers", "", 0, Screen, Ends),
    of("rollback leftovers settle", "a/1 --owner ana --disposition x", ANY, Act, Ends),
    of("fact", "x --reason x", ANY, Act, Ends),
    of("manual ls", "", 0, Screen, Ends),
    of("manual done", "x --evidence x", ANY, Act, Ends),
    of("revision set", "source r1", 0, Act, Ends),
    of("events", "", 0, Screen, Ends),
    of("events", "--follow", STOPPED, Screen, Follows),
    of("report", "", 0, Filed, Ends),
    of("evidence show", "login", 0, Screen, Ends),
    of("evidence show", "front", 0, Screen, Ends),
    alone("evidence replay", "{folder}/front.json", 0, Page),
    alone("init", "{folder}/no/first.yaml --no-input", 2, Page),
    alone("plan check", "{plan}", 0, Page),
    alone("plan check", "{mistakes}", 2, Page),
    of("plan diff", "{plan}", 0, Page, Ends),
    of("plan apply", "{plan} --dry-run", 0, Page, Ends),
    of("plan show", "", 0, Data, Ends),
    alone("plan pin", "{folder}/pinned.yaml", 0, Page),
    alone("plan timeline", "{plan}", 0, Page),
    alone("plan schema", "", 0, Data),
    alone("plan explain", "E015", 0, Page),
    alone("plan explain", "{plan}", 0, Page),
    of("check ls", "", 0, Screen, Ends),
    of("check run", "login", ANY, Screen, Ends),
    of("check show", "login", 0, Screen, Ends),
    of("agent ls", "", 0, Screen, Ends),
    of("agent token", "--side source", 0, Data, Ends),
    of("agent token ls", "", 0, Page, Ends),
    of("agent token revoke", "nobody", ANY, Act, Ends),
    of("agent revoke", "source/nobody --reason x", ANY, Act, Ends),
    of("access issue", "eve --role viewer", 0, Data, Ends),
    of("access ls", "", 0, Page, Ends),
    of("access refused", "", 0, Page, Ends),
    of("access revoke", "nobody", ANY, Act, Ends),
    alone("plugin new", "stock", ANY, Act),
    alone("plugin build", "{folder}/nope", 1, Act),
    alone("plugin test", "{folder}/nope", 2, Act),
    alone("plugin try", "", ANY, Other("it becomes tidelock-agent try")),
    of("plugin push", "{folder}/login.wasm", ANY, Act, Ends),
    of("plugin pull", "login@9.9.9 --out {folder}/nope.wasm", ANY, Act, Ends),
    alone("plugin keygen", "{folder}/a.key", ANY, Act),
    alone("plugin sign", "{folder}/login.wasm --key {folder}/a.key", ANY, Act),
    alone("plugin verify", "{folder}/login.wasm", ANY, Act),
    alone("plugin inspect", "builtin:login", 0, Page),
    of("plugin ls", "", 0, Page, Ends),
    alone("pki init", "--dir {folder}/new", ANY, Act),
    alone("journal verify", "{folder}", ANY, Other("it becomes tidelock-collector, which reads the journal")),
    alone("journal replay", "{folder}", ANY, Other("it becomes tidelock-collector, which reads the journal")),
    alone("journal export", "{folder}", ANY, Other("it becomes tidelock-collector: replay closes its pipe")),
    alone("journal compare", "{folder} {folder}", ANY, Other("it becomes tidelock-collector, too")),
    of("journal accept", "", 0, Act, Ends),
    alone("context ls", "", 0, Page),
    alone("context set", "x --server https://a.example:7480", 0, Act),
    alone("context use", "x", ANY, Act),
    alone("context rm", "x", ANY, Act),
    of("doctor", "", ANY, Screen, Ends),
    alone("demo", "", ANY, Other("it becomes tidelock-demo, a play for people")),
    alone("completion", "bash", 0, Data),
    alone("man", "", 0, Data),
    alone("help", "", 0, Page),
    alone("help", "cutover-day", 0, Page),
    alone("help", "gate wait", 0, Page),
    alone("help", "no-such-topic", 2, Page),
    of("version", "", 0, Page, Ends),
    alone("no-such-command", "", 2, Page),
];

#[test]
fn no_command_is_forgotten_where_each_has_its_manners() {
    let known = leaves(&[]);
    assert!(known.len() > 60, "the help lists too few of them: {known:?}");
    let rows: BTreeSet<&str> = TREE.iter().map(|row| row.leaf).collect();
    let forgotten: Vec<&String> = known.iter().filter(|leaf| !rows.contains(leaf.as_str())).collect();
    assert!(forgotten.is_empty(), "no row says how these behave: {forgotten:?}");
    // Some that have others below them are commands themselves; and one is none.
    let also = ["rollback", "rollback leftovers", "agent token", "help", "no-such-command"];
    let gone: Vec<&&str> =
        rows.iter().filter(|leaf| !known.iter().any(|one| one == *leaf) && !also.contains(*leaf)).collect();
    assert!(gone.is_empty(), "there are no such commands any more: {gone:?}");
    for row in &TREE {
        let (Kind::Other(why), Ends) = (row.kind, row.lasts) else { continue };
        assert!(!why.is_empty() && !row.asks, "{row:?}");
    }
}
