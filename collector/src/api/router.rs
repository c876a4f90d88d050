//! Puts both faces on one port, behind one sign-in.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::DefaultBodyLimit;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use axum::{Router, middleware};
use tidelock_proto::v1::access_service_server::AccessServiceServer;
use tidelock_proto::v1::component_service_server::ComponentServiceServer;
use tidelock_proto::v1::enrol_service_server::EnrolServiceServer;
use tidelock_proto::v1::gate_service_server::GateServiceServer;
use tidelock_proto::v1::migration_service_server::MigrationServiceServer;
use tidelock_proto::v1::order_service_server::OrderServiceServer;
use tidelock_proto::v1::plan_service_server::PlanServiceServer;
use tidelock_proto::v1::report_service_server::ReportServiceServer;
use tidelock_proto::v1::run_service_server::RunServiceServer;
use tidelock_proto::{DESCRIPTORS, Limits};
use tonic::body::Body;
use tonic::codegen::Service;
use tonic::codegen::http::Request;
use tonic::server::NamedService;
use tonic::service::Routes;
use tonic_health::pb::health_server::{Health, HealthServer};
use tonic_reflection::pb::v1::server_reflection_server::SERVICE_NAME as REFLECTION;
use tonic_reflection::server::{Builder, Error};

use super::access::Accesses;
use super::component::ComponentFace;
use super::enrol::Enrolment;
use super::gate::Gates;
use super::migration::Migrations;
use super::order::Orders;
use super::plan::Plans;
use super::report::Reports;
use super::run::Runs;
use super::{Api, auth, flagger, http};
use crate::net::message_bound;

/// The largest body of a hook.
const HOOK_BYTES: usize = 64 * 1024;

/// What the port serves, and the names of it that reflection lists: the protocol has a service more, which agents alone
/// are served, at a port of their own.
#[derive(Default)]
struct Served {
    routes: Routes,
    names: Vec<&'static str>,
}

impl Served {
    fn with<S>(mut self, service: S) -> Served
    where
        S: Service<Request<Body>, Error = Infallible> + NamedService + Clone + Send + Sync + 'static,
        S::Response: IntoResponse,
        S::Future: Send + 'static,
    {
        self.names.push(S::NAME);
        Served { routes: self.routes.add_service(service), names: self.names }
    }

    /// The same with the service that describes them.
    fn described(self) -> Result<Routes, Error> {
        let described = Builder::configure()
            .register_encoded_file_descriptor_set(DESCRIPTORS)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET);
        let names = self.names.into_iter().chain([REFLECTION]);
        let reflection = names.fold(described, |described, name| described.with_service_name(name));
        Ok(self.routes.add_service(reflection.build_v1()?))
    }
}

/// Both faces.
///
/// # Errors
/// When the descriptors of the protocol cannot be read.
pub fn routes<H: Health>(api: &Arc<Api>, health: HealthServer<H>) -> Result<Routes, Error> {
    let (limit, small) = (message_bound(Limits::MESSAGE_BYTES), message_bound(64 * 1024));
    let grpc = Served::default()
        .with(health)
        .with(GateServiceServer::new(Gates(api.clone())).max_decoding_message_size(limit))
        .with(MigrationServiceServer::new(Migrations(api.clone())).max_decoding_message_size(limit))
        .with(OrderServiceServer::new(Orders(api.clone())).max_decoding_message_size(limit))
        .with(ReportServiceServer::new(Reports(api.clone())).max_decoding_message_size(small))
        .with(RunServiceServer::new(Runs(api.clone())).max_decoding_message_size(limit))
        .with(AccessServiceServer::new(Accesses(api.clone())).max_decoding_message_size(limit))
        .with(PlanServiceServer::new(Plans(api.clone())).max_decoding_message_size(limit))
        .with(ComponentServiceServer::new(ComponentFace::new(api)).max_decoding_message_size(limit))
        .with(EnrolServiceServer::new(Enrolment(api.clone())).max_decoding_message_size(small))
        .described()?;
    let plain = Router::new()
        .route("/v1/migrations/{migration}/gates/{gate}", get(http::get_gate))
        .route("/v1/migrations/{migration}/gates/{gate}/open", get(http::get_open))
        .route("/v1/gates/{gate}", get(http::get_bound_gate))
        .with_state(api.clone());
    // Signed in by the token in their body: the one face beside the layer below.
    let hooks = Router::new()
        .route("/v1/migrations/{migration}/hooks/flagger/gates/{gate}", post(flagger::confirm))
        .route("/v1/migrations/{migration}/hooks/flagger/rollback", post(flagger::rollback))
        .layer(DefaultBodyLimit::max(HOOK_BYTES))
        .with_state(api.clone());
    let sign_in = middleware::from_fn_with_state(api.clone(), auth::sign_in);
    Ok(Routes::from(grpc.prepare().into_axum_router().merge(plain).layer(sign_in).merge(hooks)))
}
