//! Lets the database library speak over a connection that we made.
//!
//! The library would resolve the name and make the connection itself, past the address policy. So it
//! is given an abstract Unix socket, one only this process may connect to, and what it says there goes
//! over the judged, encrypted connection.

use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;

use ring::rand::{SecureRandom as _, SystemRandom};
use tokio::io::{AsyncRead, AsyncWrite, copy_bidirectional};
use tokio::net::{UnixListener, UnixStream};
use tokio::task::AbortHandle;

use crate::cache::hex;

/// The port that is part of the socket's name.
pub(super) const PORT: u16 = 5432;

/// A socket for one connection; closing it ends the connection.
pub(super) struct Bridge {
    folder: PathBuf,
    task: AbortHandle,
}

impl Bridge {
    /// Puts a socket in front of `stream`.
    pub(super) fn open<S>(stream: S) -> io::Result<Bridge>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let mut word = [0; 16];
        SystemRandom::new()
            .fill(&mut word)
            .map_err(|_| io::Error::other("the system gives no random bytes"))?;
        let folder = format!("\0tidelock-{}", hex(&word));
        let name = format!("{folder}/.s.PGSQL.{PORT}");
        let listener = UnixListener::bind(OsStr::from_bytes(name.as_bytes()))?;
        let task = tokio::spawn(async move {
            let mut stream = stream;
            if let Ok(mut library) = accept_own(&listener).await {
                drop(listener);
                // Either end closes in its own time; what is lost shows itself at the other end.
                let _ = copy_bidirectional(&mut library, &mut stream).await;
            }
        });
        Ok(Bridge { folder: PathBuf::from(folder), task: task.abort_handle() })
    }

    /// The name that the library looks for its socket in.
    pub(super) fn folder(&self) -> &std::path::Path {
        &self.folder
    }
}

/// Takes the first connection of this very process, and no other one's.
async fn accept_own(listener: &UnixListener) -> io::Result<UnixStream> {
    let me = i32::try_from(std::process::id()).map_err(io::Error::other)?;
    loop {
        let (stream, _) = listener.accept().await?;
        if stream.peer_cred()?.pid() == Some(me) {
            return Ok(stream);
        }
    }
}

impl Drop for Bridge {
    fn drop(&mut self) {
        self.task.abort();
    }
}
