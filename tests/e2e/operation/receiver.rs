//! A real OTLP receiver: gRPC with mutual TLS, which takes gzip as well, and remembers all that it is told.

use std::sync::{Arc, Mutex};

use opentelemetry_proto::tonic::collector::logs::v1 as logs;
use opentelemetry_proto::tonic::collector::metrics::v1 as metrics;
use opentelemetry_proto::tonic::collector::trace::v1 as traces;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::Span;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::codec::CompressionEncoding::Gzip;
use tonic::metadata::MetadataMap;
use tonic::transport::{Certificate, Identity, Server, ServerTlsConfig};
use tonic::{Request, Response, Status};

/// How one message came.
#[derive(Debug)]
pub(super) struct Came {
    pub(super) signal: &'static str,
    pub(super) from: String,
    pub(super) headers: MetadataMap,
    pub(super) about: Vec<KeyValue>,
}

/// What was told, each with the service that told it.
#[derive(Debug, Clone, Default)]
pub(super) struct Heard {
    pub(super) came: Arc<Mutex<Vec<Came>>>,
    pub(super) spans: Arc<Mutex<Vec<(String, Span)>>>,
    pub(super) metrics: Arc<Mutex<Vec<(String, String)>>>,
    pub(super) logs: Arc<Mutex<Vec<(String, String)>>>,
}

/// A receiver that runs until the test's process ends.
pub(super) struct Receiver {
    pub(super) heard: Heard,
    pub(super) endpoint: String,
    _runtime: tokio::runtime::Runtime,
}

/// An attribute's text.
pub(super) fn text(attributes: &[KeyValue], key: &str) -> String {
    let found = attributes.iter().find(|attribute| attribute.key == key);
    match found.and_then(|found| found.value.as_ref()).and_then(|value| value.value.as_ref()) {
        Some(Value::StringValue(text)) => text.clone(),
        Some(other) => format!("{other:?}"),
        None => String::new(),
    }
}

impl Heard {
    /// Remembers how a message came; gives the service that told it.
    fn came(&self, signal: &'static str, headers: &MetadataMap, resource: Option<&Resource>) -> String {
        let about = resource.map(|resource| resource.attributes.clone()).unwrap_or_default();
        let from = text(&about, "service.name");
        let came = Came { signal, from: from.clone(), headers: headers.clone(), about };
        self.came.lock().expect("nobody panics").push(came);
        from
    }
}

#[tonic::async_trait]
impl traces::trace_service_server::TraceService for Heard {
    async fn export(
        &self,
        request: Request<traces::ExportTraceServiceRequest>,
    ) -> Result<Response<traces::ExportTraceServiceResponse>, Status> {
        let (headers, _, told) = request.into_parts();
        for resource in told.resource_spans {
            let from = self.came("traces", &headers, resource.resource.as_ref());
            let spans = resource.scope_spans.into_iter().flat_map(|scope| scope.spans);
            self.spans.lock().expect("nobody panics").extend(spans.map(|span| (from.clone(), span)));
        }
        Ok(Response::new(Default::default()))
    }
}

#[tonic::async_trait]
impl metrics::metrics_service_server::MetricsService for Heard {
    async fn export(
        &self,
        request: Request<metrics::ExportMetricsServiceRequest>,
    ) -> Result<Response<metrics::ExportMetricsServiceResponse>, Status> {
        let (headers, _, told) = request.into_parts();
        for resource in told.resource_metrics {
            let from = self.came("metrics", &headers, resource.resource.as_ref());
            let told = resource.scope_metrics.into_iter().flat_map(|scope| scope.metrics);
            self.metrics
                .lock()
                .expect("nobody panics")
                .extend(told.map(|metric| (from.clone(), metric.name)));
        }
        Ok(Response::new(Default::default()))
    }
}

#[tonic::async_trait]
impl logs::logs_service_server::LogsService for Heard {
    async fn export(
        &self,
        request: Request<logs::ExportLogsServiceRequest>,
    ) -> Result<Response<logs::ExportLogsServiceResponse>, Status> {
        let (headers, _, told) = request.into_parts();
        for resource in told.resource_logs {
            let from = self.came("logs", &headers, resource.resource.as_ref());
            let told = resource.scope_logs.into_iter().flat_map(|scope| scope.log_records);
            let told = told.map(|record| (from.clone(), format!("{:?}", record.body)));
            self.logs.lock().expect("nobody panics").extend(told);
        }
        Ok(Response::new(Default::default()))
    }
}

/// Starts one, and writes what its clients need into a folder: `ca.pem`, `client.pem`, `client.key`.
pub(super) fn start(folder: &std::path::Path) -> Receiver {
    let ca_key = KeyPair::generate().expect("a key");
    let mut ca = CertificateParams::new(Vec::new()).expect("parameters");
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca_pem = ca.self_signed(&ca_key).expect("a certificate").pem();
    let issuer = Issuer::new(ca, &ca_key);
    let leaf = |name: &str| {
        let key = KeyPair::generate().expect("a key");
        let params = CertificateParams::new(vec![name.to_owned()]).expect("parameters");
        (params.signed_by(&key, &issuer).expect("a certificate").pem(), key.serialize_pem())
    };
    let (server, server_key) = leaf("localhost");
    let (client, client_key) = leaf("client");
    for (name, content) in [("ca.pem", &ca_pem), ("client.pem", &client), ("client.key", &client_key)] {
        std::fs::write(folder.join(name), content).expect("it can be written");
    }
    let tls = ServerTlsConfig::new()
        .identity(Identity::from_pem(server, server_key))
        .client_ca_root(Certificate::from_pem(&ca_pem));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let runtime = runtime.expect("a runtime");
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    let heard = Heard::default();
    let server = Server::builder()
        .tls_config(tls)
        .expect("TLS")
        .add_service(
            traces::trace_service_server::TraceServiceServer::new(heard.clone()).accept_compressed(Gzip),
        )
        .add_service(
            metrics::metrics_service_server::MetricsServiceServer::new(heard.clone()).accept_compressed(Gzip),
        )
        .add_service(
            logs::logs_service_server::LogsServiceServer::new(heard.clone()).accept_compressed(Gzip),
        );
    runtime.spawn(server.serve_with_incoming(TcpListenerStream::new(listener)));
    Receiver { heard, endpoint: format!("https://localhost:{port}"), _runtime: runtime }
}
