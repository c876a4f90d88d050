//! A certificate that is not exactly right opens nothing: it is refused, the collector says what it
//! refused, and goes on as if nothing had been.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, SanType, date_time_ymd,
};
use tidelock_tests::{Process, World, WorldOptions, eventually};

use crate::raw::{Raw, Shown, connect};

const EPOCH: [u8; 16] = [7; 16];

/// The authority of a side's agents, taken from the collector's own folder.
pub(crate) fn authority(world: &World, side: &str) -> Issuer<'static, KeyPair> {
    let folder = world.collector_folder().join("pki/agents/shop").join(side);
    let read = |name: &str| fs::read_to_string(folder.join(name)).expect("the collector keeps it there");
    let key = KeyPair::from_pem(&read("ca.key")).expect("a key");
    Issuer::from_ca_cert_pem(&read("ca.pem"), key).expect("an authority")
}

/// An authority of the same name that the collector has never seen.
fn stranger() -> Issuer<'static, KeyPair> {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "tidelock agents of shop target");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    Issuer::new(params, KeyPair::generate().expect("a key"))
}

pub(crate) fn uri(side: &str, name: &str) -> String {
    format!("spiffe://tidelock.internal/tidelock/shop/{side}/agent/{name}")
}

/// A certificate as the collector would sign it, but for what `change` changes.
pub(crate) fn sign(
    issuer: &Issuer<'static, KeyPair>,
    uris: &[String],
    change: impl FnOnce(&mut CertificateParams),
) -> Shown {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "tidelock agent");
    params.subject_alt_names =
        uris.iter().map(|uri| SanType::URI(uri.as_str().try_into().expect("a URI"))).collect();
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.is_ca = IsCa::ExplicitNoCa;
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(2099, 1, 1);
    change(&mut params);
    let key = KeyPair::generate().expect("a key");
    let certificate = params.signed_by(&key, issuer).expect("it can be signed");
    Shown { certificate: certificate.pem(), key: key.serialize_pem() }
}

/// Puts a certificate into a folder that is an agent's in everything else, and starts an agent on it.
fn agent_with(world: &World, like: &Path, label: &str, shown: &Shown) -> Process {
    let folder = world.folder.path().join(label);
    fs::create_dir(&folder).expect("a folder");
    for file in ["agent.toml", "ca.pem"] {
        fs::copy(like.join(file), folder.join(file)).expect("an agent's folder has it");
    }
    fs::write(folder.join("agent.pem"), &shown.certificate).expect("written");
    fs::write(folder.join("agent.key"), &shown.key).expect("written");
    let config = folder.join("agent.toml");
    let arguments = ["run".as_ref(), "--config".as_ref(), config.as_os_str()];
    Process::start(world.folder.path(), label, "tidelock-agent", &arguments)
}

/// What is shown to people of those that were not let in.
fn refusals(world: &World) -> String {
    let status = world.status().expect("the collector answers");
    let timeline = status["timeline"].as_array().cloned().unwrap_or_default();
    let refused = timeline.iter().filter(|event| event["kind"] == "refused");
    refused.filter_map(|event| event["text"].as_str().map(str::to_owned)).collect::<Vec<_>>().join("\n")
}

fn log_of_collector(world: &World) -> String {
    world.collector.as_ref().expect("it runs").log()
}

/// Still alive, still the same process, and the good agents still open the gate.
fn is_well(world: &mut World) {
    assert!(world.collector.as_mut().expect("it was started").ended().is_none(), "the collector is gone");
    let _ = world.operator.run(&["gate", "wait", "ready", "--timeout", "60s"]).good();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_wrong_certificate_is_refused_and_told() {
    let mut world = World::start(&WorldOptions::default());
    is_well(&mut world);
    let (source, target) = (authority(&world, "source"), authority(&world, "target"));
    let raw = |name: &str| vec![uri("target", name)];
    // Each: whose name, the certificate, and what the collector's log must hold.
    let wrong = [
        ("stranger", sign(&stranger(), &raw("stranger"), |_| {}), "target/stranger"),
        (
            "past",
            sign(&target, &raw("past"), |p| p.not_after = date_time_ymd(2021, 1, 1)),
            "certificate expired",
        ),
        (
            "future",
            sign(&target, &raw("future"), |p| p.not_before = date_time_ymd(2098, 1, 1)),
            "not valid yet",
        ),
        ("other-side", sign(&source, &raw("other-side"), |_| {}), "target/other-side"),
        (
            "for-servers",
            sign(&target, &raw("for-servers"), |p| {
                p.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
            }),
            "target/for-servers",
        ),
        (
            "two-names",
            sign(&target, &[uri("target", "a"), uri("target", "b")], |_| {}),
            "2 alternative names",
        ),
        ("no-name", sign(&target, &[], |_| {}), "0 alternative names"),
        (
            "a-common-name-alone",
            sign(&target, &[], |p| p.distinguished_name.push(DnType::CommonName, uri("target", "common"))),
            "0 alternative names",
        ),
        ("any-name", sign(&target, &[uri("target", "*")], |_| {}), "agent/*"),
        (
            "any-host",
            sign(&target, &[], |p| {
                p.subject_alt_names =
                    vec![SanType::DnsName("*.tidelock.internal".try_into().expect("a name"))];
            }),
            "1 alternative names",
        ),
        (
            "an-authority",
            sign(&target, &raw("an-authority"), |p| {
                p.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
                p.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
            }),
            "one of an authority",
        ),
        (
            "other-domain",
            sign(&target, &["spiffe://evil.example/tidelock/shop/target/agent/a".to_owned()], |_| {}),
            "evil.example",
        ),
        (
            "other-migration",
            sign(&target, &["spiffe://tidelock.internal/tidelock/other/target/agent/a".to_owned()], |_| {}),
            "migration=other",
        ),
    ];
    for (name, shown, told) in wrong {
        let session = Raw::begin(&world, &shown, EPOCH).await;
        assert!(session.is_err(), "a certificate that is {name} began a session");
        let log = log_of_collector(&world);
        assert!(plain(&log).contains(told), "{name}: the log says nothing of {told:?}:\n{log}");
    }
    // Signed by the right authority, and yet nobody that ever joined.
    let unknown = sign(&target, &raw("never-joined"), |_| {});
    let status = Raw::begin(&world, &unknown, EPOCH).await.err().expect("nobody enrolled it");
    assert!(status.message().contains("not enrolled"), "{status:?}");
    let shown = refusals(&world);
    for name in ["target/other-side", "target/past", "target/never-joined was refused"] {
        assert!(shown.contains(name), "people are not told of {name}:\n{shown}");
    }
    is_well(&mut world);
    // The same hands with a certificate that is right: the door is not simply shut.
    let folder = world.enrol("target", "right");
    let right = Raw::begin(&world, &Shown::of(&folder), EPOCH).await.expect("it joined");
    assert!(!right.assignments.assignments.is_empty());
    // The real certificate, in a second place while its owner is connected: neither is believed any more.
    let stolen = Shown::of(&world.agents[1].folder);
    let status = Raw::begin(&world, &stolen, EPOCH).await.err().expect("it is in two places");
    assert!(status.message().contains("two live sessions"), "{status:?}");
    let held = |hold: &serde_json::Value| hold["code"] == "conflict";
    let hold = world.until_hold("ready", held, "the gate is held by the identity in two places");
    assert!(hold["reason"].as_str().is_some_and(|why| why.contains("two live sessions")), "{hold}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_certificate_and_no_tls_get_no_word() {
    let mut world = World::start(&WorldOptions::default());
    let session = match connect(&world, None).await {
        // TLS 1.3 lets a client believe that it is connected until it says something.
        Ok(channel) => {
            let mut client = tidelock_proto::v1::agent_service_client::AgentServiceClient::new(channel);
            client.session(tokio_stream::empty()).await.map(|_| ()).map_err(|status| format!("{status:?}"))
        }
        Err(error) => Err(error),
    };
    assert!(session.is_err(), "no certificate, and a session began");
    for said in [
        &b"GET /v1/gates/ready HTTP/1.1\r\nHost: a\r\n\r\n"[..],
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        &[0; 64],
    ] {
        let mut plaintext = TcpStream::connect(world.address("agents")).expect("it listens");
        plaintext.set_read_timeout(Some(Duration::from_secs(10))).expect("a limit");
        plaintext.write_all(said).expect("it takes bytes");
        let mut answer = Vec::new();
        // A reset is an answer too.
        let _ = plaintext.read_to_end(&mut answer);
        // At most the alert of TLS: two bytes in a record of five.
        assert!(answer.len() <= 7, "plaintext was answered: {:?}", String::from_utf8_lossy(&answer));
    }
    eventually("the log names what was refused", || {
        let log = plain(&log_of_collector(&world));
        let told = ["peer sent no certificates", "received corrupt message"];
        if told.iter().all(|words| log.contains(words)) { Ok(()) } else { Err(log) }
    });
    is_well(&mut world);
}

/// The real agent, not only the door: it says why it has no session, and tries again.
#[test]
fn an_agent_with_a_wrong_certificate_says_so_and_waits() {
    let mut world = World::start(&WorldOptions::default());
    let target = world.agents.iter().find(|agent| agent.side == "target").expect("one").folder.clone();
    let (source_ca, target_ca) = (authority(&world, "source"), authority(&world, "target"));
    let past = sign(&target_ca, &[uri("target", "late")], |p| p.not_after = date_time_ymd(2021, 1, 1));
    let other = sign(&source_ca, &[uri("target", "crossed")], |_| {});
    let two = sign(&target_ca, &[uri("target", "a"), uri("target", "b")], |_| {});
    let mut waiting = [
        (agent_with(&world, &target, "late", &past), "CertificateExpired"),
        (agent_with(&world, &target, "crossed", &other), "UnknownCA"),
    ];
    for (process, told) in &waiting {
        eventually("the agent says why", || {
            let log = plain(&process.log());
            let why = log.lines().any(|line| line.contains("no session") && line.contains(told));
            if why { Ok(()) } else { Err(log) }
        });
    }
    // Which of two it is, no waiting will tell: this one does not even begin.
    let mut torn = agent_with(&world, &target, "torn", &two);
    let ended = eventually("the agent with two names ends", || torn.ended().ok_or(torn.log()));
    assert!(!ended.success() && plain(&torn.log()).contains("exactly one name"), "{}", torn.log());
    eventually("people are told who was refused", || {
        let shown = refusals(&world);
        if shown.contains("target/crossed") && shown.contains("target/late") { Ok(()) } else { Err(shown) }
    });
    let listed = world.operator.run(&["agent", "ls"]).good();
    for name in ["crossed", "late"] {
        assert!(!listed.out.contains(name), "a stranger is among the agents: {}", listed.out);
    }
    for (process, _) in &mut waiting {
        assert!(process.ended().is_none(), "an agent waits for its certificate, it does not give up");
    }
    is_well(&mut world);
}

/// A log without its colours.
fn plain(log: &str) -> String {
    let mut out = String::new();
    let mut parts = log.split('\u{1b}');
    out.push_str(parts.next().unwrap_or_default());
    for part in parts {
        out.push_str(part.split_once('m').map_or(part, |(_, rest)| rest));
    }
    out
}
