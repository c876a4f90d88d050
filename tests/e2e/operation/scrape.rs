//! Every number that `docs/OPERATING.md` promises is on the page of the service that it is promised of, with its
//! type, and nothing else is.

use std::collections::BTreeMap;

use tidelock_tests::{World, WorldOptions, eventually, free_address, get};

use super::listener::{promtool, watched};
use super::names;
use super::otlp::set;
use crate::ended::switch;

/// Names with their types.
type Page = BTreeMap<String, String>;

/// Names and types that people have alarms and boards on: the table of the docs may grow, and loses none of them.
const KEPT: [(&str, &str); 15] = [
    ("tidelock_build_info", "gauge"),
    ("tidelock_gate_open", "gauge"),
    ("tidelock_verdict", "gauge"),
    ("tidelock_scenario_state", "gauge"),
    ("tidelock_scenario_last_result_timestamp_seconds", "gauge"),
    ("tidelock_check_runs_total", "counter"),
    ("tidelock_check_duration_seconds", "histogram"),
    ("tidelock_rollback_window_remaining_seconds", "gauge"),
    ("tidelock_decision_pending_seconds", "gauge"),
    ("tidelock_agent_up", "gauge"),
    ("tidelock_agent_clock_skew_seconds", "gauge"),
    ("tidelock_agent_spool_bytes", "gauge"),
    ("tidelock_agent_findings_dropped_total", "counter"),
    ("tidelock_plugin_traps_total", "counter"),
    ("tidelock_telemetry_dropped_total", "counter"),
];

/// What the table promises of a service.
fn promised(service: &str) -> Page {
    let text = names::file("docs/OPERATING.md");
    let mut page = Page::new();
    for row in text.lines().filter(|line| line.starts_with("| `tidelock_")) {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let [names, kind, of, _] = cells[..] else { panic!("no name, type, service and words: {row}") };
        assert!(["both", "collector", "agent"].contains(&of), "{row}");
        if of == "both" || of == service {
            let names = names.split(", ").map(|name| (name.trim_matches('`').to_owned(), kind.to_owned()));
            page.extend(names);
        }
    }
    page
}

/// What a scrape tells: every name that has a type, and at least one series.
fn told(scrape: &str) -> Page {
    let mut page = Page::new();
    for line in scrape.lines() {
        if let Some((name, kind)) = line.strip_prefix("# TYPE ").and_then(|line| line.split_once(' ')) {
            let series = if kind == "histogram" { format!("{name}_bucket{{") } else { name.to_owned() };
            let one = scrape.lines().find(|line| line.starts_with(&series));
            assert!(one.is_some(), "{name} has no series in\n{scrape}");
            assert_eq!(page.insert(name.to_owned(), kind.to_owned()), None, "{name} is there twice");
        }
    }
    page
}

/// Both pages in the phase that has a number for everything: after the switch.
#[test]
fn every_promised_number_is_told_with_its_type_and_no_other() {
    // Nobody listens there: what is dropped has its series from the first.
    let env = set(&[("OTEL_EXPORTER_OTLP_ENDPOINT", &format!("http://{}", free_address()))]);
    let mut world = World::start(&WorldOptions { agents: 0, env, ..WorldOptions::default() });
    let agent = watched(&mut world, "source", "source-1");
    world.join("target", "target-1");
    switch(&world);
    let (of_collector, of_agent) = (promised("collector"), promised("agent"));
    for (address, promised) in [(world.address("ops"), &of_collector), (agent, &of_agent)] {
        let scrape = eventually("the page and the table say the same", || {
            let (status, scrape) = get(&address, "/metrics")?;
            let told = told(&scrape);
            if status == 200 && told == *promised {
                return Ok(scrape);
            }
            let missing: Vec<_> = promised.iter().filter(|one| told.get(one.0) != Some(one.1)).collect();
            let others: Vec<_> = told.iter().filter(|one| promised.get(one.0) != Some(one.1)).collect();
            Err(format!("{status}; missing: {missing:?}; not promised: {others:?}"))
        });
        assert_eq!(promtool(&scrape), "", "promtool complains of\n{scrape}");
    }
    for (name, kind) in KEPT {
        let known = [&of_collector, &of_agent].iter().any(|page| page.get(name).is_some_and(|is| is == kind));
        assert!(known, "the docs no longer promise the {kind} {name}");
    }
}
