//! Joining: an agent that has a token and a key of its own gets its certificate.
//!
//! The one call that needs no access: the token in it is the access, for this and nothing else.

use std::net::IpAddr;
use std::sync::Arc;

use tidelock_core::Ask;
use tidelock_model::{AgentKey, Name};
use tidelock_proto::v1::enrol_service_server::EnrolService;
use tidelock_proto::{side_to_wire, v1};
use tonic::{Request, Response, Status};

use super::access::{blocking, join};
use super::{Api, auth, errors};
use crate::clock;
use crate::join::{Admission, JoinError};
use crate::secret;

/// Longer tokens are none of ours.
const MAX_TOKEN_BYTES: usize = 2048;

/// The service.
pub(super) struct Enrolment(pub(super) Arc<Api>);

/// The agent's name: the token's, or the one that it asks for, or a new one.
fn name(admission: &Admission, wanted: &str) -> Result<AgentKey, Status> {
    let side = admission.side;
    if let Some(name) = &admission.name {
        return Ok(AgentKey { side, name: name.clone() });
    }
    if !wanted.is_empty() {
        let name = Name::new(wanted).map_err(|error| errors::invalid("name", error))?;
        return Ok(AgentKey { side, name });
    }
    let random = secret::random::<4>().map_err(|error| errors::internal(&error))?;
    let suffix: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
    let name = Name::new(&format!("{side}-{suffix}")).map_err(|error| errors::internal(&error))?;
    Ok(AgentKey { side, name })
}

impl Enrolment {
    /// Takes one use of the token. Wrong ones count as those of people do, and a right one is held up by none of them.
    async fn admitted(&self, token: String, from: Option<IpAddr>) -> Result<Admission, Status> {
        let api = self.0.clone();
        let taken = match token.len() > MAX_TOKEN_BYTES {
            true => Err(JoinError::NotValid),
            false => blocking(move || api.join.take(&token, clock::wall())).await?,
        };
        taken.map_err(|error| {
            let wrong = matches!(error, JoinError::NotValid);
            let many = wrong.then(|| self.0.limits.too_wrong(from, clock::wall())).flatten();
            many.unwrap_or_else(|| join(error))
        })
    }

    async fn enrol_admitted(
        &self,
        admission: &Admission,
        ask: v1::EnrolRequest,
    ) -> Result<v1::EnrolResponse, Status> {
        let api = &self.0;
        let agent = name(admission, &ask.name)?;
        let (signer, migration, key) = (api.clone(), admission.migration.clone(), agent.clone());
        let pod = admission.pod;
        let signed = blocking(move || {
            let life = if pod { signer.pod_certificate_life } else { signer.certificate_life };
            signer.pki.sign_agent(&migration, &key, &ask.csr_pem, clock::wall(), life)
        });
        let (certificate_pem, certificate_ends) =
            signed.await?.map_err(|error| errors::invalid("csr_pem", error))?;
        // Journaled before the certificate leaves: nobody speaks whom the journal does not know.
        let must_be_new = admission.name.is_none();
        let ask = Ask::Enrol { agent: agent.clone(), certificate_ends, must_be_new, reason: with(admission) };
        api.driver.ask(&admission.migration, ask).await.map_err(errors::asked)?;
        tracing::info!(migration = %admission.migration, %agent, token = admission.token.0, "an agent joined");
        Ok(v1::EnrolResponse {
            certificate_pem,
            ca_pem: api.pki.api_ca_pem(),
            agent_address: api.agents_address.clone(),
            server_name: api.server_name.clone(),
            migration: admission.migration.to_string(),
            side: side_to_wire(agent.side).into(),
            name: agent.name.to_string(),
        })
    }
}

/// With whose token an agent came in: whoever finds that it leaked, finds whom it let in.
fn with(admission: &Admission) -> String {
    match &admission.token {
        (id, Some(by)) => format!("with join token {id} of {by}"),
        (id, None) => format!("with join token {id}"),
    }
}

#[tonic::async_trait]
impl EnrolService for Enrolment {
    async fn enrol(&self, request: Request<v1::EnrolRequest>) -> Result<Response<v1::EnrolResponse>, Status> {
        let from = auth::from(request.extensions());
        let ask = request.into_inner();
        if !self.0.driver.ready() {
            return Err(errors::unavailable("the collector replays its journal"));
        }
        let admission = self.admitted(ask.token.clone(), from).await?;
        match self.enrol_admitted(&admission, ask).await {
            Ok(response) => Ok(Response::new(response)),
            Err(status) => {
                let api = self.0.clone();
                let back = blocking(move || api.join.give_back(&admission, clock::wall())).await?;
                if let Err(error) = back {
                    tracing::warn!(%error, "a use of a join token is lost");
                }
                Err(status)
            }
        }
    }
}
