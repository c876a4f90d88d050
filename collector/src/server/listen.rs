//! The gRPC servers behind both TLS listeners, with their bounds.

use std::time::Duration;

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;
use tonic::transport::Server;

use super::certificates::Live;
use crate::ingest::{AgentDoor, AgentFace};
use crate::net::{Acceptor, Agents};

/// Streams of one agent's connection: its session, and a few components.
const AGENT_STREAMS: u32 = 16;
/// Streams of one connection to the API.
const API_STREAMS: u32 = 256;
/// Bytes of a stream that are taken in before anybody reads them.
const WINDOW_BYTES: u32 = 1 << 20;
/// Bytes of a request's head.
const HEAD_BYTES: u32 = 16 * 1024;

fn server(streams: u32, alive_every: Duration) -> Server {
    Server::builder()
        .max_concurrent_streams(streams)
        .initial_stream_window_size(WINDOW_BYTES)
        .initial_connection_window_size(WINDOW_BYTES * 4)
        .http2_max_header_list_size(HEAD_BYTES)
        .http2_keepalive_interval(Some(alive_every))
        .http2_keepalive_timeout(Some(alive_every))
}

/// Serves agents until `stop`. A connection that is half dead is noticed within ten seconds, so that
/// its agent may come back.
pub(super) async fn agents(
    acceptor: Acceptor,
    listener: TcpListener,
    door: AgentDoor,
    stop: CancellationToken,
) -> Result<(), tonic::transport::Error> {
    let connections = acceptor.run(listener, stop.clone());
    server(AGENT_STREAMS, Duration::from_secs(5))
        .add_service(AgentFace::new(door))
        .serve_with_incoming_shutdown(connections, async move { stop.cancelled().await })
        .await
}

/// Serves people and pipelines until `stop`.
pub(super) async fn api(
    acceptor: Acceptor,
    listener: TcpListener,
    routes: Routes,
    stop: CancellationToken,
) -> Result<(), tonic::transport::Error> {
    let connections = acceptor.run(listener, stop.clone());
    server(API_STREAMS, Duration::from_secs(20))
        .accept_http1(true)
        .add_routes(routes)
        .serve_with_incoming_shutdown(connections, async move { stop.cancelled().await })
        .await
}

/// An acceptor with settings that can be replaced while it runs.
pub(super) fn acceptor(tls: Live, agents: Option<Agents>, connections: usize) -> Acceptor {
    Acceptor { tls, agents, connections }
}
