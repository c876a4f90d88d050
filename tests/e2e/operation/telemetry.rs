//! What goes out by OTLP, signal by signal: nothing that nobody asked for, and nothing that was switched off.

use std::collections::BTreeSet;

use tidelock_tests::{Process, World, WorldOptions, eventually, get, threads};

use super::listener::watched;
use super::otlp::{exporting, set};
use super::receiver::{self, Receiver};

pub(super) const ALL: [&str; 3] = ["traces", "metrics", "logs"];

/// Who was heard, with which signal.
fn heard(receiver: &Receiver) -> BTreeSet<(String, &'static str)> {
    let heard = &receiver.heard;
    let mut all = BTreeSet::new();
    all.extend(heard.spans.lock().expect("nobody panics").iter().map(|(from, _)| (from.clone(), "traces")));
    all.extend(
        heard.metrics.lock().expect("nobody panics").iter().map(|(from, _)| (from.clone(), "metrics")),
    );
    all.extend(heard.logs.lock().expect("nobody panics").iter().map(|(from, _)| (from.clone(), "logs")));
    all
}

/// The exporters that run in a process, by their threads.
fn exporters(process: &Process) -> BTreeSet<&'static str> {
    let threads = threads(process.pid());
    assert!(!threads.is_empty(), "the process is gone:\n{}", process.log());
    // The system keeps 15 bytes of a thread's name.
    let begins = |name: &str| match name.strip_prefix("OpenTelemetry.") {
        Some("T") => Some("traces"),
        Some("M") => Some("metrics"),
        Some("L") => Some("logs"),
        Some(other) => panic!("another exporter: {other}"),
        None => None,
    };
    threads.iter().filter_map(|name| begins(name)).collect()
}

/// The signals that a page counts the losses of.
fn counted(address: &str) -> BTreeSet<&'static str> {
    let (status, page) = get(address, "/metrics").expect("it answers");
    assert_eq!(status, 200);
    let series = |signal: &str| format!("tidelock_telemetry_dropped_total{{signal=\"{signal}\"}} ");
    let known = ALL.into_iter().filter(|signal| page.contains(&series(signal))).collect::<BTreeSet<_>>();
    let lines = page.lines().filter(|line| line.starts_with("tidelock_telemetry_dropped_total{")).count();
    assert_eq!(lines, known.len(), "{page}");
    known
}

fn running(world: &World, agent: usize) -> &Process {
    world.agents[agent].process.as_ref().expect("it runs")
}

/// Waits until all of these were heard: nobody else was.
pub(super) fn heard_alone(receiver: &Receiver, expected: &BTreeSet<(String, &'static str)>) {
    eventually("every signal that was asked for", || {
        let heard = heard(receiver);
        if heard.is_superset(expected) { Ok(()) } else { Err(format!("{heard:?}")) }
    });
    assert_eq!(&heard(receiver), expected, "a signal was heard that nobody asked for");
}

#[test]
fn nothing_goes_out_without_an_endpoint_or_where_it_is_switched_off() {
    assert!(!std::env::vars().any(|(name, _)| name.starts_with("OTEL_")), "unset OTEL_* for this test");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let receiver = receiver::start(folder.path());
    let endpoint = exporting(folder.path(), &receiver.endpoint);
    let with = |more: &[(&str, &str)]| [endpoint.clone(), set(more)].concat();
    // The collector is switched off, one agent was never switched on; the other shows that the receiver hears.
    let mut world = World::collector_in(with(&[("OTEL_SDK_DISABLED", "true")]));
    world.apply(&WorldOptions::default().plan);
    world.env = Vec::new();
    let unset = watched(&mut world, "source", "source-1");
    world.env = with(&[("OTEL_SERVICE_NAME", "control")]);
    let control = watched(&mut world, "target", "target-1");
    // Both have something to tell: runs, spans of what arrives, an open gate.
    let _ = world.operator.run(&["gate", "wait", "ready", "--timeout", "90s"]).good();
    heard_alone(&receiver, &ALL.map(|signal| ("control".to_owned(), signal)).into());
    let collector = world.collector.as_ref().expect("it runs");
    for (process, address) in [(collector, world.address("ops")), (running(&world, 0), unset)] {
        assert!(exporters(process).is_empty(), "an exporter runs:\n{}", process.log());
        assert!(counted(&address).is_empty());
        assert!(!process.log().contains("OTLP"), "{}", process.log());
    }
    // The checks can fail: where something goes out there are exporters, and their losses are counted.
    assert_eq!(exporters(running(&world, 1)), BTreeSet::from(ALL));
    assert_eq!(counted(&control), BTreeSet::from(ALL));
}

#[test]
fn each_signal_is_switched_off_alone_and_a_compression_that_there_is_not_is_told() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let receiver = receiver::start(folder.path());
    let endpoint = exporting(folder.path(), &receiver.endpoint);
    let without = |variable: &str, name: &str| {
        let own = set(&[(variable, "none"), ("OTEL_SERVICE_NAME", name)]);
        [endpoint.clone(), own, set(&[("OTEL_EXPORTER_OTLP_COMPRESSION", "zstd")])].concat()
    };
    let mut world = World::collector_in(without("OTEL_TRACES_EXPORTER", "no traces"));
    world.apply(&WorldOptions::default().plan);
    world.env = without("OTEL_METRICS_EXPORTER", "no metrics");
    let source = watched(&mut world, "source", "source-1");
    world.env = without("OTEL_LOGS_EXPORTER", "no logs");
    let target = watched(&mut world, "target", "target-1");
    let others = |off: &str| ALL.into_iter().filter(|signal| *signal != off).collect::<BTreeSet<_>>();
    let named = |off: &'static str| others(off).into_iter().map(move |signal| (format!("no {off}"), signal));
    heard_alone(&receiver, &ALL.into_iter().flat_map(named).collect());
    let collector = world.collector.as_ref().expect("it runs");
    let processes = [
        ("traces", collector, world.address("ops")),
        ("metrics", running(&world, 0), source),
        ("logs", running(&world, 1), target),
    ];
    for (off, process, address) in processes {
        assert_eq!(exporters(process), others(off), "{}", process.log());
        assert_eq!(counted(&address), others(off));
        let log = process.log();
        for signal in ALL {
            let words = format!(
                "OTEL_EXPORTER_OTLP_COMPRESSION=zstd: Tidelock knows gzip and none, so {signal} go out without it"
            );
            assert_eq!(log.contains(&words), signal != off, "{signal}: {log}");
        }
    }
}
