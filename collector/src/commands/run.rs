//! `run`: the collector as a service.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;
use tidelock_ops::{Telemetry, service};
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::RunArgs;
use crate::config::Config;
use crate::server::{Reload, Running};
use crate::{private_file, server, telemetry};

pub(super) fn run(args: &RunArgs) -> anyhow::Result<ExitCode> {
    let config = Config::read(&args.config)?;
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().context("start the runtime")?;
    runtime.block_on(serve(config, args))
}

async fn serve(config: Config, args: &RunArgs) -> anyhow::Result<ExitCode> {
    let telemetry = telemetry::start(&config)?;
    let mut terminate = signal(SignalKind::terminate()).context("listen for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("listen for SIGINT")?;
    let hangup = signal(SignalKind::hangup()).context("listen for SIGHUP")?;
    let running = server::start(config).await?;
    let addresses = running.addresses();
    tracing::info!(agents = %addresses.agents, api = %addresses.api, ops = %addresses.ops, "listening");
    if let Some(path) = &args.port_file {
        let text = serde_json::to_string_pretty(&addresses).context("write the port file")?;
        private_file::replace(path, text.as_bytes()).with_context(|| format!("write {}", path.display()))?;
    }
    let stop = running.stop_token();
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("stopping");
        service::stopping();
        stop.cancel();
    });
    let (ops, reload, life) = (running.ops(), running.reload(), running.life());
    let beside = async {
        if let Some(ops) = ops.await {
            telemetry.export(&ops);
        }
        // People get an answer from now on, and while the journal is replayed it is "not now".
        service::ready("listening");
        tokio::join!(life.watched(), hang_up(hangup, &args.config, &telemetry, &reload));
    };
    let outcome = until_it_ends(running, beside).await;
    // It waits for the last spans to be sent, which the runtime does.
    let _ = tokio::task::spawn_blocking(move || drop(telemetry)).await;
    outcome?;
    Ok(ExitCode::SUCCESS)
}

async fn until_it_ends(running: Running, beside: impl Future<Output = ()>) -> anyhow::Result<()> {
    tokio::select! {
        ended = running.wait() => ended,
        () = beside => anyhow::bail!("listening for SIGHUP ended by itself"),
    }
}

/// Reads the configuration anew at each SIGHUP.
async fn hang_up(mut hangup: Signal, path: &Path, telemetry: &Telemetry, reload: &Reload) {
    while hangup.recv().await.is_some() {
        service::reloading();
        match Config::read(path) {
            Ok(config) => {
                if let Err(error) = telemetry.set_level(&config.log_level) {
                    tracing::error!(error = format!("{error:#}"), "log.level stays as it was");
                }
                let reload = reload.clone();
                let told = tokio::task::spawn_blocking(move || reload.take(&config)).await;
                for problem in told.unwrap_or_else(|error| vec![error.to_string()]) {
                    tracing::warn!("{problem}");
                }
                tracing::info!("the configuration was read anew");
            }
            // It names the file and the key; everything stays as it was.
            Err(error) => tracing::error!(%error, "the configuration was not read anew"),
        }
        service::ready("listening");
    }
}
