//! The components that are ready to run: linked once, instantiated anew for every run.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use tidelock_model::{Cause, Sha256};
use wasmtime::Engine;
use wasmtime::component::{HasSelf, Linker};

use crate::admission;
use crate::bindings::{Check, CheckPre};
use crate::cache::{Cache, CacheError};
use crate::compile::misfit;
use crate::host::RunState;
use crate::protocol::Refusal;

/// Components held at once. Above it the longest unused one goes.
const MAX_COMPONENTS: usize = 128;

/// A component ready to run.
pub(crate) type Ready = Arc<CheckPre<RunState>>;

/// The components that this runner has loaded.
pub(crate) struct Library {
    engine: Engine,
    linker: Linker<RunState>,
    cache: Cache,
    memory_cap: u64,
    loaded: Mutex<Shelf>,
}

#[derive(Default)]
struct Shelf {
    uses: u64,
    components: BTreeMap<Sha256, (u64, Ready)>,
}

/// Why a component is not ready.
pub(crate) enum NotReady {
    /// It has to be compiled first.
    NotCompiled,
    Refused(Refusal),
}

/// The whole world of a plugin. What is not linked here does not exist for it.
pub(crate) fn link(engine: &Engine) -> wasmtime::Result<Linker<RunState>> {
    let mut linker = Linker::new(engine);
    Check::add_to_linker::<_, HasSelf<_>>(&mut linker, |state| state)?;
    Ok(linker)
}

impl Library {
    pub(crate) fn new(engine: &Engine, cache: Cache, memory_cap: u64) -> wasmtime::Result<Library> {
        let linker = link(engine)?;
        Ok(Library { engine: engine.clone(), linker, cache, memory_cap, loaded: Mutex::default() })
    }

    /// The component, loaded from the cache if it is not loaded yet.
    pub(crate) fn get(&self, component: Sha256) -> Result<Ready, NotReady> {
        if let Some(ready) = self.shelf(|shelf| shelf.take(component)) {
            return Ok(ready);
        }
        let ready = Arc::new(self.load(component)?);
        self.shelf(|shelf| shelf.put(component, Arc::clone(&ready)));
        Ok(ready)
    }

    fn load(&self, component: Sha256) -> Result<CheckPre<RunState>, NotReady> {
        let refuse = |refusal| NotReady::Refused(refusal);
        let code = self.cache.load(&self.engine, component).map_err(|error| match &error {
            CacheError::Missing { .. } | CacheError::Forged { .. } | CacheError::Unfit { .. } => {
                NotReady::NotCompiled
            }
            CacheError::Read { source, .. } => {
                refuse(Refusal::new(Cause::UnknownPlugin, format!("{error}: {source}")))
            }
        })?;
        admission::admit(&self.engine, &code, self.memory_cap).map_err(refuse)?;
        let pre = self.linker.instantiate_pre(&code).and_then(CheckPre::new);
        pre.map_err(|error| refuse(misfit(&error)))
    }

    fn shelf<T>(&self, act: impl FnOnce(&mut Shelf) -> T) -> T {
        act(&mut self.loaded.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Shelf {
    fn take(&mut self, component: Sha256) -> Option<Ready> {
        self.uses += 1;
        let (used, ready) = self.components.get_mut(&component)?;
        *used = self.uses;
        Some(Arc::clone(ready))
    }

    fn put(&mut self, component: Sha256, ready: Ready) {
        if self.components.len() >= MAX_COMPONENTS {
            let oldest = self.components.iter().min_by_key(|(_, (used, _))| *used).map(|(key, _)| *key);
            oldest.and_then(|key| self.components.remove(&key));
        }
        self.uses += 1;
        self.components.insert(component, (self.uses, ready));
    }
}
