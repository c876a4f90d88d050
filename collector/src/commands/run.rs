//! `run`: the collector as a service.

use std::process::ExitCode;

use anyhow::Context as _;
use tokio::signal::unix::{SignalKind, signal};

use super::RunArgs;
use crate::config::Config;
use crate::{private_file, server, telemetry};

pub(super) fn run(args: &RunArgs) -> anyhow::Result<ExitCode> {
    let config = Config::read(&args.config)?;
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().context("start the runtime")?;
    runtime.block_on(serve(config, args))
}

async fn serve(config: Config, args: &RunArgs) -> anyhow::Result<ExitCode> {
    let _telemetry = telemetry::start()?;
    let mut terminate = signal(SignalKind::terminate()).context("listen for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("listen for SIGINT")?;
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
        stop.cancel();
    });
    running.wait().await?;
    Ok(ExitCode::SUCCESS)
}
