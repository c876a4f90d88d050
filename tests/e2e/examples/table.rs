//! The examples of the help in the order of one night, who types each, and how it ends.

use tidelock_tests::CTRL_C;

use super::night::Night;

/// Who types it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum By {
    /// Whoever runs the migration.
    Operator,
    /// Who decides.
    Ana,
    /// Who walks the runbook.
    Bo,
}

/// An example as the help has it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Example {
    pub(super) by: By,
    pub(super) line: &'static str,
    /// What is typed once something was said.
    pub(super) keys: &'static [(&'static str, &'static str)],
    pub(super) exit: i32,
    /// Why it ends otherwise than well.
    pub(super) why: &'static str,
    /// What happens before it.
    pub(super) before: fn(&mut Night),
}

impl Example {
    const fn after(self, before: fn(&mut Night)) -> Example {
        Example { before, ..self }
    }

    const fn keys(self, keys: &'static [(&'static str, &'static str)]) -> Example {
        Example { keys, ..self }
    }

    const fn ends(self, exit: i32, why: &'static str) -> Example {
        Example { exit, why, ..self }
    }
}

const fn of(by: By, line: &'static str) -> Example {
    Example { by, line, keys: &[], exit: 0, why: "", before: Night::goes_on }
}

const fn operator(line: &'static str) -> Example {
    of(By::Operator, line)
}

const fn ana(line: &'static str) -> Example {
    of(By::Ana, line)
}

const fn bo(line: &'static str) -> Example {
    of(By::Bo, line)
}

/// What is not typed here, and why.
pub(super) const ELSEWHERE: [(&str, &str); 5] = [
    ("plugin test front", "it builds a plugin from its sources: first_check types the page that does"),
    (
        "plugin test front --case says-it --update",
        "the same; what --update changes is tried beside the cases",
    ),
    ("plugin pull stock@0.1.0", "a component that a team has built and signed: plugin_pull pulls one"),
    ("plugin pull sha256:DIGITS --out stock.wasm", "the same, by its digest"),
    ("plugin verify stock.wasm --key team.key.pub", "the same, once it is there"),
];

/// In the order of a night.
pub(super) const EXAMPLES: [Example; 41] = [
    operator("brief"),
    operator("plan check plan.yaml --strict"),
    operator("plan diff plan.yaml"),
    operator("plan timeline plan.yaml"),
    bo("cutover run --rehearse"),
    bo("rollback run --rehearse"),
    operator("status --watch")
        .after(Night::screens_of_runs_have_manners)
        .keys(&[("2 of 2 online", CTRL_C)])
        .ends(130, "it goes on until somebody stops it"),
    operator("why --gate ready"),
    operator("agent ls"),
    operator("manual ls"),
    operator("gate wait ready --timeout 3h"),
    operator("status -o nagios").ends(1, "a gate that waits for people is a warning to Nagios"),
    ana("decide cutover --go --reason \"all green, agreed on the call\" --confirm shop")
        .after(Night::is_ready),
    operator("gate wait cutover --timeout 30m").after(Night::go),
    operator("gate check cutover").after(Night::go),
    ana("decide cutover --no --reason \"payments are not ready\""),
    ana("decide cutover --go --override db-parity --reason \"compared by hand\"")
        .after(Night::parity_fails_and_bo_knows_why)
        .keys(&[("Type the migration's name", "shop\n")]),
    bo("cutover run --timeout 30m")
        .after(Night::fence_takes_long)
        .keys(&[("running: ./step fence on", CTRL_C), ("once more kills it", CTRL_C)])
        .ends(130, "somebody stops it, and kills the command of its first step"),
    bo("cutover show").after(Night::nothing_of_the_fence_is_left),
    bo("cutover resume").ends(3, "nobody saw the fence end, so a person is asked"),
    bo("cutover settle fence --done --reason \"the proxy says so\""),
    bo("cutover back --reason \"too many errors\""),
    bo("cutover resume").ends(3, "it takes back what was done: that is no cutover"),
    operator("hold --reason \"checkout is slow\""),
    operator("release --reason \"checkout is fine\""),
    operator("hold --reason \"look at checkout first\""),
    operator("plan apply plan.yaml --reason \"queue depth was too strict\"")
        .after(Night::plan_gets_looser)
        .keys(&[("[y/N]", "y\n")])
        .ends(3, "a looser plan is proposed, and waits for a second person"),
    bo("plan apply plan.yaml --confirm 3fa2b1c40d5e --reason \"I looked at it\"").keys(&[("[y/N]", "y\n")]),
    ana("decide cutover --go --reason \"all green\" --confirm shop").after(Night::is_ready),
    bo("cutover run --timeout 30m").after(Night::go).keys(&[("Type the migration's name", "shop\n")]),
    operator("rollback"),
    operator("gate wait committed --timeout 6h")
        .keys(&[("HOLD", CTRL_C)])
        .ends(130, "the end of a migration is hours away, and somebody stops waiting"),
    ana("decide rollback --go --reason \"payments fail\" --confirm shop"),
    bo("rollback run"),
    operator("rollback leftovers"),
    operator("report -o md --out report.md"),
    operator("report --verify report.md"),
    operator("report --from 2026-11-22T01:00 -o json --out report.json"),
    operator("report --verify report.md --key heads.json").after(Night::heads_are_kept_elsewhere),
    operator("report --verify altered.md --out signed.md")
        .after(Night::somebody_alters_the_report)
        .ends(1, "it is not what was signed"),
    // Whoever reads a code of the page above looks it up here.
    operator("help exit-codes"),
];
