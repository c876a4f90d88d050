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
        let changed = fixed(&self.started, config).into_iter();
        told.extend(changed.map(|key| format!("{key} has changed: restart the collector to take it")));
        told
    }
}

/// The keys that have changed and need a restart.
fn fixed(old: &Config, new: &Config) -> Vec<&'static str> {
    let fixed = [
        ("data_dir", old.data_dir == new.data_dir),
        ("pki_dir", old.pki_dir == new.pki_dir),
        ("access_file", old.access_file == new.access_file),
        ("trust_domain", old.trust_domain == new.trust_domain),
        ("hosts", old.hosts == new.hosts),
        ("listen.agents", old.agents_listen == new.agents_listen),
        ("listen.api", old.api_listen == new.api_listen),
        ("listen.ops", old.ops_listen == new.ops_listen),
        ("listen.connections", old.connections == new.connections),
        ("agents.certificate_hours", old.certificate_life == new.certificate_life),
        ("agents.pod_certificate_secs", old.pod_certificate_life == new.pod_certificate_life),
        ("agents.session_idle_secs", old.session_idle == new.session_idle),
        ("journal.ballast_mib", old.ballast_bytes == new.ballast_bytes),
        ("journal.low_space_mib", old.low_space_bytes == new.low_space_bytes),
        ("journal.keep_findings_days", old.keep_findings == new.keep_findings),
        ("notify.ca_file", old.notify_ca == new.notify_ca),
        ("log.format", old.log_format == new.log_format),
    ];
    fixed.into_iter().filter(|(_, same)| !same).map(|(key, _)| key).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_that_needs_a_restart_is_named_once_it_has_changed() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("collector.toml");
        let read = |text: &str| {
            std::fs::write(&file, text).unwrap();
            Config::read(&file).unwrap()
        };
        let journal = ["ballast_mib = 65", "low_space_mib = 65", "keep_findings_days = 31"];
        let (old, new) = (read(""), read(&format!("[journal]\n{}\n", journal.join("\n"))));
        let named = ["journal.ballast_mib", "journal.low_space_mib", "journal.keep_findings_days"];
        assert_eq!(fixed(&old, &new), named);
        assert_eq!(fixed(&old, &old), Vec::<&str>::new());
        let loud = read("trust_domain = \"other.internal\"\n[log]\nlevel = \"debug\"\nformat = \"json\"\n");
        assert_eq!(fixed(&old, &loud), ["trust_domain", "log.format"], "a level is taken at once");
    }
}
