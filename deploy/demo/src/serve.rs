//! One listener, its background tasks and their end: the frame that every process of the demo shares.

use std::future::Future;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// How long open connections may take to finish after the stop.
const DRAIN: Duration = Duration::from_secs(2);

/// Where to listen, and which file is told the address.
#[derive(Clone, Debug)]
pub struct Listen {
    /// A loopback address; port 0 takes a free one.
    pub address: SocketAddr,
    /// Written, in one rename, once connections are accepted.
    pub port_file: Option<PathBuf>,
}

impl Listen {
    /// A free port on loopback, told to nobody.
    pub fn free() -> Listen {
        Listen { address: SocketAddr::from(([127, 0, 0, 1], 0)), port_file: None }
    }
}

/// A process of the demo, or the same thing inside a test.
#[derive(Debug)]
pub struct Running {
    address: SocketAddr,
    stop: watch::Sender<bool>,
    server: JoinHandle<anyhow::Result<()>>,
    background: Vec<JoinHandle<()>>,
}

impl Running {
    /// Binds, serves `router` and owns the `background` tasks until it is stopped or dropped.
    pub(crate) async fn start(
        listen: &Listen,
        router: Router,
        background: Vec<JoinHandle<()>>,
    ) -> anyhow::Result<Running> {
        let listener = TcpListener::bind(listen.address)
            .await
            .with_context(|| format!("listen on {}: is the port taken?", listen.address))?;
        let address = listener.local_addr()?;
        let (stop, stopped) = watch::channel(false);
        let server = tokio::spawn(serve(listener, router, stopped));
        if let Some(file) = &listen.port_file {
            tell(file, address)?;
        }
        Ok(Running { address, stop, server, background })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The origin that it serves.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Stops accepting, lets open answers finish for two seconds, ends the background tasks.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        self.stop.send_replace(true);
        (&mut self.server).await.context("the server task panicked")?
    }

    /// Serves until `told` resolves, then stops.
    pub async fn until(mut self, told: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
        tokio::select! {
            told = told => told?,
            ended = &mut self.server => return ended.context("the server task panicked")?,
        }
        self.stop().await
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.server.abort();
        for task in &self.background {
            task.abort();
        }
    }
}

async fn serve(
    listener: TcpListener,
    router: Router,
    mut stopped: watch::Receiver<bool>,
) -> anyhow::Result<()> {
    let mut drained = stopped.clone();
    let server = axum::serve(listener, router).with_graceful_shutdown(async move {
        // A closed channel means that the owner is gone: stop as well.
        let _ = stopped.wait_for(|stop| *stop).await;
    });
    tokio::select! {
        served = server => Ok(served?),
        () = async {
            let _ = drained.wait_for(|stop| *stop).await;
            tokio::time::sleep(DRAIN).await;
        } => Ok(()),
    }
}

fn tell(file: &Path, address: SocketAddr) -> anyhow::Result<()> {
    let draft = file.with_extension("draft");
    std::fs::write(&draft, address.to_string())
        .and_then(|()| std::fs::rename(&draft, file))
        .with_context(|| format!("write the address to {}", file.display()))
}

/// Whether a call carries the world's token.
pub(crate) fn allowed(headers: &http::HeaderMap, token: &str) -> bool {
    headers.get(crate::TOKEN_HEADER).is_some_and(|sent| sent.as_bytes() == token.as_bytes())
}
