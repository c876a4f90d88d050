//! RabbitMQ with its management plugin for one test, with its own name, ports, folder and port mapper.

use std::path::Path;

use rustix::process::Signal;
use serde_json::{Value, json};
use tidelock_sandbox::protocol::{Connect, Credential, CredentialKind, Grant, HttpGrant};
use tidelock_tests::{eventually, eventually_for};

use crate::amqp::Consumer;
use crate::child::{self, Server, free_port};
use crate::http;
use crate::rig::Check;

/// The administrator that the broker begins with; it may come from the loopback alone.
const ADMIN: (&str, &str) = ("guest", "guest");
/// A cold start on a busy machine.
const START_WITHIN: std::time::Duration = std::time::Duration::from_secs(120);

/// A running broker.
pub(crate) struct Broker {
    // In this order: the broker, the mapper that it is known to, the folder of both.
    server: Server,
    _mapper: Server,
    management: u16,
    amqp: u16,
    _folder: tempfile::TempDir,
}

impl Broker {
    /// Starts a broker and waits for its API.
    pub(crate) fn start() -> Broker {
        Broker::start_with("")
    }

    /// The same, with more lines of configuration.
    pub(crate) fn start_with(more: &str) -> Broker {
        let folder = tempfile::Builder::new().prefix("tidelock-mq-").tempdir().unwrap();
        let (management, amqp, distribution, mapping) = (free_port(), free_port(), free_port(), free_port());
        // Erlang starts a port mapper that outlives the broker, unless there is one already.
        let epmd = child::installed(&["/usr/bin/epmd"]);
        let mapper = Server::start(
            child::command(&epmd, None).args(["-address", "127.0.0.1", "-port", &mapping.to_string()]),
            folder.path().join("epmd.log"),
            Signal::TERM,
        );
        eventually("the port mapper listens", || {
            std::net::TcpStream::connect(("127.0.0.1", mapping)).map(drop).map_err(|error| error.to_string())
        });
        let server = launch(folder.path(), management, amqp, distribution, mapping, more);
        let mut broker = Broker { server, _mapper: mapper, management, amqp, _folder: folder };
        eventually_for(START_WITHIN, "RabbitMQ answers", || {
            broker.server.assert_runs();
            let answer = http::ask(management, ADMIN, "GET", "/api/overview", &Value::Null);
            match answer {
                Ok((200, _)) => Ok(()),
                other => Err(format!("{other:?}")),
            }
        });
        broker
    }

    /// Ends the broker.
    pub(crate) fn stop(&mut self) {
        self.server.stop();
    }

    /// Asks the management API as the administrator.
    pub(crate) fn tell(&self, method: &str, path: &str, body: &Value) -> Value {
        let (status, answer) = http::ask(self.management, ADMIN, method, path, body).unwrap();
        assert!((200..300).contains(&status), "{method} {path}: {status} {answer}");
        answer
    }

    /// Declares a queue.
    pub(crate) fn queue(&self, name: &str, arguments: &Value) {
        self.tell(
            "PUT",
            &format!("/api/queues/%2F/{name}"),
            &json!({ "durable": true, "arguments": arguments }),
        );
    }

    /// Puts so many messages into a queue.
    pub(crate) fn publish(&self, queue: &str, messages: u32, properties: &Value) {
        for number in 0..messages {
            let body = json!({ "properties": properties, "routing_key": queue, "payload": format!("order {number}"),
                "payload_encoding": "string" });
            let answer = self.tell("POST", "/api/exchanges/%2F/amq.default/publish", &body);
            assert_eq!(answer["routed"], true, "{queue} did not take a message");
        }
    }

    /// Consumes a queue.
    pub(crate) fn consume(&self, queue: &str, prefetch: u16) -> Consumer {
        Consumer::start(self.amqp, ADMIN, queue, prefetch)
    }

    /// A grant to read the management API with the credential `login`.
    fn grant(&self) -> Grant {
        Grant::Http(HttpGrant {
            url: format!("http://127.0.0.1:{}", self.management),
            methods: vec!["GET".to_owned()],
            paths: vec!["/api/".to_owned()],
            ca: None,
            tls_name: None,
            credential: Some(Credential { kind: CredentialKind::Basic, secret: "login".to_owned() }),
            connect: Connect::New,
            rate: None,
            concurrency: None,
            addresses: vec!["127.0.0.1".to_owned()],
        })
    }

    /// The check `queue-drain` on this broker; `target` is filled in.
    pub(crate) async fn queue_drain(&self, mut settings: Value, login: &str) -> Check {
        settings["target"] = "t".into();
        let mut check = Check::new("queue-drain", settings).await;
        check.grant(self.grant());
        check.secrets = vec![("login".to_owned(), login.to_owned())];
        check
    }
}

fn launch(folder: &Path, management: u16, amqp: u16, distribution: u16, mapping: u16, more: &str) -> Server {
    let program = child::installed(&["/usr/lib/rabbitmq/bin/rabbitmq-server"]);
    let at = |name: &str| folder.join(name);
    // Statistics every second instead of every five, and as often on their way to the management's tables; a full
    // disk is not what is looked at.
    let sampled = ["global", "basic", "detailed"];
    let sampled =
        sampled.map(|of| format!("management.sample_retention_policies.{of}.minute = 1\n")).concat();
    let config = format!(
        "listeners.tcp.local = 127.0.0.1:{amqp}\nmanagement.tcp.ip = 127.0.0.1\nmanagement.tcp.port = {management}\n\
         collect_statistics_interval = 1000\n{sampled}disk_free_limit.absolute = 1MB\nlog.file.level = warning\n{more}"
    );
    std::fs::write(at("rabbitmq.conf"), config).unwrap();
    std::fs::write(at("enabled_plugins"), "[rabbitmq_management].\n").unwrap();
    std::fs::write(at("env.conf"), "").unwrap();
    let mut command = child::command(&program, None);
    command
        .env("HOME", folder)
        .env("RABBITMQ_CONF_ENV_FILE", at("env.conf"))
        .env("RABBITMQ_NODENAME", format!("tidelock{management}@localhost"))
        .env("RABBITMQ_CONFIG_FILE", at("rabbitmq.conf"))
        .env("RABBITMQ_ENABLED_PLUGINS_FILE", at("enabled_plugins"))
        .env("RABBITMQ_MNESIA_BASE", at("data"))
        .env("RABBITMQ_LOG_BASE", at("log"))
        .env("RABBITMQ_PID_FILE", at("pid"))
        .env("RABBITMQ_GENERATED_CONFIG_DIR", at("generated"))
        .env("RABBITMQ_FEATURE_FLAGS_FILE", at("feature_flags"))
        .env("RABBITMQ_DIST_PORT", distribution.to_string())
        .env("ERL_EPMD_PORT", mapping.to_string())
        .env("ERL_EPMD_ADDRESS", "127.0.0.1")
        // Its threads sleep when there is nothing to do, instead of turning while they wait for it.
        .env("RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS", "+sbwt none +sbwtdcpu none +sbwtdio none")
        // Replaces the shell by Erlang itself, so that it is what the signals reach.
        .env("RUNNING_UNDER_SYSTEMD", "true")
        .current_dir(folder);
    Server::start(&mut command, folder.join("server.log"), Signal::TERM)
}
