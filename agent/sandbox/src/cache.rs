//! Compiled code on disk, believed only when this agent made it.
//!
//! Compiled code is native code: whoever can write a file that is loaded here owns the process. So
//! the agent writes an authenticated hash in front of it, under a key that only the agent's user can
//! read, and a runner checks the very bytes that it then loads. A file is named by the component and
//! by the engine's version and settings; one that does not fit is made again.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use ring::hmac;
use ring::rand::{SecureRandom as _, SystemRandom};
use tidelock_model::Sha256;
use wasmtime::Engine;
use wasmtime::component::Component;

use crate::engine;

mod prune;
mod turn;

const MAGIC: &[u8; 16] = b"tidelock-cwasm-1";
const TAG_BYTES: usize = 32;
const KEY_BYTES: usize = 32;
const KEY_FILE: &str = "key";
/// The largest compiled file that is read.
const MAX_FILE_BYTES: u64 = 512 << 20;

/// The folder of compiled code, with its key.
pub(crate) struct Cache {
    dir: PathBuf,
    key: hmac::Key,
    secret: Vec<u8>,
}

/// Why nothing was loaded.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CacheError {
    #[error("no compiled code of {component} for this engine")]
    Missing { component: Sha256 },
    #[error("compiled code {} is not of this agent's making", path.display())]
    Forged { path: PathBuf },
    #[error("compiled code {}: {reason}", path.display())]
    Unfit { path: PathBuf, reason: String },
    #[error("read {}", path.display())]
    Read { path: PathBuf, source: io::Error },
}

impl Cache {
    /// Opens the folder, or makes it with a new key. Anybody else's right to write in it is an error.
    pub(crate) fn open(dir: &Path) -> io::Result<Cache> {
        if !dir.exists() {
            DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
        }
        let facts = fs::metadata(dir)?;
        let me = rustix::process::geteuid().as_raw();
        if !facts.is_dir() || facts.uid() != me || facts.permissions().mode() & 0o077 != 0 {
            let text = format!(
                "{} must be a folder that the agent's user owns and nobody else may enter (chmod 700)",
                dir.display()
            );
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, text));
        }
        let secret = read_or_make_key(&dir.join(KEY_FILE))?;
        Ok(Cache::with_key(dir, secret))
    }

    /// The folder as a runner sees it, with the key that the agent told it.
    pub(crate) fn with_key(dir: &Path, secret: Vec<u8>) -> Cache {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &secret);
        Cache { dir: dir.to_owned(), key, secret }
    }

    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    /// The key, for the runner.
    pub(crate) fn secret(&self) -> &[u8] {
        &self.secret
    }

    fn path(&self, component: Sha256, fingerprint: &str) -> PathBuf {
        self.dir.join(format!("{component}-{}.cwasm", fingerprint.get(..16).unwrap_or(fingerprint)))
    }

    /// A name for compiled code that is not yet believed.
    fn scratch(&self, component: Sha256) -> PathBuf {
        self.dir.join(format!("{component}.{}.tmp", random_word()))
    }

    /// The same as an empty file, for a child that may write this file and make none.
    pub(crate) fn make_scratch(&self, component: Sha256) -> io::Result<PathBuf> {
        let path = self.scratch(component);
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
        Ok(path)
    }

    /// Takes what a compile child made for an engine of this fingerprint: signed, synced, renamed.
    pub(crate) fn adopt(&self, component: Sha256, fingerprint: &str, made: &Path) -> io::Result<()> {
        let code = read_all(made)?;
        let mut head = Vec::with_capacity(MAGIC.len() + TAG_BYTES);
        head.extend_from_slice(MAGIC);
        head.extend_from_slice(self.tag(component, fingerprint, &code).as_ref());
        let place = self.path(component, fingerprint);
        let temporary = self.scratch(component);
        let write = || -> io::Result<()> {
            let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&temporary)?;
            file.write_all(&head)?;
            file.write_all(&code)?;
            file.sync_all()?;
            fs::rename(&temporary, &place)?;
            prune::prune(&self.dir);
            File::open(&self.dir)?.sync_all()
        };
        let written = write();
        if written.is_err() {
            // What is left of a failed attempt is of no use to anybody.
            let _ = fs::remove_file(&temporary);
        }
        written
    }

    /// Loads a component's code into `engine`, if this agent made it for such an engine.
    pub(crate) fn load(&self, engine: &Engine, component: Sha256) -> Result<Component, CacheError> {
        let fingerprint = hex(&engine::fingerprint(engine));
        let path = self.path(component, &fingerprint);
        let bytes = match read_all(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(CacheError::Missing { component });
            }
            Err(source) => return Err(CacheError::Read { path, source }),
        };
        let (magic, rest) = bytes.split_at_checked(MAGIC.len()).unwrap_or_default();
        let (tag, code) = rest.split_at_checked(TAG_BYTES).unwrap_or_default();
        let signed = self.context(component, &fingerprint, code);
        if magic != MAGIC || hmac::verify(&self.key, &signed, tag).is_err() {
            return Err(CacheError::Forged { path });
        }
        deserialize(engine, code).map_err(|error| CacheError::Unfit { path, reason: format!("{error:#}") })
    }

    fn tag(&self, component: Sha256, fingerprint: &str, code: &[u8]) -> hmac::Tag {
        hmac::sign(&self.key, &self.context(component, fingerprint, code))
    }

    /// What the tag vouches for: this code, of this component, for these settings.
    fn context(&self, component: Sha256, fingerprint: &str, code: &[u8]) -> Vec<u8> {
        let mut context = MAGIC.to_vec();
        context.extend_from_slice(component.as_bytes());
        context.extend_from_slice(fingerprint.as_bytes());
        context.push(0);
        context.extend_from_slice(code);
        context
    }
}

/// Turns verified bytes into a component.
#[expect(unsafe_code, reason = "wasmtime cannot check native code; the hash before it does")]
fn deserialize(engine: &Engine, code: &[u8]) -> wasmtime::Result<Component> {
    // SAFETY: `code` was written by a compile child of this agent from a component whose digest it
    // checked, and the keyed hash over exactly these bytes, which lie in memory and cannot change any
    // more, has just been verified with a key that only the agent's user can read.
    unsafe { Component::deserialize(engine, code) }
}

fn read_all(path: &Path) -> io::Result<Vec<u8>> {
    let file = File::open(path)?;
    let length = file.metadata()?.len();
    if length > MAX_FILE_BYTES {
        let text = format!("{} has {length} bytes, at most {MAX_FILE_BYTES} are read", path.display());
        return Err(io::Error::new(io::ErrorKind::InvalidData, text));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or(0));
    file.take(MAX_FILE_BYTES).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn read_or_make_key(path: &Path) -> io::Result<Vec<u8>> {
    match read_all(path) {
        Ok(key) if key.len() == KEY_BYTES => return Ok(key),
        // A key of another size is no key: what it vouched for is compiled again.
        Ok(_) => fs::remove_file(path)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let mut key = vec![0; KEY_BYTES];
    SystemRandom::new().fill(&mut key).map_err(|_| io::Error::other("the system gives no random bytes"))?;
    let temporary = path.with_extension(random_word());
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&temporary)?;
    file.write_all(&key)?;
    file.sync_all()?;
    // Where two agents share the folder the first key stays.
    match fs::hard_link(&temporary, path) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => key = read_all(path)?,
        Err(error) => return Err(error),
    }
    fs::remove_file(&temporary)?;
    Ok(key)
}

fn random_word() -> String {
    let mut bytes = [0; 8];
    match SystemRandom::new().fill(&mut bytes) {
        Ok(()) => hex(&bytes),
        // `create_new` refuses a name that is taken, so a poor name costs a retry at most.
        Err(_) => std::process::id().to_string(),
    }
}

/// Lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{EngineSettings, on_demand};

    /// An empty component.
    const EMPTY: &[u8] = b"\0asm\x0d\0\x01\0";

    fn made(dir: &Path, engine: &Engine) -> (Cache, Sha256, PathBuf) {
        let cache = Cache::open(dir).unwrap();
        let component = Sha256::from_bytes([7; 32]);
        let scratch = cache.scratch(component);
        fs::write(&scratch, engine.precompile_component(EMPTY).unwrap()).unwrap();
        let fingerprint = hex(&engine::fingerprint(engine));
        cache.adopt(component, &fingerprint, &scratch).unwrap();
        let path = cache.path(component, &fingerprint);
        (cache, component, path)
    }

    #[test]
    fn code_of_this_agents_making_is_loaded_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path().join("cache");
        let engine = on_demand(&EngineSettings::default()).unwrap();
        let (cache, component, path) = made(&dir, &engine);
        assert!(cache.load(&engine, component).is_ok());
        assert!(Cache::open(&dir).unwrap().load(&engine, component).is_ok(), "the key is kept");

        let other = Sha256::from_bytes([8; 32]);
        assert!(matches!(cache.load(&engine, other), Err(CacheError::Missing { .. })));
        fs::copy(&path, cache.path(other, &hex(&engine::fingerprint(&engine)))).unwrap();
        assert!(matches!(cache.load(&engine, other), Err(CacheError::Forged { .. })));

        let mut bytes = fs::read(&path).unwrap();
        for at in [0, MAGIC.len(), MAGIC.len() + TAG_BYTES, bytes.len() - 1] {
            bytes[at] ^= 1;
            fs::write(&path, &bytes).unwrap();
            assert!(matches!(cache.load(&engine, component), Err(CacheError::Forged { .. })), "byte {at}");
            bytes[at] ^= 1;
        }
        fs::write(&path, b"short").unwrap();
        assert!(matches!(cache.load(&engine, component), Err(CacheError::Forged { .. })));
        assert!(matches!(
            Cache::with_key(&dir, vec![1; 32]).load(&engine, component),
            Err(CacheError::Forged { .. })
        ));
    }

    #[test]
    fn a_folder_that_others_may_enter_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o750)).unwrap();
        assert!(Cache::open(dir.path()).is_err());
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o700)).unwrap();
        let cache = Cache::open(dir.path()).unwrap();
        let key = fs::metadata(cache.dir().join(KEY_FILE)).unwrap();
        assert_eq!(key.permissions().mode() & 0o777, 0o600);
    }
}
