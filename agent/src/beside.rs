//! What goes on beside the agent's work as a service: the ops listener, the word to systemd, SIGHUP.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use tidelock_ops::service::Pulse;
use tidelock_ops::{Ops, Telemetry, listener, service};
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

use crate::config::Config;
use crate::trust::Keys;

/// Goes on until it is dropped.
///
/// # Errors
/// When nothing can listen where the configuration says.
pub(crate) async fn beside(
    config: &Path,
    listen: Option<SocketAddr>,
    telemetry: &Telemetry,
    (ops, keys, pulse): (Arc<dyn Ops>, watch::Sender<Keys>, Pulse),
) -> Result<()> {
    let hangup = signal(SignalKind::hangup()).context("listen for SIGHUP")?;
    telemetry.export(&ops);
    let signs = ops.signs().clone();
    let served = async {
        let Some(address) = listen else { return std::future::pending().await };
        let listener =
            TcpListener::bind(address).await.with_context(|| format!("ops: listen on {address}"))?;
        tracing::info!(ops = %listener.local_addr()?, "listening");
        listener::serve(listener, ops, std::future::pending()).await.context("ops")
    };
    service::ready("runs checks");
    tokio::select! {
        ended = served => ended,
        () = hang_up(hangup, config, telemetry, keys) => bail!("listening for SIGHUP ended by itself"),
        () = service::watchdog(&signs, || pulse.felt()) => Ok(()),
    }
}

/// Reads the log's level and what is said of plugins anew at each SIGHUP. Secrets are read for every run, key and certificate for every
/// session; what else has changed needs a restart, and that is told.
async fn hang_up(mut hangup: Signal, path: &Path, telemetry: &Telemetry, keys: watch::Sender<Keys>) {
    while hangup.recv().await.is_some() {
        service::reloading();
        let read = Config::read(path).map_err(anyhow::Error::from);
        let read = read.and_then(|config| telemetry.set_level(&config.log_level).map(|()| config));
        match read {
            Ok(config) => {
                let news = keys.send_if_modified(|before| {
                    let news = *before != config.plugins;
                    *before = config.plugins;
                    news
                });
                let told = "log.level and [plugins] were read anew; for any other key restart the agent";
                tracing::info!(plugins_changed = news, "{told}");
            }
            // It names the file and the key; everything stays as it was.
            Err(error) => {
                tracing::error!(error = format!("{error:#}"), "the configuration was not read anew")
            }
        }
        service::ready("runs checks");
    }
}
