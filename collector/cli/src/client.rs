//! The connection to a collector: TLS, the bearer token, deadlines, and errors in the CLI's words.

use std::error::Error;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tidelock_model::{fit, mutated};
use tidelock_proto::v1;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Certificate, ClientTlsConfig, Endpoint};
use tonic::{Code, Request, Status};
use tonic_types::StatusExt as _;

use crate::context::{ACCESS, Connection};
use crate::exit::{Exit, Trouble, While as _};
use crate::heads::Memory;
use crate::told::Told;

/// How long one ask may take, where nobody says another time.
const DEADLINE: Duration = Duration::from_secs(10);
/// The same for a connection to come up.
const CONNECT: Duration = Duration::from_secs(5);
/// How often a silent stream is asked whether it is still there, and how long it may take to say so.
const KEEP_ALIVE: Duration = Duration::from_secs(20);
const ALIVE: Duration = Duration::from_secs(10);

/// A channel that carries the caller's token.
pub(crate) type Service = InterceptedService<Told, Bearer>;

/// Puts the token into each ask.
#[derive(Clone)]
pub(crate) struct Bearer(Option<MetadataValue<Ascii>>);

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if let Some(token) = &self.0 {
            request.metadata_mut().insert("authorization", token.clone());
        }
        Ok(request)
    }
}

/// Where the collector is. A port that is none would be left out in silence, and another server asked.
fn address(server: &str) -> Result<Endpoint, Trouble> {
    let bad = |why: &str| Trouble::usage(format!("{server:?} is not a collector's URL: {why}"));
    let endpoint = Endpoint::from_shared(server.to_owned()).map_err(|error| bad(&error.to_string()))?;
    let uri = endpoint.uri();
    let host_ends =
        uri.authority().map_or("", |authority| authority.as_str().rsplit(']').next().unwrap_or(""));
    if host_ends.contains(':') && uri.port_u16().is_none_or(|port| port == 0) {
        return Err(bad("its port is no number from 1 to 65535"));
    }
    if !server.starts_with("https://") {
        return Err(Trouble::usage(format!("{server:?} is not https: a token is never sent in the clear")));
    }
    Ok(endpoint)
}

/// Whether this can be a collector's address at all.
pub(crate) fn is_address(server: &str) -> Result<(), Trouble> {
    address(server).map(drop)
}

/// The authority of a file. Without a certificate every collector would seem to be of another one.
fn authority(file: &Path) -> Result<Certificate, Trouble> {
    let pem = fs::read(file).while_doing(format_args!("read {}", file.display()))?;
    let begin = b"-----BEGIN CERTIFICATE-----";
    if !pem.windows(begin.len()).any(|bytes| bytes == begin) {
        return Err(Trouble::usage(format!("{} holds no certificate", file.display()))
            .hint("--ca-file takes the ca.pem that lies beside the collector's collector.toml"));
    }
    Ok(Certificate::from_pem(pem))
}

/// A connected client.
#[derive(Clone)]
pub(crate) struct Client {
    service: Service,
    migration: Option<String>,
    /// What was seen of the decisions last; none for a test's own server.
    pub(crate) memory: Option<Arc<Memory>>,
}

impl Client {
    /// Prepares a connection; it comes up with the first ask.
    pub(crate) fn new(connection: &Connection) -> Result<Client, Trouble> {
        let mut endpoint = address(&connection.server)?
            .connect_timeout(connection.call_timeout.unwrap_or(CONNECT))
            .timeout(connection.call_timeout.unwrap_or(DEADLINE))
            .http2_keep_alive_interval(KEEP_ALIVE)
            .keep_alive_timeout(ALIVE);
        // Without it whoever takes a connection and says nothing is waited for without an end.
        let mut tls = ClientTlsConfig::new().timeout(connection.call_timeout.unwrap_or(CONNECT));
        let mut what = "set up TLS".to_owned();
        if let Some(file) = &connection.ca_file {
            tls = tls.ca_certificate(authority(file)?);
            what = format!("set up TLS with {}", file.display());
        }
        endpoint = endpoint.tls_config(tls).while_doing(what)?;
        let token = match &connection.token {
            Some(token) => {
                let value = format!("Bearer {token}").parse();
                Some(value.map_err(|_| {
                    Trouble::new(Exit::Auth, "the access token has characters that no token has")
                })?)
            }
            None => None,
        };
        let channel = Told::new(endpoint.connect_lazy(), connection.whom.clone());
        let service = InterceptedService::new(channel, Bearer(token));
        let memory = Some(Arc::new(Memory::of(connection)?));
        Ok(Client { service, migration: connection.migration.clone(), memory })
    }

    /// A client of a test's own server, without TLS and without a token.
    #[cfg(test)]
    pub(crate) fn of_test(channel: tonic::transport::Channel, migration: &str) -> Client {
        let service = InterceptedService::new(Told::new(channel, None), Bearer(None));
        Client { service, migration: Some(migration.to_owned()), memory: None }
    }

    pub(crate) fn gates(&self) -> v1::gate_service_client::GateServiceClient<Service> {
        v1::gate_service_client::GateServiceClient::new(self.service.clone())
    }

    pub(crate) fn migrations(&self) -> v1::migration_service_client::MigrationServiceClient<Service> {
        v1::migration_service_client::MigrationServiceClient::new(self.service.clone())
    }

    pub(crate) fn orders(&self) -> v1::order_service_client::OrderServiceClient<Service> {
        v1::order_service_client::OrderServiceClient::new(self.service.clone())
    }

    pub(crate) fn runs(&self) -> v1::run_service_client::RunServiceClient<Service> {
        v1::run_service_client::RunServiceClient::new(self.service.clone())
    }

    pub(crate) fn reports(&self) -> v1::report_service_client::ReportServiceClient<Service> {
        v1::report_service_client::ReportServiceClient::new(self.service.clone())
    }

    pub(crate) fn access(&self) -> v1::access_service_client::AccessServiceClient<Service> {
        v1::access_service_client::AccessServiceClient::new(self.service.clone())
    }

    pub(crate) fn plans(&self) -> v1::plan_service_client::PlanServiceClient<Service> {
        v1::plan_service_client::PlanServiceClient::new(self.service.clone())
    }

    pub(crate) fn components(&self) -> v1::component_service_client::ComponentServiceClient<Service> {
        v1::component_service_client::ComponentServiceClient::new(self.service.clone())
    }

    /// The migration that is meant: the named one, or the only one that is visible.
    pub(crate) async fn migration(&self) -> Result<String, Trouble> {
        let none = || {
            Trouble::usage("the collector has no migration yet")
                .hint("apply a plan: tidelock plan apply plan.yaml")
        };
        match self.migration_if_any().await? {
            Some(name) => Ok(name),
            None => Err(self.lost_all().await.unwrap_or_else(none)),
        }
    }

    /// The same, and none where the collector has no migration at all. Not reaching it, or not
    /// knowing which of several is meant, is trouble and never none. So is a journal that is older than what
    /// was seen of it.
    pub(crate) async fn migration_if_any(&self) -> Result<Option<String>, Trouble> {
        let name = self.meant().await?;
        if let Some(name) = &name {
            self.same_course(name).await?;
        }
        Ok(name)
    }

    /// The migration that is meant, whatever journal the collector has.
    pub(crate) async fn meant(&self) -> Result<Option<String>, Trouble> {
        if let Some(name) = &self.migration {
            return Ok(Some(name.clone()));
        }
        let answer =
            self.migrations().list_migrations(v1::ListMigrationsRequest {}).await.map_err(trouble)?;
        let mut names: Vec<String> =
            answer.into_inner().migrations.into_iter().map(|m| m.migration).collect();
        match (names.len(), names.pop()) {
            (1, Some(name)) => Ok(Some(name)),
            (0, _) | (_, None) => Ok(None),
            (_, Some(last)) => Err(Trouble::usage("more than one migration is visible: say which with -m")
                .hint(format!("migrations: {}, {last}", names.join(", ")))),
        }
    }
}

/// Turns a refusal of the collector into the CLI's words and exit code.
pub(crate) fn trouble(status: Status) -> Trouble {
    let exit = match status.code() {
        _ if passes(&status) => Exit::Unreachable,
        Code::Unauthenticated | Code::PermissionDenied => Exit::Auth,
        Code::Unavailable | Code::DeadlineExceeded | Code::Cancelled => Exit::Unreachable,
        Code::InvalidArgument | Code::NotFound | Code::OutOfRange => Exit::Usage,
        Code::FailedPrecondition | Code::Aborted | Code::AlreadyExists => Exit::Hold,
        Code::Ok
        | Code::Unknown
        | Code::ResourceExhausted
        | Code::Unimplemented
        | Code::Internal
        | Code::DataLoss => Exit::Failed,
    };
    let message = match exit {
        Exit::Unreachable => format!("the collector does not answer: {}", reason(&status)),
        Exit::Done | Exit::Failed | Exit::Usage | Exit::Hold | Exit::Auth => clean(status.message()),
        Exit::Rollback | Exit::Unknown | Exit::Pending => clean(status.message()),
        Exit::Interrupted | Exit::Terminated => clean(status.message()),
    };
    let mut trouble = Trouble::new(exit, message);
    let details = status.get_error_details();
    trouble.code = details.error_info().map(|info| clean(&info.reason)).filter(|code| !code.is_empty());
    trouble.place = place(&details);
    if let Some(failure) = details.precondition_failure() {
        for violation in failure.violations.iter().take(20) {
            // What holds without a check, such as time or people, has no subject.
            let subject =
                if violation.subject.is_empty() { String::new() } else { format!("{}: ", violation.subject) };
            trouble = trouble.hint(clean(&format!("{subject}{}", violation.description)));
        }
    }
    if let Some(what) = ran_out(&status) {
        trouble = trouble
            .hint(format!("{what}; see that this is the collector's API port, and that it is not at a halt"))
            .hint("where the way to it is slow, give an answer more time: --call-timeout 1m");
    }
    if let Some(hint) = certificate(&trouble.message) {
        trouble = trouble.hint(hint);
    }
    if exit == Exit::Auth {
        trouble = trouble.hint(ACCESS);
    }
    trouble
}

/// The collector may only be away: it did not answer, or the connection broke, even in the middle of an answer. What
/// it says itself has no error of the transport beneath it.
pub(crate) fn passes(status: &Status) -> bool {
    matches!(status.code(), Code::Unavailable | Code::DeadlineExceeded | Code::Cancelled)
        || std::error::Error::source(status).is_some()
}

/// The field of the ask that is wrong, or the first check that holds.
fn place(details: &tonic_types::ErrorDetails) -> Option<String> {
    let field = details.bad_request().and_then(|bad| bad.field_violations.first()).map(|it| &it.field);
    let holds = details.precondition_failure().and_then(|failure| failure.violations.first());
    field.or(holds.map(|hold| &hold.subject)).map(|place| clean(place)).filter(|place| !place.is_empty())
}

/// What to do where somebody answers, and not as the collector that is meant.
fn certificate(message: &str) -> Option<&'static str> {
    if !message.contains("invalid peer certificate") {
        return None;
    }
    Some(match message.contains("not valid for name") {
        true => {
            "it answers under other names: call it by one of them, or name this one at its making with --host"
        }
        false => {
            "its certificate is of another authority: give the collector's ca.pem with --ca-file, or its context's"
        }
    })
}

/// What ran out of time: the connection, its TLS, or the answer. None where something else is wrong.
fn ran_out(status: &Status) -> Option<&'static str> {
    let answer = "somebody takes the call there and does not answer it";
    let mut source: Option<&(dyn Error + 'static)> = Some(status);
    while let Some(error) = source {
        if error.is::<tonic::TimeoutExpired>() {
            return Some(answer);
        }
        // The transport keeps the type of this one to itself.
        if error.to_string().starts_with("TLS handshake timeout") {
            return Some("somebody takes the connection there and says nothing");
        }
        if error.downcast_ref::<std::io::Error>().is_some_and(|it| it.kind() == std::io::ErrorKind::TimedOut)
        {
            return Some("nobody takes the connection there");
        }
        source = error.source();
    }
    // Said by the collector, or by what stands before it.
    (status.code() == Code::DeadlineExceeded).then_some(answer)
}

/// The innermost reason, which is the one that says something.
fn reason(status: &Status) -> String {
    let mut text = clean(status.message());
    let mut source = status.source();
    while let Some(error) = source {
        text = clean(&error.to_string());
        source = error.source();
    }
    text.trim_end_matches('.').to_owned()
}

/// Text from a peer, without anything that moves a terminal's cursor, turns a line around or hides.
pub(crate) fn clean(text: &str) -> String {
    let text = if mutated("the-command-line-cleans") { text.to_owned() } else { fit(text) };
    text.replace('\t', " ")
}

#[cfg(test)]
mod tests {
    use tonic_types::ErrorDetails;

    use super::*;

    #[test]
    fn another_authority_and_another_name_are_told_apart() {
        let of = |text: &str| trouble(Status::unavailable(text)).hints;
        let other = of("invalid peer certificate: UnknownIssuer");
        assert!(other.len() == 1 && other[0].contains("--ca-file"), "{other:?}");
        let name = of(
            "invalid peer certificate: certificate not valid for name \"x\"; certificate is only valid for DnsName(\"y\")",
        );
        assert!(name.len() == 1 && name[0].contains("--host"), "{name:?}");
        assert!(of("connection refused").is_empty());
        for late in
            [Status::deadline_exceeded("later"), Status::from_error(Box::new(tonic::TimeoutExpired(())))]
        {
            let slow = trouble(late);
            assert_eq!(slow.exit, Exit::Unreachable, "{slow}");
            assert!(slow.hints.len() == 2 && slow.hints[1].contains("--call-timeout"), "{slow}");
        }
    }

    #[test]
    fn a_connection_that_breaks_in_the_middle_of_an_answer_is_a_collector_that_is_away() {
        let broken = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
        let broken = trouble(Status::from_error(Box::new(broken)));
        assert_eq!(broken.exit, Exit::Unreachable, "{broken}");
        for said in [Status::internal("h2 protocol error"), Status::unknown("transport error")] {
            assert_eq!(trouble(said).exit, Exit::Failed, "the collector said that itself");
        }
    }

    #[test]
    fn a_refusal_names_what_holds_and_is_never_good() {
        let mut details = ErrorDetails::new();
        details.add_precondition_failure_violation("HOLD", "login", "refuted\u{1b}[1m");
        details.add_precondition_failure_violation("HOLD", "", "waiting for 2 s");
        let refused = trouble(Status::with_error_details(Code::FailedPrecondition, "held", details));
        assert_eq!(refused.exit, Exit::Hold);
        assert_eq!(refused.hints, ["login: refuted\u{fffd}[1m", "waiting for 2 s"]);
        assert_eq!((refused.place.as_deref(), refused.code), (Some("login"), None));
        let mut details = ErrorDetails::new();
        details.set_error_info("INVALID", "tidelock.dev", std::collections::HashMap::new());
        details.add_bad_request_violation("reason", "is empty");
        let refused = trouble(Status::with_error_details(Code::InvalidArgument, "reason: is empty", details));
        assert_eq!((refused.place.as_deref(), refused.code.as_deref()), (Some("reason"), Some("INVALID")));
        for code in (0..=16).map(Code::from_i32) {
            assert_ne!(trouble(Status::new(code, "no")).exit, Exit::Done, "{code:?}");
        }
    }
}
