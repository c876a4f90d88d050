//! Authorities and certificates that change while the collector runs.

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, KeyPair, KeyUsagePurpose};
use tidelock_collector::config::Config;
use tidelock_proto::v1;

use crate::agent::{Agent, join};
use crate::support::{Collector, MIGRATION, PLAN};

/// Another authority: its certificate and its key, PEM.
fn authority() -> [String; 2] {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "the next one");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let key = KeyPair::generate().unwrap();
    [params.self_signed(&key).unwrap().pem(), key.serialize_pem()]
}

fn read(collector: &Collector, name: &str) -> String {
    std::fs::read_to_string(collector.path(name)).unwrap()
}

fn put(collector: &Collector, stem: &str, [pem, key]: &[String; 2]) {
    std::fs::write(collector.path(&format!("{stem}.pem")), pem).unwrap();
    std::fs::write(collector.path(&format!("{stem}.key")), key).unwrap();
}

/// What SIGHUP does; gives what was not taken.
pub(crate) async fn reload(collector: &Collector) -> Vec<String> {
    let reload = collector.running.as_ref().unwrap().reload();
    let config = Config::read(&collector.path("collector.toml")).unwrap();
    tokio::task::spawn_blocking(move || reload.take(&config)).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_authorities_are_taken_without_a_restart_and_open_sessions_go_on() {
    let mut collector = Collector::start().await;
    collector.apply(PLAN).await.unwrap();
    let stays = join(&collector, v1::Side::Source, "a").await;
    let comes_back = join(&collector, v1::Side::Source, "b").await;
    let mut session = Agent::connect(&collector, &stays, 1).await.unwrap();
    let agents = format!("pki/agents/{MIGRATION}/source/ca");
    let [next, key] = authority();
    let both = next.clone() + &read(&collector, &format!("{agents}.pem"));
    put(&collector, &agents, &[both, key.clone()]);
    let api = authority();
    put(&collector, "pki/api-ca", &api);
    assert_eq!(reload(&collector).await, [""; 0]);
    session.tell(1, v1::Outcome::Pass).await;
    let old = Agent::connect(&collector, &comes_back, 1).await.map(drop).unwrap_err();
    assert_eq!(old.code(), tonic::Code::Unavailable, "the listeners show the new certificate: {old}");
    collector.ca_pem = api[0].clone();
    let newcomer = join(&collector, v1::Side::Source, "c").await;
    for papers in [&comes_back, &newcomer] {
        assert!(Agent::connect(&collector, papers, 2).await.is_ok(), "both authorities are believed");
    }
    // The old one goes once everybody has renewed.
    put(&collector, &agents, &[next, key]);
    assert_eq!(reload(&collector).await, [""; 0]);
    session.tell(2, v1::Outcome::Pass).await;
    assert!(Agent::connect(&collector, &comes_back, 2).await.is_err(), "nobody believes the old one");
    assert!(Agent::connect(&collector, &newcomer, 2).await.is_ok());
    collector.stop().await;
    collector.again().await;
    assert!(Agent::connect(&collector, &newcomer, 2).await.is_ok(), "it starts with what it was given");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn authorities_that_cannot_be_used_leave_those_of_before() {
    let collector = Collector::start().await;
    collector.apply(PLAN).await.unwrap();
    let papers = join(&collector, v1::Side::Source, "a").await;
    let agents = format!("pki/agents/{MIGRATION}/source/ca");
    let [other, other_key] = authority();
    for (file, wrong) in [
        ("pki/api-ca.pem".to_owned(), Some("rubbish".to_owned())),
        ("pki/api-ca.pem".to_owned(), Some(other.clone())),
        ("pki/api-ca.key".to_owned(), Some(other_key.clone())),
        ("pki/api-ca.pem".to_owned(), None),
        (format!("{agents}.pem"), Some(String::new())),
        (format!("{agents}.pem"), Some(other.clone())),
        (format!("{agents}.key"), Some(other_key)),
        (format!("{agents}.key"), None),
    ] {
        let before = read(&collector, &file);
        let path = collector.path(&file);
        match &wrong {
            Some(text) => std::fs::write(&path, text).unwrap(),
            None => std::fs::remove_file(&path).unwrap(),
        }
        let told = reload(&collector).await;
        let stem = file.rsplit_once('.').unwrap().0;
        assert!(
            matches!(&told[..], [one] if one.contains(stem) && one.contains("of before stay")),
            "{file} {wrong:?}: {told:?}"
        );
        assert!(Agent::connect(&collector, &papers, 1).await.is_ok(), "{file} {wrong:?}");
        std::fs::write(&path, before).unwrap();
    }
    assert_eq!(reload(&collector).await, [""; 0]);
    let newcomer = join(&collector, v1::Side::Source, "b").await;
    assert!(Agent::connect(&collector, &newcomer, 2).await.is_ok());
}
