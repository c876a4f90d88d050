//! When a process of the demo ends.
//!
//! A shop that outlives the demo keeps its port and confuses the next run, so each child also watches
//! its standard input: the parent holds the other end and says nothing, and when it is gone, however
//! it went, the pipe closes.

use std::io::{ErrorKind, Read as _};

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;

/// Resolves on SIGTERM or SIGINT, and, `with_parent`, when standard input ends.
pub async fn until_told(with_parent: bool) -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let (gone, parent_gone) = oneshot::channel::<()>();
    // Held when nobody watches the input: a dropped sender would count as a parent that is gone.
    let held = if with_parent {
        std::thread::spawn(move || {
            let mut sink = [0_u8; 64];
            let mut input = std::io::stdin().lock();
            loop {
                match input.read(&mut sink) {
                    Ok(0) => break,
                    Ok(_) => {}
                    Err(error) if error.kind() == ErrorKind::Interrupted => {}
                    Err(_) => break,
                }
            }
            drop(gone);
        });
        None
    } else {
        Some(gone)
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
        _ = parent_gone => {}
    }
    drop(held);
    Ok(())
}
