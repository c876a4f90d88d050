//! The folders that runs may reach, and a runner that reaches them.
//!
//! A database in a file lies in a folder with what its writers put beside it. A runner is shut in when it begins,
//! and nothing opens it again: a run that is granted a database in another folder first has the runner replaced by
//! one that was let in there. The runs in flight are waited for.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tidelock_model::{Cause, mutated};
use tokio::sync::{Mutex, mpsc, watch};
use tokio::time::timeout;

use super::supervisor::Ask;
use crate::protocol::{Grant, Refusal, RunRequest};

/// The folders that one agent's runs reach, all together.
const MAX_FOLDERS: usize = 64;

/// What the runs of one client may reach.
pub(super) struct Reach {
    /// One change at a time: nobody asks for a run in a folder before the runner for it was asked for.
    turn: Mutex<()>,
    folders: watch::Sender<BTreeSet<PathBuf>>,
    keep_out: Vec<PathBuf>,
}

impl Reach {
    /// A runner is told what stands in `folders` when it begins.
    pub(super) fn new(folders: watch::Sender<BTreeSet<PathBuf>>, keep_out: Vec<PathBuf>) -> Reach {
        Reach { turn: Mutex::default(), folders, keep_out }
    }

    /// Asks for another runner where a run has need of it. The run is to be asked for after this one.
    ///
    /// # Errors
    /// No run may reach it, or nobody takes the ask.
    pub(super) async fn open(
        &self,
        request: &RunRequest,
        asks: &mpsc::Sender<Ask>,
        patience: Duration,
    ) -> Result<(), Refusal> {
        let files: Vec<PathBuf> = request.targets.iter().filter_map(|target| file(&target.grant)).collect();
        if files.is_empty() {
            return Ok(());
        }
        let lost = |why: &str| Refusal::new(Cause::RunnerLost, why);
        let keep_out = self.keep_out.clone();
        let look = tokio::task::spawn_blocking(move || folders_of(&files, &keep_out));
        let wanted = match timeout(patience, look).await {
            Ok(Ok(wanted)) => wanted?,
            Ok(Err(error)) => return Err(lost(&error.to_string())),
            Err(_) => return Err(lost("the disk does not say where a database lies")),
        };
        let _turn = self.turn.lock().await;
        let mut folders = self.folders.borrow().clone();
        let known = folders.len();
        folders.extend(wanted);
        if folders.len() == known {
            return Ok(());
        }
        if folders.len() > MAX_FOLDERS {
            let why = format!(
                "the databases of this agent's runs lie in more than {MAX_FOLDERS} folders: put some together"
            );
            return Err(Refusal::new(Cause::BadSettings, why));
        }
        let place = match timeout(patience, asks.reserve()).await {
            Ok(Ok(place)) => place,
            Ok(Err(_)) => return Err(lost("the runner's supervisor is gone")),
            Err(_) => return Err(lost("too many requests wait for the runner")),
        };
        // First known, then asked for: the next runner is told of it.
        self.folders.send_replace(folders);
        place.send(Ask::Renew);
        Ok(())
    }
}

fn file(grant: &Grant) -> Option<PathBuf> {
    match grant {
        Grant::Sqlite(sqlite) => Some(PathBuf::from(&sqlite.path)),
        Grant::Http(_) | Grant::Postgres(_) => None,
    }
}

/// The folders in which these files really lie. A file that is not there needs none.
fn folders_of(files: &[PathBuf], keep_out: &[PathBuf]) -> Result<BTreeSet<PathBuf>, Refusal> {
    let kept_out: Vec<PathBuf> = keep_out.iter().filter_map(|path| fs::canonicalize(path).ok()).collect();
    let mut folders = BTreeSet::new();
    for file in files {
        let Ok(real) = fs::canonicalize(file) else { continue };
        let folder = real.parent().unwrap_or(Path::new("/"));
        if folder.to_str().is_none() {
            // No runner could be told of it, and then there would be none at all.
            let why = format!("the folder of the database {} has a name that is no text", file.display());
            return Err(Refusal::new(Cause::BadSettings, why));
        }
        let private = kept_out.iter().find(|path| path.starts_with(folder));
        if let Some(private) = private.filter(|_| !mutated("a-database-is-not-beside-a-key")) {
            let why = format!(
                "the database {} lies in a folder that holds {}, too, which no run may reach: put it into a folder \
                 of its own",
                file.display(),
                private.display()
            );
            return Err(Refusal::new(Cause::Denied, why));
        }
        folders.insert(folder.to_path_buf());
    }
    Ok(folders)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_holds_a_key_is_reached_by_no_run_whatever_it_is_called() {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path().canonicalize().unwrap();
        let at = |name: &str| dir.join(name);
        for folder in ["agent", "shop"] {
            fs::create_dir(at(folder)).unwrap();
        }
        for file in ["agent/agent.key", "agent/own.db", "shop/shop.db"] {
            fs::write(at(file), file).unwrap();
        }
        std::os::unix::fs::symlink(at("agent/own.db"), at("shop/other.db")).unwrap();
        std::os::unix::fs::symlink(at("shop"), at("agent/link")).unwrap();
        let key = [at("agent/agent.key"), at("agent/none.secret")];
        let asked = |name: &str| folders_of(&[at(name)], &key).map_err(|refusal| refusal.cause);
        assert_eq!(asked("shop/shop.db"), Ok(BTreeSet::from([at("shop")])));
        assert_eq!(asked("agent/link/shop.db"), Ok(BTreeSet::from([at("shop")])));
        for own in ["agent/own.db", "shop/other.db", "shop/../agent/own.db"] {
            assert_eq!(asked(own), Err(Cause::Denied), "{own}");
        }
        fs::write(at("all.db"), "").unwrap();
        assert_eq!(asked("all.db"), Err(Cause::Denied), "the folder around it");
        assert_eq!(asked("shop/none.db"), Ok(BTreeSet::new()));
        let why = folders_of(&[at("agent/own.db")], &key).unwrap_err().detail;
        assert!(why.contains("agent.key") && why.contains("a folder of its own"), "{why}");
    }
}
