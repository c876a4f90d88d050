//! Moves the engine's epoch every ten milliseconds while a guest runs, and sleeps while none does.
//!
//! The epoch is what takes the processor back from a guest. A thread of its own does it, because a
//! runtime whose threads are all inside guests could not.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use wasmtime::Engine;

/// The time between two epochs.
pub(crate) const TICK: Duration = Duration::from_millis(10);

struct Shared {
    /// Guests that run; `None` when the ticker is to end.
    guests: Mutex<Option<usize>>,
    changed: Condvar,
}

/// The thread's handle; dropping it ends the thread.
pub(crate) struct Ticker(Arc<Shared>);

/// Keeps the ticker awake while it lives.
pub(crate) struct Awake(Arc<Shared>);

impl Ticker {
    /// Starts the thread.
    pub(crate) fn start(engine: &Engine) -> std::io::Result<Ticker> {
        let shared = Arc::new(Shared { guests: Mutex::new(Some(0)), changed: Condvar::new() });
        let (engine, inner) = (engine.weak(), Arc::clone(&shared));
        thread::Builder::new().name("epochs".to_owned()).spawn(move || {
            while inner.wait_for_guests() {
                thread::sleep(TICK);
                match engine.upgrade() {
                    Some(engine) => engine.increment_epoch(),
                    None => return,
                }
            }
        })?;
        Ok(Ticker(shared))
    }

    /// Counts one guest in.
    pub(crate) fn awake(&self) -> Awake {
        let mut guests = self.0.guests.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(guests) = guests.as_mut() {
            *guests += 1;
            if *guests == 1 {
                self.0.changed.notify_one();
            }
        }
        Awake(Arc::clone(&self.0))
    }
}

impl Shared {
    /// Sleeps until there is a guest; false when the ticker is to end.
    fn wait_for_guests(&self) -> bool {
        let guests = self.guests.lock().unwrap_or_else(PoisonError::into_inner);
        let guests = self.changed.wait_while(guests, |guests| *guests == Some(0));
        guests.unwrap_or_else(PoisonError::into_inner).is_some()
    }
}

impl Drop for Awake {
    fn drop(&mut self) {
        let mut guests = self.0.guests.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(guests) = guests.as_mut() {
            *guests = guests.saturating_sub(1);
        }
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        *self.0.guests.lock().unwrap_or_else(PoisonError::into_inner) = None;
        self.0.changed.notify_one();
    }
}
