//! A certificate is replaced long before it ends, over the session that it still opens.
//!
//! The new key is made here and never leaves. Certificate and key go to disk as one file, so that a crash
//! leaves the old pair or the new one; whatever fails, the old pair serves on and is tried again.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256};
use tidelock_proto::v1;
use tidelock_proto::v1::agent_service_client::AgentServiceClient;
use tokio::time::{sleep, timeout};
use tonic::transport::Channel;

use crate::clock::Clock;
use crate::config::Config;
use crate::identity::{self, Identity};
use crate::{chance, join, private_file};

/// How often it is looked whether somebody else has replaced the files.
const LOOK: Duration = Duration::from_secs(5);
/// How long the collector may take to sign.
const RENEW_TIMEOUT: Duration = Duration::from_secs(15);
/// How long to wait after a failure: a thirtieth of the certificate's life, within these.
const AGAIN: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(600)];

/// Returns once there is another certificate to connect with: renewed at two thirds of its life, with a bit
/// more by chance so that a fleet does not ask at once, or replaced on disk by somebody else.
///
/// `known` is what lay on disk before the present certificate was read: what came since is seen.
pub(super) async fn until_new(
    config: &Config,
    clock: Clock,
    (who, mut known): (&Identity, Option<[u8; 32]>),
    channel: Channel,
) {
    let life = who.ends.since(who.begins);
    let spread = u64::try_from((life / 12).as_millis()).unwrap_or(u64::MAX).max(1);
    let mut due = who.begins.plus(life * 2 / 3 + Duration::from_millis(chance::spread() % spread));
    let again = (life / 30).clamp(AGAIN[0], AGAIN[1]);
    loop {
        sleep(due.since(clock.now()).min(LOOK)).await;
        let now = identity::fingerprint(config);
        if now != known {
            known = now;
            match identity::load(config) {
                Ok(_) => {
                    return tracing::info!(agent = %who.agent, "certificate or authority was replaced on disk");
                }
                Err(error) => {
                    tracing::error!(%error, "what was put on disk cannot be used; the old certificate serves on")
                }
            }
        }
        if clock.now() < due {
            continue;
        }
        match renew(config, who, channel.clone()).await {
            Ok(()) => return tracing::info!(agent = %who.agent, "certificate renewed"),
            Err(error) => {
                let left = who.ends.since(clock.now()).as_secs();
                tracing::warn!(
                    error = format!("{error:#}"),
                    left_secs = left,
                    "the certificate is not renewed yet"
                );
                due = clock.now().plus(again);
            }
        }
    }
}

async fn renew(config: &Config, who: &Identity, channel: Channel) -> Result<()> {
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).context("make a key")?;
    let request = v1::RenewRequest { csr_pem: join::request(&key)? };
    let asked = timeout(RENEW_TIMEOUT, AgentServiceClient::new(channel).renew(request)).await;
    let answer = asked.context("the collector did not answer in time")?.map_err(|status| {
        let said: String = status.message().chars().filter(|c| !c.is_control()).take(300).collect();
        anyhow::anyhow!("the collector refuses: {said}")
    })?;
    let pair = format!("{}\n{}", answer.into_inner().certificate_pem.trim_end(), key.serialize_pem());
    let new = identity::of_pair(config, &pair)?;
    ensure!(
        (&new.migration, &new.agent) == (&who.migration, &who.agent),
        "the collector gave a certificate of {} {}, this is {} {}",
        new.migration,
        new.agent,
        who.migration,
        who.agent
    );
    ensure!(who.ends < new.ends, "the new certificate does not last longer than the old one");
    private_file::replace(&config.certificate, pair.as_bytes())
        .with_context(|| format!("write {}", config.certificate.display()))
}
