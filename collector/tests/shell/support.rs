//! A collector in a folder of its own, and people that call it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::Parser as _;
use tidelock_collector::commands::{self, Cli};
use tidelock_collector::config::Config;
use tidelock_collector::journal::{Disk, RealDisk};
use tidelock_collector::server::{self, Running};
use tidelock_proto::v1;
use tonic::metadata::MetadataValue;
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint};
use tonic::{Request, Status};

pub(crate) const MIGRATION: &str = "shop-moves";

/// A component for a test that never runs one.
pub(crate) const COMPONENT: &[u8] = b"\0asm\x0d\0\x01\0 a component that nobody runs here";

/// Another one, with this in it.
pub(crate) fn component(content: &[u8]) -> Vec<u8> {
    [&b"\0asm\x0d\0\x01\0"[..], content].concat()
}

pub(crate) const PLAN: &str = r#"
tidelock: plan/v1
name: shop-moves
rehearsal_scale: true
environments:
  source: { agents: { at_least: 1, at_most: 3 }, targets: { shop: "https://shop.example" } }
  target: { agents: { at_least: 1, at_most: 3 }, targets: { shop: "https://new.shop.example" } }
people: { olga: Olga Petrova, ben: Ben Okafor }
decisions:
  cutover:  { who: [olga], approvals: 1 }
  rollback: { who: [olga, ben], approvals: 1 }
  commit:   { who: [olga, ben], approvals: 1 }
scenarios:
  login:
    if_broken: Customers cannot log in
    level: critical
    plugin: builtin:login
    run_on: both
    every: 1s
    timeout: 1s
    fresh_for: 6s
    with: { target: shop, user: probe }
    claims: { passes: { in_a_row: 2 } }
gates:
  ready:     { needs: [login], stable_for: 2s }
  cutover:   { decision: cutover, valid_for: 10m }
  watch:     { needs: [login] }
  committed: { needs: [login], stable_for: 2s, decision: commit }
rollback: { window: 6h }
"#;

/// A collector that runs in this process.
pub(crate) struct Collector {
    pub(crate) dir: tempfile::TempDir,
    pub(crate) running: Option<Running>,
    pub(crate) ca_pem: String,
    pub(crate) operator: String,
}

/// A caller's token, put into every request.
#[derive(Clone)]
pub(crate) struct Bearer(pub(crate) String);

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if !self.0.is_empty() {
            let value: MetadataValue<_> = format!("Bearer {}", self.0).parse().unwrap();
            request.metadata_mut().insert("authorization", value);
        }
        Ok(request)
    }
}

pub(crate) type Signed = InterceptedService<Channel, Bearer>;

impl Collector {
    /// A new one, without a plan.
    pub(crate) async fn start() -> Collector {
        let dir = tempfile::tempdir().unwrap();
        let any = "127.0.0.1:0";
        let init = Cli::parse_from(
            [
                "tidelock-collector",
                "init",
                "--agents-listen",
                any,
                "--api-listen",
                any,
                "--host",
                "localhost",
                "--dir",
            ]
            .map(std::ffi::OsString::from)
            .into_iter()
            .chain([dir.path().as_os_str().to_owned()]),
        );
        commands::main(init);
        let read = |name: &str| std::fs::read_to_string(dir.path().join(name)).unwrap();
        let (ca_pem, operator) = (read("ca.pem"), read("operator.token").trim().to_owned());
        let mut collector = Collector { dir, running: None, ca_pem, operator };
        collector.again().await;
        collector
    }

    /// Starts it on what is there.
    pub(crate) async fn again(&mut self) {
        self.again_on(Arc::new(RealDisk)).await;
    }

    /// The same with its journal on this disk.
    pub(crate) async fn again_on(&mut self, disk: Arc<dyn Disk>) {
        let config = Config::read(&self.dir.path().join("collector.toml")).unwrap();
        self.running = Some(server::start_on(config, disk).await.unwrap());
        let operator = self.operator.clone();
        until("the journal is replayed", || async {
            let answer = self.migrations(&operator).await.list_migrations(v1::ListMigrationsRequest {}).await;
            answer.ok().map(drop)
        })
        .await;
    }

    pub(crate) async fn stop(&mut self) {
        self.running.take().unwrap().stop().await.unwrap();
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        Path::new(self.dir.path()).join(name)
    }

    pub(crate) fn api_port(&self) -> u16 {
        self.running.as_ref().unwrap().addresses().api.port()
    }

    pub(crate) fn agents_port(&self) -> u16 {
        self.running.as_ref().unwrap().addresses().agents.port()
    }

    pub(crate) fn tls(&self) -> ClientTlsConfig {
        ClientTlsConfig::new().domain_name("localhost").ca_certificate(Certificate::from_pem(&self.ca_pem))
    }

    pub(crate) async fn channel(&self) -> Channel {
        let endpoint = Endpoint::from_shared(format!("https://localhost:{}", self.api_port())).unwrap();
        let endpoint = endpoint.tls_config(self.tls()).unwrap();
        // The name is for the certificate; the address is this machine's own.
        endpoint.connect().await.unwrap()
    }

    pub(crate) async fn migrations(
        &self,
        token: &str,
    ) -> v1::migration_service_client::MigrationServiceClient<Signed> {
        let bearer = Bearer(token.to_owned());
        v1::migration_service_client::MigrationServiceClient::with_interceptor(self.channel().await, bearer)
    }

    pub(crate) async fn gates(&self, token: &str) -> v1::gate_service_client::GateServiceClient<Signed> {
        let bearer = Bearer(token.to_owned());
        v1::gate_service_client::GateServiceClient::with_interceptor(self.channel().await, bearer)
    }

    pub(crate) async fn orders(&self, token: &str) -> v1::order_service_client::OrderServiceClient<Signed> {
        let bearer = Bearer(token.to_owned());
        v1::order_service_client::OrderServiceClient::with_interceptor(self.channel().await, bearer)
    }

    pub(crate) async fn accesses(
        &self,
        token: &str,
    ) -> v1::access_service_client::AccessServiceClient<Signed> {
        let bearer = Bearer(token.to_owned());
        v1::access_service_client::AccessServiceClient::with_interceptor(self.channel().await, bearer)
    }

    pub(crate) async fn plans(&self, token: &str) -> v1::plan_service_client::PlanServiceClient<Signed> {
        let bearer = Bearer(token.to_owned());
        v1::plan_service_client::PlanServiceClient::with_interceptor(self.channel().await, bearer)
    }

    pub(crate) async fn components(
        &self,
        token: &str,
    ) -> v1::component_service_client::ComponentServiceClient<Signed> {
        let bearer = Bearer(token.to_owned());
        v1::component_service_client::ComponentServiceClient::with_interceptor(self.channel().await, bearer)
    }

    /// Pushes the component and applies the plan.
    pub(crate) async fn apply(&self, yaml: &str) -> Result<v1::ApplyPlanResponse, Status> {
        let mut components = self.components(&self.operator).await;
        let sha256 = tidelock_collector::secret::sha256(COMPONENT).as_bytes().to_vec();
        let push = v1::PushComponentRequest {
            sha256: sha256.clone(),
            chunk: COMPONENT.to_vec(),
            ..Default::default()
        };
        components.push_component(tokio_stream::iter([push])).await?;
        self.apply_with(yaml, sha256).await
    }

    /// Applies the plan with a component that was pushed before.
    pub(crate) async fn apply_with(
        &self,
        yaml: &str,
        sha256: Vec<u8>,
    ) -> Result<v1::ApplyPlanResponse, Status> {
        let source = v1::PlanSource {
            yaml: yaml.to_owned(),
            components: [("builtin:login".to_owned(), sha256)].into(),
            ..v1::PlanSource::default()
        };
        let request = v1::ApplyPlanRequest {
            source: Some(source),
            reason: "a test".to_owned(),
            ..v1::ApplyPlanRequest::default()
        };
        Ok(self.plans(&self.operator).await.apply_plan(request).await?.into_inner())
    }

    /// A token for somebody.
    pub(crate) async fn issue(&self, subject: &str, role: &str, migration: &str) -> String {
        self.issue_for(subject, role, (migration, "")).await
    }

    /// A token for somebody, for one gate of one migration.
    pub(crate) async fn issue_for(
        &self,
        subject: &str,
        role: &str,
        (migration, gate): (&str, &str),
    ) -> String {
        let request = v1::IssueAccessRequest {
            subject: subject.to_owned(),
            role: role.to_owned(),
            migration: migration.to_owned(),
            ttl_duration: None,
            gate: gate.to_owned(),
        };
        self.accesses(&self.operator).await.issue_access(request).await.unwrap().into_inner().token
    }

    pub(crate) async fn status(&self) -> v1::Status {
        let request = v1::GetStatusRequest { migration: MIGRATION.to_owned() };
        let answer = self.migrations(&self.operator).await.get_status(request).await;
        answer.unwrap().into_inner().status.unwrap()
    }

    pub(crate) async fn gate(&self, token: &str, gate: &str) -> v1::Gate {
        let request = v1::GetGateRequest { migration: MIGRATION.to_owned(), gate: gate.to_owned() };
        self.gates(token).await.get_gate(request).await.unwrap().into_inner().gate.unwrap()
    }
}

/// Asks again until there is an answer, for at most half a minute.
pub(crate) async fn until<T, F: Future<Output = Option<T>>>(what: &str, mut ask: impl FnMut() -> F) -> T {
    let limit = tokio::time::Instant::now() + Duration::from_secs(60);
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(tokio::time::Instant::now() < limit, "waited too long until {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// The plan with a second check, which claims no proof.
pub(crate) fn with_front(plan: &str) -> String {
    let front = r#"
  front:
    if_broken: Customers see nothing
    level: important
    plugin: builtin:login
    run_on: both
    every: 1s
    timeout: 1s
    fresh_for: 6s
    with: { target: shop, user: probe }
    claims: { passes: { in_a_row: 2 } }
gates:"#;
    plan.replace("\ngates:", front)
}
