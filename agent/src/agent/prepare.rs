//! Components on their way to being runnable.

use std::path::PathBuf;
use std::time::Duration;

use tidelock_model::{Cause, Sha256};
use tidelock_sandbox::protocol::Refusal;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};
use tonic::transport::Channel;

use super::Agent;
use crate::components::{ComponentError, Components};
use crate::connect;
use crate::runs::Sandbox;
use crate::trust::{Standing, Trust};

/// How long a component waits for a connection before its rounds become `not run`.
const WAIT_FOR_CHANNEL: Duration = Duration::from_secs(30);
/// How long to wait before a fetch that failed is tried again.
const AGAIN: Duration = Duration::from_secs(5);

/// How far a component is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Readiness {
    /// It is being fetched or compiled.
    Preparing,
    /// It can be run; what it says it cannot see.
    Ready(Vec<String>),
    /// It cannot.
    Refused(Refusal),
}

impl<S: Sandbox> Agent<S> {
    /// Begins to make a component ready, unless that is done or under way.
    pub(super) fn prepare(&mut self, component: Sha256) {
        if self.ready.contains_key(&component) {
            return;
        }
        self.ready.insert(component, Readiness::Preparing);
        self.spawn_prepare(component, Duration::ZERO);
    }

    fn spawn_prepare(&mut self, component: Sha256, wait: Duration) {
        let (runs, components) = (self.runs.clone(), self.components.clone());
        let mut channel = self.shared.channel.subscribe();
        self.preparing.spawn(async move {
            sleep(wait).await;
            let path: PathBuf = match get(&components, component, &mut channel).await {
                Ok(path) => path,
                Err(error) => {
                    let (refusal, again) = judge(&error);
                    return (component, Err(refusal), again);
                }
            };
            let standing = match stands(&runs.trust, &components, component, &mut channel).await {
                Ok(standing) => standing,
                // Somebody may sign it yet.
                Err(refusal) => return (component, Err(refusal), true),
            };
            let prepared = runs.sandbox.prepare(&path, component).await.and_then(|described| {
                let said = (described.name.as_str(), described.version.as_str());
                runs.trust.confirm(component, &standing, said)?;
                runs.names.set(component, said);
                Ok(described.blind_spots)
            });
            let again = matches!(&prepared, Err(refusal) if refusal.cause == Cause::RunnerLost);
            (component, prepared, again)
        });
    }

    /// What may be run was read anew: what nobody trusted vouches for any more is not run again, and what was refused
    /// for want of a key gets another chance.
    pub(super) fn judge_again(&mut self) {
        self.keys.borrow_and_update();
        let mut another_chance = Vec::new();
        for (component, readiness) in &mut self.ready {
            let judged = self.runs.trust.judge(*component, &self.components.signatures(*component));
            match (judged, &*readiness) {
                (Err(refusal), Readiness::Ready(_)) => {
                    tracing::warn!(component = %component.short(), %refusal, "a component is not run any more");
                    *readiness = Readiness::Refused(refusal);
                }
                (Ok(_), Readiness::Refused(refusal)) if refusal.cause == Cause::Unsigned => {
                    another_chance.push(*component);
                }
                (_, Readiness::Ready(_) | Readiness::Refused(_) | Readiness::Preparing) => {}
            }
        }
        for component in another_chance {
            self.ready.remove(&component);
            self.prepare(component);
        }
        self.reschedule();
        self.tell();
    }

    /// A component is ready, or is not going to be; `again` when trying again may help.
    pub(super) fn prepared(&mut self, component: Sha256, result: Result<Vec<String>, Refusal>, again: bool) {
        if !self.ready.contains_key(&component) {
            // The plan has changed meanwhile.
            return;
        }
        // The keys may be others than when it was begun.
        let signatures = self.components.signatures(component);
        let result =
            result.and_then(|blind_spots| self.runs.trust.judge(component, &signatures).map(|_| blind_spots));
        let readiness = match result {
            Ok(blind_spots) => Readiness::Ready(blind_spots),
            Err(refusal) => {
                tracing::warn!(component = %component.short(), %refusal, again, "a component is not ready");
                Readiness::Refused(refusal)
            }
        };
        self.ready.insert(component, readiness);
        if again {
            self.spawn_prepare(component, AGAIN);
        }
        self.reschedule();
        self.tell();
    }
}

/// The component's file: from the folder, or fetched.
async fn get(
    components: &Components,
    component: Sha256,
    channel: &mut watch::Receiver<Option<Channel>>,
) -> Result<PathBuf, ComponentError> {
    if let Some(path) = find(components, component).await {
        return Ok(path);
    }
    let none =
        || ComponentError::Fetch { component, why: "there is no connection to the collector".to_owned() };
    let channel = match timeout(WAIT_FOR_CHANNEL, channel.wait_for(Option::is_some)).await {
        Ok(Ok(channel)) => channel.clone().ok_or_else(none)?,
        Ok(Err(_)) | Err(_) => return Err(none()),
    };
    components.fetch(component, channel).await
}

/// Whether the component may be run. What lies here may be older than a signature that was pushed since.
async fn stands(
    trust: &Trust,
    components: &Components,
    component: Sha256,
    channel: &mut watch::Receiver<Option<Channel>>,
) -> Result<Standing, Refusal> {
    let refusal = match trust.judge(component, &components.signatures(component)) {
        Ok(standing) => return Ok(standing),
        Err(refusal) => refusal,
    };
    let Some(channel) = channel.borrow().clone() else { return Err(refusal) };
    // Without news the first word stands.
    let fetched = components.fetch_signatures(component, channel).await;
    fetched.map_err(|_| refusal)?;
    trust.judge(component, &components.signatures(component))
}

async fn find(components: &Components, component: Sha256) -> Option<PathBuf> {
    let components = components.clone();
    tokio::task::spawn_blocking(move || components.find(component)).await.ok().flatten()
}

fn judge(error: &ComponentError) -> (Refusal, bool) {
    let (cause, again) = match error {
        ComponentError::TooLarge(_) => (Cause::UnknownPlugin, false),
        ComponentError::Digest { .. } => (Cause::BadDigest, false),
        // What the collector has lost may be pushed to it again.
        ComponentError::Unknown(_)
        | ComponentError::Fetch { .. }
        | ComponentError::Busy { .. }
        | ComponentError::Disk { .. } => (Cause::UnknownPlugin, true),
    };
    (Refusal { cause, detail: connect::chain(error) }, again)
}
