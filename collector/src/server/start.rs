//! Opens everything in order, and closes it in the opposite one.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use anyhow::Context as _;
use arc_swap::ArcSwap;
use ring::hmac;
use tidelock_model::Timestamp;
use tidelock_ops::Ops;
use tidelock_ops::service::Signs;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tonic_health::ServingStatus;

use super::certificates::Certificates;
use super::ops::CollectorOps;
use super::replayed::replayed;
use super::{Addresses, Life, Reload, Running, listen};
use crate::access::{self, Access, Untold};
use crate::api::{self, Api};
use crate::audit::Audit;
use crate::blind_spots::BlindSpots;
use crate::clock::{self, Clock};
use crate::config::Config;
use crate::driver::{self, Driver, Inbox, Parts, Said};
use crate::heads::{Course, Lost, Shown, Signer, remembering};
use crate::health::Health;
use crate::ingest::{AgentDoor, Door, Fetches, Refused, RunsNow, Sessions, Tally};
use crate::intake::{Durable, Intake};
use crate::join::JoinTokens;
use crate::journal::{Disk, Journal, RealDisk, Recovery, Settings, Space, Store};
use crate::lookup::Lookup;
use crate::net::Agents;
use crate::notify::{self, Failing, Secrets};
use crate::pki::Pki;
use crate::retention;
use crate::warnings::Warnings;

/// Streams that are still open when the collector stops get so long to end.
const GRACE: Duration = Duration::from_secs(5);

/// What answers once the journal is replayed.
const SERVICES: [&str; 7] = [
    "GateService",
    "MigrationService",
    "OrderService",
    "RunService",
    "ReportService",
    "AccessService",
    "PlanService",
];

/// Everything that is opened before anybody is served.
struct Opened {
    config: Config,
    journal: Journal,
    pki: Arc<Pki>,
    certificates: Certificates,
    refused: Refused,
    audit: Audit,
    access: Access,
    /// What the journal does not say yet of it.
    untold: Untold,
    join: JoinTokens,
    gate_key: hmac::Key,
    clock: Clock,
    secrets: Secrets,
    ops: watch::Sender<Option<Arc<dyn Ops>>>,
    /// Of the driver.
    signs: Signs,
    signer: Arc<Signer>,
    /// Migrations that lost decisions, and what is known of it.
    older: Lost,
}

/// What listens.
struct Listeners {
    agents: TcpListener,
    api: TcpListener,
    ops: TcpListener,
}

/// Opens a collector and starts it. It listens when this returns; it may still replay its journal.
///
/// # Errors
/// Names what cannot be opened.
pub async fn start(config: Config) -> anyhow::Result<Running> {
    start_on(config, Arc::new(RealDisk)).await
}

/// The same with its journal on another disk, which a test can fill.
///
/// # Errors
/// Names what cannot be opened.
pub async fn start_on(config: Config, disk: Arc<dyn Disk>) -> anyhow::Result<Running> {
    let opened = tokio::task::spawn_blocking(move || open(config, disk)).await??;
    let listeners = Listeners {
        agents: bind(opened.config.agents_listen).await?,
        api: bind(opened.config.api_listen).await?,
        ops: bind(opened.config.ops_listen).await?,
    };
    let addresses = Addresses {
        agents: listeners.agents.local_addr()?,
        api: listeners.api.local_addr()?,
        ops: listeners.ops.local_addr()?,
    };
    let stop = CancellationToken::new();
    let reload = Reload::new(
        opened.config.clone(),
        (opened.access.clone(), opened.untold.clone()),
        opened.secrets.clone(),
        opened.certificates.clone(),
    );
    let ops = opened.ops.subscribe();
    let (driver, inbox) = driver::prepare();
    let life = Life { driver: driver.clone(), signs: opened.signs.clone() };
    let done = tokio::spawn(run(opened, listeners, (driver, inbox), addresses, stop.clone()));
    Ok(Running { addresses, stop, done, reload, ops, life })
}

async fn bind(address: std::net::SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| format!("listen on {address}"))
}

fn open(config: Config, disk: Arc<dyn Disk>) -> anyhow::Result<Opened> {
    let now = clock::wall();
    let pki = Pki::open(&config.pki_dir, &config.trust_domain, now)?;
    let (pki, refused) = (Arc::new(pki), Refused::default());
    let certificates = Certificates::open(pki.clone(), &config.hosts, refused.clone())?;
    let gate_key = hmac::Key::new(hmac::HMAC_SHA256, &pki.gate_key()?);
    let access = Access::open(&config.access_file)?;
    let join = JoinTokens::open(&config.pki_dir.join("join.toml"))?;
    let (journal, recovery) = Journal::open(&settings(&config, disk))?;
    tell(&recovery);
    let audit = Audit::open(&config.data_dir);
    let untold = Untold::open(&config.data_dir.join("access-told.toml"), &access.list(), now)?;
    let signer = Arc::new(Signer::open(&config.pki_dir)?);
    let older = match signer.judge(&journal)? {
        Course::Whole => BTreeMap::new(),
        Course::Older(older) => older,
    };
    for (migration, missing) in &older {
        tracing::error!(%migration, why = %missing.why, "decisions are missing; the migration is held until a person releases it");
    }
    let older = Lost::new(Mutex::new(older));
    let clock = Clock::start(latest(&journal)?);
    if clock.ahead_ms() > 0 {
        let ahead = format!("{:?}", Duration::from_millis(clock.ahead_ms().unsigned_abs()));
        tracing::warn!(%ahead, "collector time is ahead of this machine's clock: the journal has seen later moments, and \
            time never runs back; agents whose clocks are right are further off by as much until real time has caught up");
    }
    let (secrets, ops) = (Arc::new(ArcSwap::from_pointee(config.secrets.clone())), watch::Sender::new(None));
    Ok(Opened {
        secrets,
        ops,
        signs: Signs::new("the driver"),
        config,
        journal,
        pki,
        certificates,
        refused,
        audit,
        access,
        untold,
        join,
        gate_key,
        clock,
        signer,
        older,
    })
}

fn settings(config: &Config, disk: Arc<dyn Disk>) -> Settings {
    Settings {
        disk,
        ballast_bytes: config.ballast_bytes,
        low_space_bytes: config.low_space_bytes,
        ..Settings::new(&config.data_dir)
    }
}

/// What was found when the journal was opened.
fn tell(recovery: &Recovery) {
    tracing::info!(created = recovery.created, "journal opened");
    for torn in &recovery.torn {
        tracing::warn!("cut off what a crash left, nothing of it was acknowledged: {torn}");
    }
    for note in &recovery.notes {
        tracing::info!("{note}");
    }
}

/// The latest moment in the journal: collector time does not begin before it.
fn latest(journal: &Journal) -> anyhow::Result<Timestamp> {
    let heads = journal.heads();
    let mut latest = Timestamp::ZERO;
    for stored in journal.read_findings(heads.findings).chain(journal.read_decisions(heads.decisions)) {
        latest = latest.max(Timestamp::from_millis(stored?.record.at_unix_ms));
    }
    Ok(latest)
}

async fn run(
    opened: Opened,
    listeners: Listeners,
    driving: (Driver, Inbox),
    addresses: Addresses,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let journal = opened.journal.clone();
    let outcome = serve(opened, listeners, driving, addresses, &stop).await;
    stop.cancel();
    journal.close().await;
    outcome
}

async fn serve(
    opened: Opened,
    listeners: Listeners,
    (driver, inbox): (Driver, Inbox),
    addresses: Addresses,
    stop: &CancellationToken,
) -> anyhow::Result<()> {
    let store: Arc<dyn Store> = Arc::new(opened.journal.clone());
    let (intake, believed) = Intake::open(store.clone(), opened.clock);
    let (blind_spots, warnings) = (BlindSpots::default(), Warnings::default());
    let runs_now = RunsNow::default();
    let (sessions, refused, tasks) = (Sessions::default(), opened.refused.clone(), TaskTracker::new());
    let (health, health_service) = tonic_health::server::health_reporter();
    health.set_service_status("", ServingStatus::NotServing).await;

    let mut servers = JoinSet::new();
    let tally = Tally::default();
    let ops: Arc<dyn Ops> = Arc::new(CollectorOps {
        driver: driver.clone(),
        health: Health::new(&driver, &opened.journal),
        tally: tally.clone(),
        clock: opened.clock,
        data_dir: opened.config.data_dir.clone(),
        signs: opened.signs.clone(),
    });
    // Nobody asks for it where nothing waits for it.
    opened.ops.send_replace(Some(ops.clone()));
    let stopped = stop.clone().cancelled_owned();
    servers.spawn(wrap("ops", tidelock_ops::listener::serve(listeners.ops, ops, stopped)));
    let (certificates, connections) = (opened.certificates.clone(), opened.config.connections);
    let api_acceptor = listen::acceptor(certificates.api.clone(), None, connections);
    let agents = Agents::new(opened.pki.domain().into(), driver.clone(), sessions.clone());
    let agents_acceptor = listen::acceptor(certificates.agents.clone(), Some(agents), connections);
    servers.spawn(certificates.keep(stop.clone()));
    servers.spawn(access::by_hand(driver.clone(), opened.untold.clone(), stop.clone()));
    let heads = Shown::new(opened.signer.clone(), store.clone(), driver.clone(), opened.clock);
    let door = Door {
        intake: intake.clone(),
        driver: driver.clone(),
        sessions: sessions.clone(),
        runs_now: runs_now.clone(),
        components: opened.journal.components(),
        fetches: Fetches::default(),
        refused: refused.clone(),
        audit: opened.audit.clone(),
        blind_spots: blind_spots.clone(),
        tally,
        warnings: warnings.clone(),
        heads: heads.clone(),
        clock: opened.clock,
        session_idle: opened.config.session_idle,
        pki: opened.pki.clone(),
        certificate_life: opened.config.certificate_life,
        stop: stop.clone(),
        tasks: tasks.clone(),
    };
    let said = Said { blind_spots: blind_spots.clone(), warnings: warnings.clone() };
    let told = (refused, blind_spots, warnings, heads);
    let asked = (sessions.clone(), runs_now);
    let api = Arc::new(faces(&opened, addresses, driver.clone(), (told, asked), stop.clone()));
    let routes = api::routes(&api, health_service)?;
    servers.spawn(wrap("api", listen::api(api_acceptor, listeners.api, routes, stop.clone())));

    let state = State {
        store: store.clone(),
        sessions,
        clock: opened.clock,
        intake,
        believed,
        index_dir: opened.journal.index_dir(),
        lookup: api.lookup.clone(),
        space: opened.journal.space(),
        said,
        older: opened.older.clone(),
    };
    servers.spawn(drive(state, inbox, stop.clone()));
    let (keep, clock) = (opened.config.keep_findings, opened.clock);
    let retention = retention::run(opened.journal.clone(), driver.clone(), clock, keep, stop.clone());
    servers.spawn(retention);
    let (signer, older) = (opened.signer.clone(), opened.older.clone());
    servers.spawn(remembering(signer, driver.clone(), store.clone(), older, stop.clone()));
    let telling = notify::Parts {
        driver: driver.clone(),
        store: store.clone(),
        secrets: opened.secrets.clone(),
        ca_file: opened.config.notify_ca.clone(),
        dir: opened.config.data_dir.join("notify"),
        failing: api.failing.clone(),
        clock: opened.clock,
    };
    servers.spawn(notify::run(telling, stop.clone()));
    let agents = admit(driver, health, agents_acceptor, listeners.agents, door, stop.clone());
    servers.spawn(agents);
    let outcome = supervise(&mut servers, &store, stop).await;
    stop.cancel();
    tasks.close();
    let _ = tokio::time::timeout(GRACE, async {
        tasks.wait().await;
        while servers.join_next().await.is_some() {}
    })
    .await;
    servers.shutdown().await;
    outcome
}

/// Ends with the stop, or with the first part that fails.
async fn supervise(
    servers: &mut JoinSet<anyhow::Result<()>>,
    store: &Arc<dyn Store>,
    stop: &CancellationToken,
) -> anyhow::Result<()> {
    let mut failed = store.failed();
    tokio::select! {
        // First: every part ends when it is told to, and that is no failure.
        biased;
        () = stop.cancelled() => Ok(()),
        failure = failed.wait_for(Option::is_some) => match failure {
            Ok(failure) => anyhow::bail!("the journal has stopped: {}", failure.as_ref().map(ToString::to_string).unwrap_or_default()),
            Err(_) => anyhow::bail!("the journal has gone"),
        },
        ended = servers.join_next() => match ended {
            Some(Ok(Ok(()))) => anyhow::bail!("a part of the collector ended by itself"),
            Some(Ok(Err(error))) => Err(error),
            Some(Err(error)) => Err(error.into()),
            None => Ok(()),
        },
    }
}

async fn wrap<E: std::error::Error + Send + Sync + 'static>(
    what: &'static str,
    part: impl Future<Output = Result<(), E>>,
) -> anyhow::Result<()> {
    part.await.with_context(|| format!("serve {what}"))
}

/// What agents tell beside their findings.
type Told = (Refused, BlindSpots, Warnings, Shown);

fn faces(
    opened: &Opened,
    addresses: Addresses,
    driver: Driver,
    ((refused, blind_spots, warnings, heads), (sessions, runs_now)): (Told, (Sessions, RunsNow)),
    stop: CancellationToken,
) -> Api {
    let host = opened.config.hosts.first().cloned().unwrap_or_else(|| addresses.api.ip().to_string());
    let at = |port: u16| {
        if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
    };
    let health = Health::new(&driver, &opened.journal);
    Api {
        driver,
        access: opened.access.clone(),
        untold: opened.untold.clone(),
        pki: opened.pki.clone(),
        join: JoinTokens::clone(&opened.join),
        components: opened.journal.components(),
        components_dir: opened.config.data_dir.join("components"),
        gate_key: opened.gate_key.clone(),
        clock: opened.clock,
        audit: opened.audit.clone(),
        limits: api::Limits::default(),
        refused,
        sessions,
        runs_now,
        blind_spots,
        warnings,
        heads,
        certificate_life: opened.config.certificate_life,
        pod_certificate_life: opened.config.pod_certificate_life,
        agents_address: at(addresses.agents.port()),
        api_url: format!("https://{}", at(addresses.api.port())),
        server_name: host.clone(),
        lookup: Arc::default(),
        store: Arc::new(opened.journal.clone()),
        failing: Failing::default(),
        health,
        stop,
    }
}

struct State {
    store: Arc<dyn Store>,
    sessions: Sessions,
    clock: Clock,
    intake: Intake,
    believed: mpsc::Receiver<Durable>,
    index_dir: PathBuf,
    lookup: Arc<OnceLock<Lookup>>,
    space: watch::Receiver<Space>,
    said: Said,
    older: Lost,
}

/// Folds the journal, then drives it.
async fn drive(state: State, inbox: Inbox, stop: CancellationToken) -> anyhow::Result<()> {
    let State { store, sessions, clock, intake, believed, index_dir, lookup, space, said, older } = state;
    let (reading, windows) = (store.clone(), sessions.clone());
    let folding = tokio::task::spawn_blocking(move || {
        let opened = Lookup::open(&index_dir, &*reading)
            .inspect_err(|error| tracing::error!(%error, "there is no index; old events are not listed"));
        replayed(&*reading, &windows, opened.ok())
    });
    let (fold, index) = folding.await??;
    tracing::info!(migrations = fold.migrations.len(), findings = %fold.position, "journal replayed");
    if let Some(index) = index.clone() {
        // Set here alone, once.
        let _ = lookup.set(index);
    }
    let parts = Parts { store, fold, clock, intake, believed, sessions, lookup: index, space, said, older };
    tokio::select! {
        () = stop.cancelled() => Ok(()),
        stopped = inbox.run(parts) => Ok(stopped?),
    }
}

/// Lets agents in once the journal is replayed.
async fn admit(
    driver: Driver,
    health: tonic_health::server::HealthReporter,
    acceptor: crate::net::Acceptor,
    listener: TcpListener,
    door: Door,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let ready = tokio::select! {
        ready = driver.wait_ready() => ready,
        () = stop.cancelled() => return Ok(()),
    };
    anyhow::ensure!(ready, "the driver stopped before the journal was replayed");
    health.set_service_status("", ServingStatus::Serving).await;
    for service in SERVICES {
        health.set_service_status(format!("tidelock.v1.{service}"), ServingStatus::Serving).await;
    }
    wrap("agents", listen::agents(acceptor, listener, AgentDoor::new(door), stop)).await
}
