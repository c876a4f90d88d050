//! `tidelock-agent join`: from a token to an agent that can start.
//!
//! The agent makes its own key and never shows it to anybody; the collector signs it under the name
//! that the token allows. No key is copied by hand.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use rcgen::{CertificateParams, DistinguishedName, KeyPair, PKCS_ECDSA_P256_SHA256};
use rustls::RootCertStore;
use tidelock_model::Name;
use tidelock_proto::v1;
use tidelock_proto::v1::enrol_service_client::EnrolServiceClient;

use crate::config::Config;
use crate::out::Out;
use crate::spool::Spool;
use crate::token::JoinToken;
use crate::{connect, identity, private_file, tls};

/// How long the collector may take to sign.
const ENROL_TIMEOUT: Duration = Duration::from_secs(15);

/// What the operator asks for.
#[derive(Debug, Clone)]
pub struct Join {
    /// The collector's API, `https://host:port`.
    pub url: String,
    /// The token.
    pub token: String,
    /// A name, where the token leaves it open.
    pub name: Option<Name>,
    /// Where everything is written.
    pub dir: PathBuf,
    /// An agent that lies there already is left as it is, and that is no failure.
    pub if_missing: bool,
    /// The agent that lies there gets a new key and certificate; its configuration stays.
    pub again: bool,
    /// It is started right after, so that nobody has to be told how.
    pub starts: bool,
    /// The API's authority, instead of the fingerprint in the token.
    pub ca_file: Option<PathBuf>,
}

/// Joins, and writes key, certificates and `agent.toml`.
///
/// # Errors
/// Says what is wrong and what to do; an agent that is already there is never overwritten.
pub async fn join(ask: Join, out: &mut Out<'_>) -> Result<()> {
    let config_path = ask.dir.join("agent.toml");
    if ask.if_missing && config_path.exists() {
        out.talk(format!("{} is there already; nothing was changed", config_path.display()))?;
        return Ok(());
    }
    let token = JoinToken::parse(&ask.token)?;
    let known = known(&ask, &config_path)?;
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).context("make a key")?;
    let answer = enrol(&ask, &token, &key).await?;
    match &known {
        Some(config) => write_again(config, &answer, &key, out)?,
        None => write(&ask.dir, &answer, &key)?,
    }
    let config = Config::read(&config_path)?;
    let (who, _) = identity::load(&config)?;
    out.line(format!("joined {} as {}", who.migration, who.agent))?;
    if !ask.starts {
        out.talk(format!("start it with: tidelock-agent run --config {}", config_path.display()))?;
    }
    Ok(())
}

/// The agent that joins again; none where there is none, and must be none.
fn known(ask: &Join, path: &Path) -> Result<Option<Config>> {
    match (path.exists(), ask.again) {
        (true, true) => {
            let config = Config::read(path)?;
            // Before the token is spent.
            Spool::unused(&config.spool_dir).context("stop the agent of this folder first")?;
            Ok(Some(config))
        }
        (false, false) => Ok(None),
        (true, false) => bail!(
            "{} is there already: an agent joins once; give --dir for another one, or --again for a new key of this one",
            path.display()
        ),
        (false, true) => bail!("there is no {}: --again is for an agent that joined before", path.display()),
    }
}

/// A new identity for an agent that was revoked, or whose certificate has ended. What its operator wrote stays. Findings
/// that wait answer what the old one was asked: under another name they are put aside, and told.
fn write_again(config: &Config, answer: &v1::EnrolResponse, key: &KeyPair, out: &mut Out<'_>) -> Result<()> {
    // Key and certificate in one file: whoever reads in between finds the old pair or the new one.
    let pair = format!("{}\n{}", answer.certificate_pem.trim_end(), key.serialize_pem());
    let new = identity::of_pair(config, &pair).context("use the new certificate")?;
    let old = identity::load(config).ok().map(|(old, _)| old);
    if let Some(old) = &old {
        let same = old.migration == new.migration && old.agent.side == new.agent.side;
        ensure!(
            same,
            "this folder is of {} {}, and the token was for {} {}: nothing was changed here; give --dir for another \
             agent, and put out the one that was just let in: tidelock agent revoke {} --reason TEXT",
            old.migration,
            old.agent.side,
            new.migration,
            new.agent.side,
            new.agent
        );
    }
    if old.is_none_or(|old| old.agent != new.agent)
        && let Some(aside) = Spool::leave(&config.spool_dir)?
    {
        out.talk(format!("what the agent of before had not sent is in {}", aside.display()))?;
    }
    let put = |path: &Path, content: &[u8]| {
        private_file::replace(path, content).with_context(|| format!("write {}", path.display()))
    };
    put(&config.ca, answer.ca_pem.as_bytes())?;
    put(&config.certificate, pair.as_bytes())?;
    put(&config.key, key.serialize_pem().as_bytes())
}

async fn enrol(ask: &Join, token: &JoinToken, key: &KeyPair) -> Result<v1::EnrolResponse> {
    let address = connect::host_port(&ask.url)?;
    let tls = match &ask.ca_file {
        Some(path) => {
            let mut roots = RootCertStore::empty();
            for certificate in identity::certificates(path)? {
                roots.add(certificate).with_context(|| format!("use {}", path.display()))?;
            }
            tls::trusting(roots)?
        }
        None => tls::pinned(token.authority)?,
    };
    let csr_pem = request(key)?;
    let channel = connect::connect(&address, connect::host_of(&address), tls).await?;
    let mut client = EnrolServiceClient::new(channel);
    let name = ask.name.as_ref().map(ToString::to_string).unwrap_or_default();
    let request = v1::EnrolRequest { token: token.text.clone(), csr_pem, name };
    match tokio::time::timeout(ENROL_TIMEOUT, client.enrol(request)).await {
        Ok(Ok(answer)) => Ok(answer.into_inner()),
        Ok(Err(status)) => bail!("the collector refuses: {}", status.message()),
        Err(_) => bail!("the collector at {address} did not answer within {} s", ENROL_TIMEOUT.as_secs()),
    }
}

/// A request for a certificate of this key. It names nobody: the collector decides the name.
pub(crate) fn request(key: &KeyPair) -> Result<String> {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.serialize_request(key).and_then(|csr| csr.pem()).context("make a request")
}

fn write(dir: &Path, answer: &v1::EnrolResponse, key: &KeyPair) -> Result<()> {
    private_file::make_dir(dir).with_context(|| format!("make {}", dir.display()))?;
    let put = |name: &str, content: &[u8]| {
        let path = dir.join(name);
        private_file::replace(&path, content).with_context(|| format!("write {}", path.display()))
    };
    put("agent.key", key.serialize_pem().as_bytes())?;
    put("agent.pem", answer.certificate_pem.as_bytes())?;
    put("ca.pem", answer.ca_pem.as_bytes())?;
    // Last: a folder with this file is one that can start.
    put("agent.toml", config_text(answer).as_bytes())
}

fn config_text(answer: &v1::EnrolResponse) -> String {
    let quote = |text: &str| toml::Value::from(text).to_string();
    format!(
        "# Written by `tidelock-agent join` for {migration} {side} {name}.\n\
         collector = {collector}\n\
         server_name = {server_name}\n\
         ca = \"ca.pem\"\n\
         certificate = \"agent.pem\"\n\
         key = \"agent.key\"\n\
         \n\
         [spool]\n\
         dir = \"spool\"\n\
         limit_bytes = 67108864\n\
         \n\
         [cache]\n\
         dir = \"cache\"\n\
         # Agents of one user on one host may share what is compiled.\n\
         # compiled = \"/var/cache/tidelock/compiled\"\n\
         \n\
         # The ceiling: what a plan may grant here. Without `hosts` it may grant any host; a secret goes\n\
         # to its own hosts only, in any case.\n\
         [allow]\n\
         # hosts = [\"shop.example\", \"*.internal.example\", \"db.example:5432\"]\n\
         write_sql = false\n\
         \n\
         # Who vouches for the components of the team's own: what `tidelock plugin keygen` printed.\n\
         # [plugins]\n\
         # trusted_keys = [\"ed25519:...\"]\n\
         \n\
         # [secrets.synthetic-user]\n\
         # file = \"/run/secrets/synthetic-user\"\n\
         # hosts = [\"shop.example\"]\n",
        migration = answer.migration.escape_default(),
        side = tidelock_proto::json::side_word(answer.side),
        name = answer.name.escape_default(),
        collector = quote(&answer.agent_address),
        server_name = quote(&answer.server_name),
    )
}

#[cfg(test)]
mod tests;
