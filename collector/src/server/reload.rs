//! What a collector reads anew on SIGHUP, without a restart and without losing a connection.
//!
//! What cannot be read leaves what was there: a slip of the pen in a file may not lock everybody out.

use std::sync::Arc;

use super::certificates::Certificates;
use crate::access::{Access, Untold};
use crate::config::Config;
use crate::notify::Secrets;

/// The parts that can be replaced while the collector runs. Clones replace the same parts.
#[derive(Debug, Clone)]
pub struct Reload {
    /// What it was started with.
    started: Arc<Config>,
    access: Access,
    /// What the journal does not say yet of that.
    untold: Untold,
    secrets: Secrets,
    certificates: Certificates,
}

impl Reload {
    pub(super) fn new(
        started: Config,
        (access, untold): (Access, Untold),
        secrets: Secrets,
        certificates: Certificates,
    ) -> Reload {
        Reload { started: Arc::new(started), access, untold, secrets, certificates }
    }

    /// Takes the access file, the authorities and certificates, and the list of secrets; gives what was not taken, and why. Blocks on the disk.
    pub fn take(&self, config: &Config) -> Vec<String> {
        let mut told = Vec::new();
        if let Err(error) = self.access.reload(|changed| self.untold.put(changed)) {
            told.push(format!("{error}; the grants of before stay"));
        }
        if let Err(error) = self.certificates.reload() {
            let error = anyhow::Error::new(error);
            told.push(format!("{error:#}; the authorities and certificates of before stay"));
        }
        self.secrets.store(Arc::new(config.secrets.clone()));
        let old = &*self.started;
        let fixed = [
            ("data_dir", old.data_dir == config.data_dir),
            ("pki_dir", old.pki_dir == config.pki_dir),
            ("access_file", old.access_file == config.access_file),
            ("trust_domain", old.trust_domain == config.trust_domain),
            ("hosts", old.hosts == config.hosts),
            ("listen.agents", old.agents_listen == config.agents_listen),
            ("listen.api", old.api_listen == config.api_listen),
            ("listen.ops", old.ops_listen == config.ops_listen),
            ("listen.connections", old.connections == config.connections),
            ("agents.certificate_hours", old.certificate_life == config.certificate_life),
            ("agents.pod_certificate_secs", old.pod_certificate_life == config.pod_certificate_life),
            ("agents.session_idle_secs", old.session_idle == config.session_idle),
            ("notify.ca_file", old.notify_ca == config.notify_ca),
            ("log.format", old.log_format == config.log_format),
        ];
        let changed = fixed.into_iter().filter(|(_, same)| !same);
        told.extend(changed.map(|(key, _)| format!("{key} has changed: restart the collector to take it")));
        told
    }
}
