//! Another certificate for an agent that has a good one: over the connection of its live session.
//!
//! Whoever copied a key could renew in silence for ever beside the agent; so whoever renews must hold the
//! agent's one seat, where two are noticed. The new certificate lives as long as the one before, so that a
//! pod's stays a pod's. Each one is a record that is kept for ever, so none is given before half of the
//! present one's life is over.

use std::net::SocketAddr;

use tidelock_core::Ask;
use tidelock_model::mutated;
use tonic::Status;

use super::service::Door;
use crate::clock;
use crate::pki::{AgentId, given_for};

pub(super) async fn renew(
    door: &Door,
    who: &AgentId,
    address: SocketAddr,
    csr_pem: String,
) -> Result<String, Status> {
    if !door.sessions.is_over(&who.migration, &who.agent, address) && !mutated("a-session-renews") {
        let text = format!("{} asked for a new certificate from {address}, without its session", who.agent);
        door.refused.tell(&who.migration, text);
        return Err(Status::failed_precondition("only over the connection of the agent's live session"));
    }
    let (now, valid) = (clock::wall(), who.ends.since(who.begins));
    if now.since(who.begins) < valid / 2 {
        return Err(Status::failed_precondition("the present certificate is not past half of its life"));
    }
    let life = given_for(valid).min(door.certificate_life);
    let (pki, of) = (door.pki.clone(), who.clone());
    let signed =
        tokio::task::spawn_blocking(move || pki.sign_agent(&of.migration, &of.agent, &csr_pem, now, life));
    let signed = signed.await.map_err(|_| Status::internal("the signer stopped"))?;
    let (certificate_pem, certificate_ends) =
        signed.map_err(|error| Status::invalid_argument(format!("csr_pem: {error}")))?;
    // Journaled before the certificate leaves: the journal knows when each one ends.
    let (agent, reason) = (who.agent.clone(), String::new());
    let ask = Ask::Enrol { agent, certificate_ends, must_be_new: false, reason };
    door.driver.ask(&who.migration, ask).await.map_err(|error| Status::unavailable(error.to_string()))?;
    tracing::info!(migration = %who.migration, agent = %who.agent, ends = certificate_ends.as_millis(), "a certificate was renewed");
    Ok(certificate_pem)
}
