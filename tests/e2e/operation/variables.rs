//! The standard variables of OTLP do what `docs/OPERATING.md` says of them, at real receivers.

use std::collections::BTreeSet;

use tidelock_tests::{World, WorldOptions, eventually};

use super::listener::watched;
use super::otlp::{exporting, set};
use super::receiver::{self, Came, Receiver, text};
use super::telemetry::{ALL, heard_alone};

/// What shows a receiver that its client may come in: variables of one signal, or of all of them.
fn shown(folder: &std::path::Path, prefix: &str) -> Vec<(String, String)> {
    [("CERTIFICATE", "ca.pem"), ("CLIENT_CERTIFICATE", "client.pem"), ("CLIENT_KEY", "client.key")]
        .map(|(name, file)| (format!("{prefix}_{name}"), folder.join(file).display().to_string()))
        .to_vec()
}

/// A collector, and an agent of the source that has other variables.
fn collector_and_agent(collector: Vec<(String, String)>, agent: Vec<(String, String)>) -> World {
    let mut world = World::collector_in(collector);
    world.apply(&WorldOptions::default().plan);
    world.env = agent;
    let _ = watched(&mut world, "source", "source-1");
    world
}

/// A message's header, where it has it.
fn header<'a>(came: &'a Came, name: &str) -> Option<&'a str> {
    came.headers.get(name).and_then(|value| value.to_str().ok())
}

/// Every signal of these services came.
fn all_came(receiver: &Receiver, services: [&str; 2]) {
    eventually("every signal of both", || {
        let came = receiver.heard.came.lock().expect("nobody panics");
        let heard: BTreeSet<_> = came.iter().map(|one| (one.from.as_str(), one.signal)).collect();
        let all = services.iter().all(|from| ALL.iter().all(|signal| heard.contains(&(*from, *signal))));
        if all { Ok(()) } else { Err(format!("{heard:?}")) }
    });
}

#[test]
fn headers_attributes_and_gzip_come_as_the_variables_say() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let receiver = receiver::start(folder.path());
    let with = |more: &[(&str, &str)]| {
        let both = set(&[
            ("OTEL_EXPORTER_OTLP_HEADERS", "x-tenant=shop,x-note=two%20words"),
            ("OTEL_EXPORTER_OTLP_LOGS_HEADERS", "x-tenant=logs"),
            ("OTEL_RESOURCE_ATTRIBUTES", "service.name=by-attribute,deployment.environment.name=rehearsal"),
        ]);
        [exporting(folder.path(), &receiver.endpoint), both, set(more)].concat()
    };
    let collector = with(&[("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip")]);
    let agent = with(&[("OTEL_SERVICE_NAME", "by-name"), ("OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", "gzip")]);
    let _world = collector_and_agent(collector, agent);
    all_came(&receiver, ["by-attribute", "by-name"]);
    for came in receiver.heard.came.lock().expect("nobody panics").iter() {
        let of = format!("{} of {}", came.signal, came.from);
        assert!(["by-attribute", "by-name"].contains(&came.from.as_str()), "{of}");
        // The headers of a signal stand in place of those of all.
        let (tenant, note) = if came.signal == "logs" { ("logs", None) } else { ("shop", Some("two words")) };
        assert_eq!(header(came, "x-tenant"), Some(tenant), "{of}");
        assert_eq!(header(came, "x-note"), note, "{of}");
        let gzip = came.from == "by-attribute" || came.signal == "traces";
        assert_eq!(header(came, "grpc-encoding"), gzip.then_some("gzip"), "{of}");
        assert_eq!(text(&came.about, "deployment.environment.name"), "rehearsal", "{of}");
        assert!(!text(&came.about, "service.version").is_empty(), "{of}: {:?}", came.about);
    }
}

#[test]
fn a_signal_has_its_own_endpoint_and_certificates() {
    // Neither takes a client of the other, or is taken for the other: each has an authority of its own.
    let folders = [(); 2].map(|()| tempfile::tempdir().expect("a temporary folder"));
    let [first, second] = [0, 1].map(|at: usize| receiver::start(folders[at].path()));
    let own = |prefix: &str| {
        let endpoint = (format!("{prefix}_ENDPOINT"), second.endpoint.clone());
        [vec![endpoint], shown(folders[1].path(), prefix)].concat()
    };
    // The agent tells its numbers elsewhere; the collector tells its logs alone.
    let agent = [exporting(folders[0].path(), &first.endpoint), own("OTEL_EXPORTER_OTLP_METRICS")].concat();
    let collector = [own("OTEL_EXPORTER_OTLP_LOGS"), set(&[("OTEL_BLRP_SCHEDULE_DELAY", "200")])].concat();
    let world = collector_and_agent(collector, agent);
    let told = |service: &str, signal: &'static str| (service.to_owned(), signal);
    heard_alone(&first, &[told("tidelock-agent", "traces"), told("tidelock-agent", "logs")].into());
    heard_alone(&second, &[told("tidelock-agent", "metrics"), told("tidelock-collector", "logs")].into());
    let log = world.collector.as_ref().expect("it runs").log();
    assert!(!log.contains("by OTLP"), "{log}");
}

#[test]
fn the_sampler_of_the_variables_says_which_traces_go_out() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let receiver = receiver::start(folder.path());
    let with = |name: &str, sampler: &str, argument: &str| {
        let own = set(&[
            ("OTEL_SERVICE_NAME", name),
            ("OTEL_TRACES_SAMPLER", sampler),
            ("OTEL_TRACES_SAMPLER_ARG", argument),
        ]);
        [exporting(folder.path(), &receiver.endpoint), own].concat()
    };
    // The collector's spans lie below those of the agent whose traces all go out: it would tell them without its own word.
    let mut world =
        collector_and_agent(with("off", "always_off", ""), with("none of them", "traceidratio", "0"));
    world.env = with("all of them", "parentbased_traceidratio", "1");
    let _ = watched(&mut world, "target", "target-1");
    // By then each has run, or journaled, what it has a span for.
    let _ = world.operator.run(&["gate", "wait", "ready", "--timeout", "90s"]).good();
    let but_traces = |service: &'static str| ["metrics", "logs"].map(|signal| (service.to_owned(), signal));
    let all = ALL.map(|signal| ("all of them".to_owned(), signal));
    let expected = but_traces("off").into_iter().chain(but_traces("none of them")).chain(all);
    heard_alone(&receiver, &expected.collect());
}
