//! A wire between an agent and the collector that a test can cut.

use std::io;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

/// A wire on a loopback port of its own; it ends with the test's process.
#[derive(Debug)]
pub struct Relay {
    /// Where it listens.
    pub address: SocketAddr,
    cut: Arc<AtomicBool>,
    open: Arc<Mutex<Vec<TcpStream>>>,
}

impl Relay {
    /// A wire to this address.
    ///
    /// # Panics
    /// When no port is free.
    pub fn to(far: SocketAddr) -> Relay {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a loopback port is free");
        let address = listener.local_addr().expect("a listener has an address");
        let relay = Relay { address, cut: Arc::default(), open: Arc::default() };
        let (cut, open) = (Arc::clone(&relay.cut), Arc::clone(&relay.open));
        thread::spawn(move || {
            for near in listener.incoming().flatten() {
                if !cut.load(Ordering::SeqCst) {
                    // A connection that cannot be carried is dropped, as on any wire.
                    let _ = carry(near, far, &open);
                }
            }
        });
        relay
    }

    /// Ends every connection and takes no more, until it is mended.
    ///
    /// # Panics
    /// When a thread of the relay has panicked.
    pub fn cut(&self) {
        self.cut.store(true, Ordering::SeqCst);
        for stream in self.open.lock().expect("no thread panics while it holds the streams").drain(..) {
            // It may be over already.
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    /// Takes connections again.
    pub fn mend(&self) {
        self.cut.store(false, Ordering::SeqCst);
    }
}

/// Carries both directions of a connection until one side ends it.
fn carry(near: TcpStream, far: SocketAddr, open: &Mutex<Vec<TcpStream>>) -> io::Result<()> {
    let far = TcpStream::connect(far)?;
    for (from, to) in [(&near, &far), (&far, &near)] {
        let (mut from, mut to) = (from.try_clone()?, to.try_clone()?);
        thread::spawn(move || {
            // Either end may go at any time; then so does the other.
            let _ = io::copy(&mut from, &mut to);
            let _ = to.shutdown(Shutdown::Both);
        });
    }
    open.lock().expect("no thread panics while it holds the streams").extend([near, far]);
    Ok(())
}
