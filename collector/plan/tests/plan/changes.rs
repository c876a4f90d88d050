//! What a revision changes, and its hash.

use tidelock_model::Sha256;
use tidelock_plan::{Source, check, diff};

use crate::common::load;

#[test]
fn a_change_that_makes_a_gate_easier_is_called_looser() {
    let old = load("deploy/examples/shop.yaml");
    let mut new = old.clone();
    for (from, to) in [
        ("ready:       { needs: [all], stable_for: 10m }", "ready:       { needs: [all], stable_for: 5m }"),
        (
            "committed:   { needs: [all, real-card-refund, back-office], stable_for: 1h",
            "committed:   { needs: [all, real-card-refund], stable_for: 2h",
        ),
        (
            "  back-office:      { title: Support opened three orders in the back office, owner: dmitri, phase: watch, within: 45m }\n",
            "",
        ),
        ("drained: { for: 5m }", "drained: { for: 3m }"),
        ("proof: standard, margin: 5%, slo: 95% }", "proof: quick, margin: 6%, slo: 96% }"),
        ("performance: { slack: 50% }", "performance: { slack: 40% }"),
        ("silent: { more_than: 6/h, for: 34m }", "silent: { more_than: 7/h, for: 34m }"),
        ("observe_at_least: 30m", "observe_at_least: 20m"),
        ("deputies: [ben],   approvals: 2", "deputies: [ben, dmitri],   approvals: 1"),
        (
            "claims: { visible: { gauge: { enter: 200, leave: 400, for: 5m } }, consumers: { at_least: 2 } }",
            "claims: { visible: { gauge: { enter: 100, leave: 500, for: 5m } }, consumers: { at_least: 3 } }",
        ),
        ("title: Hetzner fsn1", "title: Hetzner Falkenstein"),
    ] {
        assert_eq!(new.yaml.matches(from).count(), 1, "{from}");
        new.yaml = new.yaml.replace(from, to);
    }
    let plans = [&old, &new]
        .map(|source| check(source).unwrap_or_else(|p| panic!("{}", p.render(source, false, 100))).plan);
    let lines: Vec<String> = (diff(&plans[0], &plans[1]).into_iter())
        .map(|change| {
            let word = match (change.looser, change.stricter) {
                (true, false) => "LOOSER  ",
                (false, true) => "stricter",
                (false, false) => "        ",
                (true, true) => panic!("both ways at once: {}", change.text),
            };
            format!("{word} {}", change.text)
        })
        .collect();
    expect_test::expect![[r#"
        LOOSER   ~ evidence.observe_at_least                    30m -> 20m
        LOOSER   ~ decisions.commit.approvals                   2 -> 1
        LOOSER   + decisions.commit.deputies dmitri
                 ~ environments.target.title                    Hetzner fsn1 -> Hetzner Falkenstein
        LOOSER   - gates.committed.needs back-office             removed
        stricter ~ gates.committed.stable_for                   1h -> 2h
        LOOSER   ~ gates.ready.stable_for                       10m -> 5m
        LOOSER   - manual_checks.back-office                    removed
        LOOSER   ~ scenarios.login.claims.success.margin        5% -> 6%
        LOOSER   ~ scenarios.login.claims.success.proof         standard (rules out more than 6 outages an hour) -> quick (rules out more than 12 outages an hour)
        stricter ~ scenarios.login.claims.success.slo           95% -> 96%
        stricter ~ scenarios.new-queue-consumed.claims.consumers.at_least 2 -> 3
        stricter ~ scenarios.new-queue-consumed.claims.visible.enter 200 -> 100
        LOOSER   ~ scenarios.new-queue-consumed.claims.visible.leave 400 -> 500
        LOOSER   ~ scenarios.old-queue-drained.claims.drained.for 5m -> 3m
        LOOSER   ~ scenarios.old-side-quiet.claims.silent.more_than 6/h -> 7/h
        stricter ~ scenarios.orders-api.claims.latency p50.slack 50% -> 40%
        stricter ~ scenarios.orders-api.claims.latency p95.slack 50% -> 40%
        stricter ~ scenarios.orders-api.claims.latency p99.slack 50% -> 40%
    "#]]
    .assert_eq(&(lines.join("\n") + "\n"));
    assert_eq!(diff(&plans[0], &plans[0]), []);
}

#[test]
fn the_hash_is_of_the_plan_and_of_all_it_names_and_of_nothing_else() {
    let source = load("deploy/examples/shop.yaml");
    let hash = |source: &Source| check(source).expect("an example").hash;
    let first = hash(&source);

    let mut same = source.clone();
    same.yaml = format!("\u{feff}{}", same.yaml.replace('\n', "\r\n"));
    same.path = "elsewhere.yaml".into();
    same.files.insert("flows/unused.yaml".into(), "x".into());
    same.components.insert("builtin:unused".into(), Sha256::from_bytes([1; 32]));
    assert_eq!(hash(&same), first);

    let mut edited = source.clone();
    edited.yaml = edited.yaml.replace("stable_for: 10m", "stable_for: 11m");
    assert_ne!(hash(&edited), first);
    let mut flow = source.clone();
    flow.files.get_mut("flows/login.yaml").expect("it names one").push_str("# longer\n");
    assert_ne!(hash(&flow), first);
    let mut component = source;
    component.components.insert("builtin:login".into(), Sha256::from_bytes([1; 32]));
    assert_ne!(hash(&component), first);
}

#[test]
fn settings_hold_the_flow_and_name_what_they_need() {
    let plan = check(&load("deploy/examples/shop.yaml")).expect("an example").plan;
    let login = plan.scenarios.get("login").expect("it is there");
    assert!(login.settings.starts_with(r#"{"flow":{"steps":[{"extract":{"csrf":"#), "{}", login.settings);
    let names = |set: &std::collections::BTreeSet<tidelock_model::Name>| {
        set.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(names(&login.targets), ["other", "shop"]);
    assert_eq!(names(&login.secrets), ["shopper-name", "shopper-password"]);
    let api = plan.scenarios.get("orders-api").expect("it is there");
    assert_eq!(names(&api.secrets), ["partner-token"], "of the target's credential");
}

#[test]
fn every_line_that_changes_a_plan_has_a_line_in_the_comparison() {
    let old = load("deploy/examples/shop.yaml");
    for (from, to) in [
        ("credential: { basic: \"secret:new-rabbit\" }", "credential: { bearer: \"secret:new-rabbit\" }"),
        ("password: \"secret:old-db\"", "password: \"secret:older-db\""),
        ("revision: { from: declared }", "title: again"),
        ("role: Migration lead", "role: Lead"),
        ("queues: [orders, mail], dead", "queues: [orders], dead"),
        ("no_return: [\"RDS is stopped\", ", "no_return: ["),
        ("may_dip: 0s", "may_dip: 10s"),
    ] {
        let mut new = old.clone();
        assert_eq!(new.yaml.matches(from).count(), 1, "{from}");
        new.yaml = new.yaml.replace(from, to).replacen(
            "    title: Hetzner fsn1\n",
            if to == "title: again" { "" } else { "    title: Hetzner fsn1\n" },
            1,
        );
        let plans =
            [&old, &new].map(|s| check(s).unwrap_or_else(|p| panic!("{}", p.render(s, false, 100))).plan);
        let changes = diff(&plans[0], &plans[1]);
        assert!(
            !changes.is_empty() && !changes[0].text.contains("no line of its own"),
            "{from}: {changes:?}"
        );
    }
}

#[test]
fn the_canary_and_named_agents_are_read_pinned_and_not_lost_in_silence() {
    let mut plain = load("deploy/examples/minimal.yaml");
    plain.yaml = plain.yaml.replace("canary: { plugin: builtin:canary }\n", "");
    plain.components.remove("builtin:canary");
    let digest = Sha256::from_bytes([7; 32]);
    let with = |more: &str| {
        let yaml = format!("{}\n{more}\n", plain.yaml);
        crate::common::source("plan.yaml", yaml, plain.files.clone())
    };
    let guarded = with("canary: { plugin: builtin:canary }");
    let plan = check(&guarded).expect("a plan with a canary").plan;
    assert_eq!(plan.canary.as_ref().map(|canary| canary.component), Some(digest));
    let pins = [("builtin:canary".to_owned(), digest)].into();
    assert!(
        tidelock_plan::pin(&guarded.yaml, &pins).contains(&format!("builtin:canary, sha256: {digest} }}"))
    );
    assert_ne!(
        check(&guarded).expect("it").hash,
        check(&Source {
            components: [
                ("builtin:canary".to_owned(), Sha256::from_bytes([8; 32])),
                ("builtin:login".to_owned(), digest),
                ("builtin:http-flow".to_owned(), digest),
            ]
            .into(),
            ..guarded.clone()
        })
        .expect("another canary")
        .hash
    );
    let before = check(&plain).expect("an example").plan;
    let lost: Vec<_> = diff(&plan, &before).into_iter().filter(|change| change.looser).collect();
    assert_eq!(lost.len(), 1, "{lost:?}");
    assert!(lost[0].text.contains("canary"), "{lost:?}");
    // A component that is not there is no canary, and no plan.
    let unknown = Source { components: plain.components.clone(), ..guarded };
    assert!(check(&unknown).is_err());
    let named = |names: &str| {
        let yaml = plain.yaml.replacen("targets:", &format!("agents: {names}, targets:"), 1);
        check(&crate::common::source("plan.yaml", yaml, plain.files.clone()))
    };
    let both =
        named("{ names: [s1, s2, s3] }").unwrap_or_else(|p| panic!("{}", p.render(&plain, false, 100)));
    assert_eq!((both.plan.source.agents_at_least, both.plan.source.agents_at_most), (3, 3));
    assert_eq!(named("{ names: [s1, s2, s3], at_least: 2 }").expect("two").plan.source.agents_at_least, 2);
    for wrong in ["{ names: [s1], at_least: 2 }", "{ names: [s1, s2], at_most: 5 }"] {
        assert!(named(wrong).is_err(), "{wrong}");
    }
    let fewer = named("{ names: [s1, s2], at_least: 2 }").expect("two").plan;
    let gone: Vec<_> = diff(&both.plan, &fewer).into_iter().filter(|change| change.looser).collect();
    assert!(gone.iter().any(|change| change.text.contains("s3")), "{gone:?}");
}

#[test]
fn a_longer_way_without_writes_is_looser_even_from_none_at_all() {
    let looser = |file: &str, from: &str, to: &str| {
        let old = load(file);
        let mut new = old.clone();
        assert!(new.yaml.contains(from), "{from}");
        new.yaml = new.yaml.replacen(from, to, 1);
        let plans =
            [&old, &new].map(|s| check(s).unwrap_or_else(|p| panic!("{}", p.render(s, false, 100))).plan);
        let changes = diff(&plans[0], &plans[1]);
        assert_eq!(changes.len(), 1, "{from}: {changes:?}");
        (changes[0].looser, changes[0].stricter)
    };
    let shop = "deploy/examples/shop.yaml";
    assert_eq!(looser(shop, "may_dip: 0s", "may_dip: 10s"), (true, false));
    // Nobody can say which way these go.
    for (from, to) in [
        ("queues: [orders, mail], dead", "queues: [orders], dead"),
        ("revision: { from: declared }", "revision: { from: header X-Build }"),
        ("owner: dmitri", "owner: olga"),
    ] {
        assert_eq!(looser(shop, from, to), (true, false), "{from}");
    }
    let runbook = "deploy/examples/with-runbook.yaml";
    let planned = "kind: catch-up, owner: ben, planned: ";
    let [ten, nine, twelve] = ["10s", "9s", "12s"].map(|span| format!("{planned}{span}"));
    // Predicted shorter, it fits into what may be away.
    assert_eq!(looser(runbook, &ten, &nine), (true, false));
    assert_eq!(looser(runbook, &ten, &twelve), (false, true));
}
