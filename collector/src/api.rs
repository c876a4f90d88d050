//! The faces of the collector for people and pipelines: gRPC and plain HTTP on one port.
//!
//! Nobody is let through by default. One table says who may call what; whoever has no token gets the
//! health of the service and nothing else.

mod access;
mod auth;
mod caller;
mod check;
mod component;
mod enrol;
mod errors;
mod flagger;
mod gate;
mod http;
mod join_token;
mod migration;
mod order;
mod plan;
mod pull;
mod report;
mod router;
mod run;
mod steps;
mod token;
mod views;
mod views_gate;
mod views_owners;
mod views_proof;
mod views_report;
mod views_run;
mod views_switch;
mod watch;

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use ring::hmac;
use tokio_util::sync::CancellationToken;

pub use auth::Limits;
pub use caller::{Action, Caller};
pub use router::routes;

/// The epoch in the token of an open gate; none when it is not one.
pub(crate) fn gate_token_epoch(
    key: &hmac::Key,
    migration: &tidelock_model::Name,
    text: &str,
    now: tidelock_model::Timestamp,
) -> Option<u64> {
    token::read(key, migration, text, now).ok()
}

use crate::access::{Access, Untold};
use crate::audit::Audit;
use crate::blind_spots::BlindSpots;
use crate::clock::Clock;
use crate::driver::Driver;
use crate::heads::Shown;
use crate::health::Health;
use crate::ingest::{Refused, RunsNow, Sessions};
use crate::join::JoinTokens;
use crate::journal::{Components, Store};
use crate::lookup::Lookup;
use crate::notify::Failing;
use crate::pki::Pki;
use crate::warnings::Warnings;

/// What every call needs.
pub struct Api {
    /// Asks and pictures.
    pub driver: Driver,
    /// Grants.
    pub access: Access,
    /// What the journal does not say of them yet.
    pub(crate) untold: Untold,
    /// Authorities.
    pub pki: Arc<Pki>,
    /// Join tokens.
    pub join: JoinTokens,
    /// Components.
    pub components: Components,
    /// Where they lie, for listing.
    pub components_dir: PathBuf,
    /// Signs the tokens of open gates.
    pub gate_key: hmac::Key,
    /// Collector time.
    pub clock: Clock,
    /// Who asked for what they may not have.
    pub audit: Audit,
    /// How often one may ask.
    pub limits: Limits,
    /// Who was not let in.
    pub refused: Refused,
    /// Where agents are asked for a run.
    pub sessions: Sessions,
    /// Who is still to answer.
    pub runs_now: RunsNow,
    /// What the checks cannot see.
    pub blind_spots: BlindSpots,
    /// What the agents say that people must know of them.
    pub warnings: Warnings,
    /// The heads of the decisions.
    pub(crate) heads: Shown,
    /// How long agents' certificates live.
    pub certificate_life: Duration,
    /// How long a pod's lives.
    pub pod_certificate_life: Duration,
    /// What joining agents are told to connect to.
    pub agents_address: String,
    /// Where agents enrol.
    pub api_url: String,
    /// The name in the server certificate.
    pub server_name: String,
    /// Old events; empty until the index is open.
    pub lookup: Arc<OnceLock<Lookup>>,
    /// The journal, for what was decided long ago.
    pub store: Arc<dyn Store>,
    /// Receivers of messages that fail.
    pub(crate) failing: Failing,
    /// Whether the collector does its work.
    pub health: Health,
    /// Streams end with it.
    pub stop: CancellationToken,
}
