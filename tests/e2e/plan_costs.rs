//! Plans that no person writes, given to the collector by hand and not by a command line that reads them first:
//! each is refused in few words, at no more than 100 times its sender's work, and in a bounded piece of memory.

use std::fs;

use prost::Message as _;
use tidelock_proto::v1;
use tidelock_tests::{Cli, World, WorldOptions};
use tonic::Code;

use crate::call::{Answer, call, message};
use crate::costs::Costs;

const APPLY: (&str, &str) = ("api", "/tidelock.v1.PlanService/ApplyPlan");
/// What all of it may add to the collector's memory, for good and for a moment.
const MAY_GROW: [u64; 2] = [64 << 20, 128 << 20];
/// As large as a plan may be.
const MIB: usize = 1 << 20;

/// What is wrong, the plan, and what the refusal says.
type Row = (&'static str, v1::PlanSource, &'static str);

fn row(name: &'static str, yaml: String, said: &'static str) -> Row {
    (name, v1::PlanSource { yaml, ..v1::PlanSource::default() }, said)
}

/// As many of these as a plan has room for.
fn filled(one: &str) -> String {
    one.repeat((MIB - 64) / one.len())
}

/// So many lines, each with its number.
fn lines(count: usize, line: impl Fn(usize) -> String) -> String {
    (0..count).map(line).collect()
}

/// One thing, as much of it as there is room for.
fn much_of_one_thing() -> Vec<Row> {
    vec![
        row("comments alone", filled("#"), "E002: the file is empty"),
        row("brackets that open", filled("["), "E001"),
        row("braces that open", filled("{a: "), "E001"),
        row("lists in lists", filled("- "), "E002"),
        row("tabs", filled("\ta\n"), "E003"),
        row("one key again and again", filled("k: 1\n"), "E004"),
        row("tags", filled("- !t x\n"), "E006"),
        row("aliases", format!("a: &a x\nb:\n{}", filled("- *a\n")), "E002"),
        row("anchors", filled("- &a x\n"), "E002"),
        row("documents", filled("---\n"), "E002"),
        row("keys that are lists", filled("? [a]\n"), "E009"),
        row("a key without end", format!("{:?}: 1\n", filled("k")), "E001"),
        row("a text without end", format!("name: \"{}", filled("x")), "E001"),
        row("escapes", format!("name: \"{}\"\n", filled("\\u0041")), "E008"),
        row("a block of lines", format!("name: |\n{}", filled("  x\n")), "E008"),
        row("one byte too much", "#".repeat(MIB + 1), "the most is 1048576"),
    ]
}

/// Little that would become much.
fn swollen() -> Vec<Row> {
    let laughs =
        lines(11, |n| format!("a{}: &a{} [{}]\n", n + 1, n + 1, vec![format!("*a{n}"); 10].join(", ")));
    let open = lines(38, |n| format!("&a{n} ["));
    let items = vec!["x"; 49_000].join(",");
    let long = "x".repeat(MIB / 2);
    let keys = lines(400, |n| format!("k{n}: 1, "));
    let unknown = lines(400, |n| format!("unknown{n}: 1\n"));
    let comment = "x".repeat(MIB - 20_000);
    let scenarios = lines(490, |n| {
        format!("  s{n}: {{ every: q, claims: {{ success: {{ margin: 0.0001%, slo: 99.9999% }} }} }}\n")
    });
    vec![
        row("aliases of aliases", format!("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n{laughs}"), "E002"),
        row(
            "a long text again and again",
            format!("a: &a \"{long}\"\nb: [*a, *a, *a, *a, *a, *a, *a, *a]\n"),
            "E002",
        ),
        row("anchors in anchors", format!("a: {open}{items}{}\n", "]".repeat(38)), "E002"),
        // Each problem would be shown with its line, and all of it is one line.
        row("many mistakes on one long line", format!("{{{keys}z: \"{comment}\" }}\n"), "E007"),
        row("many mistakes behind a long line", format!("# {comment}\n{unknown}"), "E007"),
        row(
            "many mistakes behind many lines",
            format!("{}{unknown}", "#\n".repeat(MIB / 2 - 10_000)),
            "E007",
        ),
        row("more keys than anybody knows", lines(24_000, |n| format!("k{n}: 1\n")), "E007"),
        row(
            "scenarios that cannot be proved",
            format!("tidelock: plan/v1\nname: a\nscenarios:\n{scenarios}"),
            "E0",
        ),
        row("every mistake that there is", include_str!("golden/mistakes.yaml").to_owned(), "E0"),
    ]
}

/// What stands beside the plan.
fn beside() -> Vec<Row> {
    let yaml = || include_str!("golden/mistakes.yaml").to_owned();
    let files = |files: Vec<(String, String)>| v1::PlanSource {
        yaml: yaml(),
        files: files.into_iter().collect(),
        ..v1::PlanSource::default()
    };
    let flow = |text: String| files(vec![("list.yaml".to_owned(), text)]);
    let components = |count: usize| v1::PlanSource {
        yaml: yaml(),
        components: (0..count).map(|n| (format!("builtin:c{n}"), vec![7])).collect(),
        ..v1::PlanSource::default()
    };
    vec![
        ("a file that swells", flow(format!("a: &a x\nb:\n{}", filled("- *a\n"))), "E0"),
        ("a file without end", flow("x".repeat(3 * MIB)), "at most 3145728 are taken"),
        (
            "too many files",
            files((0..5000).map(|n| (format!("f{n}"), String::new())).collect()),
            "more than 4096",
        ),
        ("too many components", components(5000), "more than 4096"),
        ("digests that are none", components(4000), "component"),
    ]
}

struct Bench {
    world: World,
    costs: Costs,
}

impl Bench {
    fn new() -> Bench {
        let world = World::collector_alone();
        world.apply(&WorldOptions::default().plan);
        let costs = Costs::of(&world, MAY_GROW);
        Bench { world, costs }
    }

    /// Applies a plan as this caller, again and again; `right` judges each answer, and none costs too much.
    async fn applies(&mut self, who: &Cli, (name, source, _): &Row, right: impl Fn(&Answer) -> bool) {
        let ask = v1::ApplyPlanRequest {
            source: Some(source.clone()),
            reason: "I want it".to_owned(),
            ..v1::ApplyPlanRequest::default()
        };
        let body = message(&ask.encode_to_vec());
        let token = fs::read_to_string(&who.token).expect("a token");
        let bearer = format!("Bearer {}", token.trim());
        let headers =
            [("content-type", "application/grpc"), ("te", "trailers"), ("authorization", bearer.as_str())];
        let said = async || {
            let answer = call(&self.world, APPLY, None, &headers, body.clone(), true).await;
            let answer = answer.unwrap_or_else(|| panic!("{name}: no answer, or one that cannot be read"));
            assert!(right(&answer), "{name}: {answer:?}");
        };
        self.costs.weigh(name, said).await;
        self.costs.is_well(&mut self.world, name);
    }

    /// Each is refused for what is wrong with it.
    async fn refuses(&mut self, rows: Vec<Row>) {
        let operator = self.world.operator.clone();
        for row in rows {
            let right = |answer: &Answer| {
                answer.grpc == Some(Code::InvalidArgument) && answer.words.replace("%20", " ").contains(row.2)
            };
            self.applies(&operator, &row, right).await;
        }
        // The plan of before is in force, and an honest one is taken.
        self.world.apply(&WorldOptions::default().plan.replace("Move the shop.", "Move the shop now."));
        let applied = self.world.operator.run(&["events", "--type", "plan_applied"]).good();
        assert_eq!(applied.out.matches("plan revision 2 ").count(), 1, "{}", applied.out);
        assert!(!applied.out.contains("plan revision 3 "), "{}", applied.out);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_of_one_thing_without_end_costs_the_collector_little() {
    Bench::new().refuses(much_of_one_thing()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_that_would_swell_costs_the_collector_little() {
    Bench::new().refuses(swollen()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_stands_beside_a_plan_costs_the_collector_little() {
    Bench::new().refuses(beside()).await;
}

/// Reading costs something, so whoever may not apply a plan is refused before it is read.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_of_somebody_who_may_not_apply_it_is_not_read() {
    let mut bench = Bench::new();
    let viewer = bench.world.access("vera", "viewer");
    let nobody = bench.world.folder.path().join("nobody.token");
    fs::write(&nobody, "tlk1.nobody").expect("written");
    let nobody = bench.world.operator.with_token(&nobody);
    for row in swollen() {
        let denied = |answer: &Answer| answer.grpc == Some(Code::PermissionDenied);
        bench.applies(&viewer, &row, denied).await;
        // Wrong tokens of one address are few.
        let unknown =
            |answer: &Answer| matches!(answer.grpc, Some(Code::Unauthenticated | Code::ResourceExhausted));
        bench.applies(&nobody, &row, unknown).await;
    }
}
