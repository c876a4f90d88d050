//! One finding's way in one trace, numbers and logs, at a real receiver; and a dead one slows nothing.

use std::net::TcpListener;
use std::path::Path;
use std::time::{Duration, Instant};

use opentelemetry_proto::tonic::trace::v1::Span;
use tidelock_tests::{World, WorldOptions, eventually, eventually_for, get};

use super::listener::{value, watched};
use super::receiver::{self, text};

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(super) fn set(variables: &[(&str, &str)]) -> Vec<(String, String)> {
    variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// What lets every process export to that receiver, whose folder has what its clients need.
pub(super) fn exporting(folder: &Path, endpoint: &str) -> Vec<(String, String)> {
    let path = |name: &str| folder.join(name).display().to_string();
    set(&[
        ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint),
        ("OTEL_EXPORTER_OTLP_CERTIFICATE", &path("ca.pem")),
        ("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", &path("client.pem")),
        ("OTEL_EXPORTER_OTLP_CLIENT_KEY", &path("client.key")),
        ("OTEL_BSP_SCHEDULE_DELAY", "200"),
        ("OTEL_BLRP_SCHEDULE_DELAY", "200"),
        ("OTEL_METRIC_EXPORT_INTERVAL", "500"),
    ])
}

/// A span of the collector whose parent is the agent's run, with that run, the runner's part of it and the fold.
fn whole(spans: &[(String, Span)]) -> Option<[Span; 3]> {
    let named = |name: &'static str, service: &'static str| {
        spans.iter().filter(move |(from, span)| from == service && span.name == name).map(|(_, span)| span)
    };
    named("finding.journal", "tidelock-collector").find_map(|kept| {
        let run = named("check.run", "tidelock-agent")
            .find(|run| run.trace_id == kept.trace_id && run.span_id == kept.parent_span_id)?;
        let runner = named("runner.run", "tidelock-agent")
            .find(|runner| runner.trace_id == run.trace_id && runner.parent_span_id == run.span_id)?;
        named("finding.fold", "tidelock-collector")
            .find(|fold| fold.trace_id == kept.trace_id && fold.parent_span_id == kept.span_id)?;
        Some([run.clone(), runner.clone(), kept.clone()])
    })
}

#[test]
fn one_finding_is_one_trace_and_numbers_and_logs_arrive() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let receiver = receiver::start(folder.path());
    let env = exporting(folder.path(), &receiver.endpoint);
    let world = World::start(&WorldOptions { env, ..WorldOptions::default() });
    let [run, runner, kept] = eventually_for(Duration::from_secs(90), "a whole trace", || {
        let spans = receiver.heard.spans.lock().expect("nobody panics");
        whole(&spans).ok_or_else(|| {
            let names: Vec<_> = spans.iter().map(|(from, span)| format!("{from} {}", span.name)).collect();
            format!("{} spans: {:?}", spans.len(), names.iter().rev().take(8).collect::<Vec<_>>())
        })
    });
    for span in [&run, &kept] {
        assert_eq!(text(&span.attributes, "tidelock.scenario.name"), "login");
    }
    assert_eq!(
        text(&run.attributes, "tidelock.environment.side"),
        text(&kept.attributes, "tidelock.environment.side")
    );
    // What the probes carried to the shop belongs to it, below the runner's span.
    let carried = format!("00-{}-{}-01", hex(&run.trace_id), hex(&runner.span_id));
    let seen = [world.source.traces(), world.target.traces()].concat();
    assert!(seen.contains(&carried), "{carried} is not among {} trace contexts", seen.len());
    eventually_for(Duration::from_secs(60), "numbers and logs of both services", || {
        let metrics = receiver.heard.metrics.lock().expect("nobody panics");
        let logs = receiver.heard.logs.lock().expect("nobody panics");
        let metric =
            |from: &str, name: &str| metrics.iter().any(|(service, is)| service == from && is == name);
        let log = |from: &str| logs.iter().any(|(service, _)| service == from);
        let all = metric("tidelock-collector", "tidelock.gate.open")
            && metric("tidelock-collector", "tidelock.check.runs")
            && metric("tidelock-collector", "tidelock.check.duration")
            && metric("tidelock-agent", "tidelock.agent.spool")
            && log("tidelock-collector")
            && log("tidelock-agent");
        if all { Ok(()) } else { Err(format!("{:?} and {} logs", metrics.last(), logs.len())) }
    });
}

/// Spans and numbers are lost by now; what was never sent is not lost.
fn losses(address: &str) -> Result<(), String> {
    let (_, page) = get(address, "/metrics")?;
    let dropped = ["traces", "metrics", "logs"]
        .map(|signal| value(&page, &format!("tidelock_telemetry_dropped_total{{signal=\"{signal}\"}}")));
    match dropped {
        [Ok(traces), Ok(metrics), Err(_)] if traces > 0.0 && metrics > 0.0 => Ok(()),
        other => Err(format!("{other:?}")),
    }
}

/// Half of the grid's runs at least: one that waited for the receiver would take its three seconds.
fn runs_on(address: &str) {
    let series = "tidelock_agent_check_runs_total{migration=\"shop\",scenario=\"login\",side=\"source\",result=\"pass\"}";
    let runs = || -> Result<f64, String> { value(&get(address, "/metrics")?.1, series) };
    let before = runs().expect("it has run");
    eventually_for(Duration::from_secs(20), "ten runs more", || {
        let now = runs()?;
        if now >= before + 10.0 { Ok(()) } else { Err(format!("{before}, now {now}")) }
    });
}

#[test]
fn a_dead_receiver_slows_nothing_and_a_bad_variable_stops_nothing() {
    // It takes connections and never says a word.
    let dead = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let endpoint = format!("http://{}", dead.local_addr().expect("an address"));
    let env = set(&[
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint),
        ("OTEL_EXPORTER_OTLP_LOGS_PROTOCOL", "http/json"),
        ("OTEL_BSP_SCHEDULE_DELAY", "100"),
        ("OTEL_BSP_MAX_QUEUE_SIZE", "8"),
        ("OTEL_METRIC_EXPORT_INTERVAL", "200"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "3000"),
    ]);
    let mut world = World::start(&WorldOptions { agents: 0, env, ..WorldOptions::default() });
    let ops = watched(&mut world, "source", "source-1");
    world.join("target", "target-1");
    let _ = world.operator.run(&["gate", "wait", "ready", "--timeout", "90s"]).good();
    let said = world.collector.as_ref().expect("it runs").log();
    assert!(said.contains("no logs by OTLP") && said.contains("speaks grpc"), "{said}");
    for address in [&ops, &world.address("ops")] {
        eventually("what the receiver does not take is counted", || losses(address));
    }
    runs_on(&ops);
    #[expect(clippy::disallowed_methods, reason = "a test measures how long an end takes")]
    let began = Instant::now();
    let mut agent = world.agents.remove(0).process.expect("it runs");
    assert!(agent.terminate(Duration::from_secs(60)).success());
    assert!(world.collector.as_mut().expect("it runs").terminate(Duration::from_secs(60)).success());
    // Two seconds for each signal of each, with room for a slow machine.
    assert!(began.elapsed() < Duration::from_secs(45), "the end took {:?}", began.elapsed());
}
