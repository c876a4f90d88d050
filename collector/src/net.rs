//! Accepts TLS connections for both listeners.
//!
//! Our own loop instead of the server's: the settings of a connection are taken when it comes, so a
//! renewed certificate needs no restart; handshakes are bounded in number and in time; no address and no
//! agent takes all places, and nobody keeps one in silence, or after it was revoked; and who the peer is
//! travels with the connection, read from what was verified and never from a message.

mod agents;
mod quiet;
mod share;

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use arc_swap::ArcSwap;
use rustls::ServerConfig;
use tidelock_model::mutated;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tonic::transport::server::Connected;

use self::agents::Place;
use self::quiet::Quiet;
use self::share::{Share, Shares};
use crate::pki::{AgentId, identity_of};
use crate::seldom::Seldom;

pub use self::agents::Agents;

/// A peer that needs longer for its handshake is let go.
const HANDSHAKE: Duration = Duration::from_secs(5);
/// Connections that are through their handshake and wait for the server.
const READY: usize = 64;
/// A pause after the system refused a connection, such as for want of file handles.
const REFUSED_PAUSE: Duration = Duration::from_millis(50);

/// How many bytes a message may have that may have so many.
pub(crate) fn message_bound(bytes: usize) -> usize {
    if mutated("a-message-has-a-bound") { usize::MAX } else { bytes }
}

/// Who is at the other end.
#[derive(Debug, Clone)]
pub struct Peer {
    /// The agent of the verified client certificate; none on a listener without client certificates.
    pub agent: Option<AgentId>,
    /// Its address.
    pub address: SocketAddr,
}

/// A TLS connection that counts against its listener's limit as long as it lives.
#[derive(Debug)]
pub struct Connection {
    stream: TlsStream<TcpStream>,
    peer: Peer,
    quiet: Quiet,
    _slot: OwnedSemaphorePermit,
    /// Of its address, unless it is one of our agents': for ever, on a listener without client certificates.
    _share: Option<Share>,
    /// Of its agent, on a listener with them.
    place: Option<Place>,
}

impl Connection {
    /// Why it is closed now, whatever is on its way.
    fn over(&mut self, cx: &mut Context<'_>) -> Option<io::Error> {
        let over = self.place.as_mut().is_some_and(|place| place.poll_over(cx).is_ready());
        let why = "its agent may not speak any more, or has connected anew";
        over.then(|| io::Error::new(io::ErrorKind::ConnectionAborted, why))
    }
}

impl Connected for Connection {
    type ConnectInfo = Peer;

    fn connect_info(&self) -> Peer {
        self.peer.clone()
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if let Some(why) = self.over(cx) {
            return Poll::Ready(Err(why));
        }
        let before = buf.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buf);
        match &read {
            Poll::Ready(_) => self.quiet.heard(buf.filled().len() - before),
            Poll::Pending => {
                if self.quiet.poll_over(cx).is_ready() {
                    return Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "nothing was heard")));
                }
            }
        }
        read
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        // Also where the peer takes nothing: then nobody comes to read.
        if let Some(why) = self.over(cx) {
            return Poll::Ready(Err(why));
        }
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if let Some(why) = self.over(cx) {
            return Poll::Ready(Err(why));
        }
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// What a listener is made of.
#[derive(Clone)]
pub struct Acceptor {
    /// Taken anew for each connection.
    pub tls: Arc<ArcSwap<ServerConfig>>,
    /// Those that it is for, where client certificates are asked for.
    pub agents: Option<Agents>,
    /// Connections at once.
    pub connections: usize,
}

impl Acceptor {
    /// Accepts until `stop`, and hands connections over once their handshake is done.
    pub fn run(
        self,
        listener: TcpListener,
        stop: CancellationToken,
    ) -> ReceiverStream<io::Result<Connection>> {
        let (ready, connections) = mpsc::channel(READY);
        if let Some(agents) = self.agents.clone() {
            tokio::spawn(agents.watch(stop.clone()));
        }
        tokio::spawn(async move {
            let slots = Arc::new(Semaphore::new(self.connections));
            let shares = Shares::of(self.connections);
            let seldom = Seldom::default();
            loop {
                let accepted = tokio::select! {
                    () = stop.cancelled() => return,
                    accepted = listener.accept() => accepted,
                };
                let (tcp, address) = match accepted {
                    Ok(accepted) => accepted,
                    Err(error) => {
                        tracing::warn!(%error, "the system gave no connection");
                        tokio::time::sleep(REFUSED_PAUSE).await;
                        continue;
                    }
                };
                let (Ok(slot), Some(share)) = (slots.clone().try_acquire_owned(), shares.take(address.ip()))
                else {
                    if seldom.may_tell("too many connections") {
                        let limit = self.connections;
                        tracing::warn!(%address, limit, "too many connections, in all or from this address; this one is refused");
                    }
                    continue;
                };
                let (this, ready, seldom) = (self.clone(), ready.clone(), seldom.clone());
                tokio::spawn(async move {
                    match this.handshake(tcp, address, slot, share).await {
                        // A closed channel means that the server is gone: so is the connection.
                        Ok(connection) => drop(ready.send(Ok(connection)).await),
                        Err(error) => tell(&seldom, address, &error),
                    }
                });
            }
        });
        ReceiverStream::new(connections)
    }

    async fn handshake(
        &self,
        tcp: TcpStream,
        address: SocketAddr,
        slot: OwnedSemaphorePermit,
        share: Share,
    ) -> io::Result<Connection> {
        tcp.set_nodelay(true)?;
        let acceptor = TlsAcceptor::from(self.tls.load_full());
        let limit = if mutated("a-handshake-has-a-limit") { 100 * HANDSHAKE } else { HANDSHAKE };
        let stream = tokio::time::timeout(limit, acceptor.accept(tcp))
            .await
            .map_err(|_| io::Error::new(io::ErrorKind::TimedOut, "the handshake took too long"))??;
        let (agent, place, share) = match &self.agents {
            None => (None, None, Some(share)),
            Some(agents) => {
                let certificates = stream.get_ref().1.peer_certificates().unwrap_or_default();
                let leaf = certificates.first().map(|leaf| leaf.as_ref()).unwrap_or_default();
                let who = identity_of(leaf, agents.domain()).map_err(io::Error::other)?;
                let place = agents.enter(&who, address);
                // One of ours is counted by its name from here on: many of them may come from one address.
                let ours = agents.may_stay((&who.migration, &who.agent), who.ends);
                (Some(who), Some(place), (!ours).then_some(share))
            }
        };
        let peer = Peer { agent, address };
        Ok(Connection { stream, peer, quiet: Quiet::new(), _slot: slot, _share: share, place })
    }
}

/// Whoever spoke and was refused is named, so that an agent that cannot connect is no riddle. A
/// connection that said nothing is a probe of the port, and no news.
fn tell(seldom: &Seldom, address: SocketAddr, error: &io::Error) {
    if error.kind() == io::ErrorKind::UnexpectedEof || !seldom.may_tell(&error.to_string()) {
        tracing::debug!(%address, %error, "handshake failed");
    } else {
        tracing::info!(%address, %error, "the handshake failed; the connection is refused");
    }
}
