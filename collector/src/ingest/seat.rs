//! The seat of an agent: taken once, given to whoever comes back, and to nobody when two are alive.

use std::net::SocketAddr;
use std::time::Duration;

use tidelock_core::AgentStanding;
use tidelock_proto::v1;
use tonic::Status;

use super::service::Door;
use super::session::spool_epoch;
use super::sessions::{Entered, Instance, NotEntered};
use crate::pki::AgentId;
use crate::secret;

/// How often a seat that is taken is asked for.
const AGAIN: Duration = Duration::from_millis(100);
/// How long a session waits for its seat: longer than an old one may be silent, shorter than an agent
/// waits for its welcome.
const PATIENCE: Duration = Duration::from_secs(9);

/// Takes the agent's seat. Where both sessions are alive the agent is suspended, and the migration held.
pub(super) async fn take(
    door: &Door,
    who: &AgentId,
    hello: &v1::Hello,
    address: SocketAddr,
) -> Result<Entered, Status> {
    let boot = secret::sha256(hello.boot_id.as_bytes());
    let boot = boot.as_bytes()[..8].iter().fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte));
    let instance = Instance { spool_epoch: spool_epoch(&hello.spool_epoch)?, boot, address };
    let asked = door.clock.now();
    loop {
        let now = door.clock.now();
        let seat = (&who.migration, &who.agent);
        match door.sessions.enter(seat, instance, (asked, now), &door.stop) {
            Ok(entered) => return enrolled(door, who, entered),
            Err(NotEntered::Full) => return Err(Status::resource_exhausted("too many agents")),
            Err(NotEntered::Double(other)) => return Err(double(door, who, [other, address]).await),
            Err(NotEntered::Taken) if now.since(asked) > PATIENCE => {
                let text = format!("{} was refused: it has a live session already", who.agent);
                door.refused.tell(&who.migration, text);
                return Err(Status::already_exists(format!(
                    "agent {} has a live session already",
                    who.agent
                )));
            }
            Err(NotEntered::Taken) => tokio::time::sleep(AGAIN).await,
        }
    }
}

/// Once more: whoever was revoked in between found no session to end.
fn enrolled(door: &Door, who: &AgentId, entered: Entered) -> Result<Entered, Status> {
    match door.driver.standing(&who.migration, &who.agent) {
        AgentStanding::Enrolled => Ok(entered),
        AgentStanding::Revoked | AgentStanding::Suspended | AgentStanding::Unknown => {
            Err(Status::permission_denied(format!("agent {} may not speak any more", who.agent)))
        }
    }
}

/// Nobody knows which of the two is the agent, so neither is believed until a person has looked.
async fn double(door: &Door, who: &AgentId, [old, new]: [SocketAddr; 2]) -> Status {
    let text =
        format!("two live sessions of one identity, from {old} and from {new}: its key is in two places");
    tracing::error!(migration = %who.migration, agent = %who.agent, %text, "conflict");
    door.driver.report_conflict(who, text.clone()).await;
    // Also where it could not be recorded: the one that is in asks again, and is refused then.
    door.sessions.end(&who.migration, &who.agent);
    Status::failed_precondition(format!("{text}; the agent is suspended"))
}
