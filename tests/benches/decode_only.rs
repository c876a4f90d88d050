//! The peer of the collector: the same session over the same TLS, decoded, converted, acked and forgotten.

use std::path::Path;
use std::pin::Pin;

use tidelock_model::{AgentKey, Name, Side};
use tidelock_proto::v1::agent_service_server::{AgentService, AgentServiceServer};
use tidelock_proto::{Limits, batch_from_wire, v1};
use tokio::sync::mpsc;
use tokio_stream::wrappers::{ReceiverStream, TcpListenerStream};
use tokio_stream::{Empty, Stream};
use tonic::transport::{Certificate, Identity, Server, ServerTlsConfig};
use tonic::{Request, Response, Status, Streaming};
use v1::session_request::Message as Up;
use v1::session_response::Message as Down;

/// The argument that makes this program the server.
pub(crate) const ENTRY: &str = "serve-decode-only";

/// Takes sessions and keeps nothing.
struct DecodeOnly;

/// Serves with the certificates of a collector until it is killed; writes its port to a file.
pub(crate) fn serve(pki: &Path, port_file: &Path) {
    let read = |name: &str| std::fs::read_to_string(pki.join(name)).expect("a file of the collector's pki");
    let authorities: String =
        ["source", "target"].map(|side| read(&format!("agents/shop/{side}/ca.pem"))).concat();
    let tls = ServerTlsConfig::new()
        .identity(Identity::from_pem(read("server.pem"), read("server.key")))
        .client_ca_root(Certificate::from_pem(authorities));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let port = listener.local_addr().expect("an address").port();
        let service = AgentServiceServer::new(DecodeOnly).max_decoding_message_size(Limits::MESSAGE_BYTES);
        let server = Server::builder().tls_config(tls).expect("TLS").add_service(service);
        std::fs::write(port_file, port.to_string()).expect("the port can be told");
        server.serve_with_incoming(TcpListenerStream::new(listener)).await.expect("it serves");
    });
}

#[tonic::async_trait]
impl AgentService for DecodeOnly {
    type SessionStream = Pin<Box<dyn Stream<Item = Result<v1::SessionResponse, Status>> + Send>>;
    type FetchComponentStream = Empty<Result<v1::FetchComponentResponse, Status>>;

    async fn session(
        &self,
        request: Request<Streaming<v1::SessionRequest>>,
    ) -> Result<Response<Self::SessionStream>, Status> {
        let mut said = request.into_inner();
        let (out, replies) = mpsc::channel(64);
        tokio::spawn(async move {
            let agent = AgentKey { side: Side::Source, name: Name::new("bench").expect("a good name") };
            let pressure = v1::Pressure { batches_in_flight: 16, reason: String::new() };
            let mut answer = Some(Down::Pressure(pressure));
            while let Ok(Some(heard)) = said.message().await {
                if let Some(Up::Batch(wire)) = heard.message {
                    let spool_epoch = wire.spool_epoch.clone();
                    let batch = batch_from_wire(agent.clone(), wire).expect("a good batch");
                    let seq = std::hint::black_box(&batch).last_seq();
                    answer = Some(Down::Ack(v1::Ack { spool_epoch, seq }));
                }
                if let Some(message) = answer.take()
                    && out.send(Ok(v1::SessionResponse { message: Some(message) })).await.is_err()
                {
                    return;
                }
            }
        });
        Ok(Response::new(Box::pin(ReceiverStream::new(replies))))
    }

    async fn renew(&self, _: Request<v1::RenewRequest>) -> Result<Response<v1::RenewResponse>, Status> {
        Err(Status::unimplemented("nobody joins here"))
    }

    async fn fetch_component(
        &self,
        _: Request<v1::FetchComponentRequest>,
    ) -> Result<Response<Self::FetchComponentStream>, Status> {
        Err(Status::unimplemented("there are no components here"))
    }
}
