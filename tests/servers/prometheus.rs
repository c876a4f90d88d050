//! Prometheus for one test, with its own port and folder; it scrapes one page of the test.

use rustix::process::Signal;
use serde_json::Value;
use tidelock_sandbox::protocol::{Grant, HttpGrant};
use tidelock_tests::eventually;

use crate::child::{self, Server, free_port};
use crate::http;
use crate::page::Page;

/// A running Prometheus.
pub(crate) struct Prometheus {
    server: Server,
    port: u16,
    _folder: tempfile::TempDir,
}

impl Prometheus {
    /// Starts it, and waits until it has read the page once.
    pub(crate) fn start(page: &Page) -> Prometheus {
        let folder = tempfile::Builder::new().prefix("tidelock-prometheus-").tempdir().unwrap();
        let port = free_port();
        let config = format!(
            "global: {{ scrape_interval: 200ms, scrape_timeout: 200ms }}\nscrape_configs:\n  - job_name: shop\n    \
             static_configs: [{{ targets: [\"127.0.0.1:{}\"] }}]\n",
            page.port
        );
        std::fs::write(folder.path().join("prometheus.yml"), config).unwrap();
        let program = child::installed(&["/usr/bin/prometheus"]);
        let mut command = child::command(&program, None);
        command
            .args(["--config.file=prometheus.yml", "--storage.tsdb.path=data", "--log.level=warn"])
            .arg(format!("--web.listen-address=127.0.0.1:{port}"))
            .current_dir(folder.path());
        let server = Server::start(&mut command, folder.path().join("server.log"), Signal::TERM);
        let mut prometheus = Prometheus { server, port, _folder: folder };
        eventually("Prometheus has read the page", || {
            prometheus.server.assert_runs();
            prometheus.tells("up", &["1"])
        });
        prometheus
    }

    /// A grant to read it.
    pub(crate) fn grant(&self) -> Grant {
        reads(self.port)
    }

    /// Where it answers.
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Waits until a query gives these values.
    pub(crate) fn until(&self, query: &str, values: &[&str]) {
        eventually(&format!("{query} gives {values:?}"), || self.tells(query, values));
    }

    /// Whether a query, one that needs no escapes in a URL, gives these values now.
    fn tells(&self, query: &str, values: &[&str]) -> Result<(), String> {
        let path = format!("/api/v1/query?query={query}");
        let answer = http::ask(self.port, ("nobody", "asks"), "GET", &path, &Value::Null);
        let (_, answer) = answer.map_err(|error| error.to_string())?;
        let series = answer["data"]["result"].as_array().ok_or_else(|| answer.to_string())?;
        let told: Vec<&str> = series.iter().filter_map(|series| series["value"][1].as_str()).collect();
        if told == values { Ok(()) } else { Err(answer.to_string()) }
    }

    /// Ends it.
    pub(crate) fn stop(&mut self) {
        self.server.stop();
    }
}

/// A grant to read what that port of the loopback shows.
pub(crate) fn reads(port: u16) -> Grant {
    Grant::Http(HttpGrant {
        methods: vec!["GET".to_owned()],
        paths: vec!["/".to_owned()],
        addresses: vec!["127.0.0.1".to_owned()],
        ..HttpGrant::closed(format!("http://127.0.0.1:{port}"))
    })
}
