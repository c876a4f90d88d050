//! `tidelock doctor`: is all in order before the night? It looks at what makes a good plan hold for a bad
//! reason: a clock, a certificate, a disk, a person without access, a check that never ran.

mod examine;
mod seen;
mod show;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::time::Duration;

use tokio::time::Instant;

use super::{Call, duration};
use crate::exit::{Exit, Trouble};
use crate::out::{self, Format};

/// How long it waits before it looks again.
const AGAIN: Duration = Duration::from_secs(2);

#[derive(Debug, clap::Args)]
pub(crate) struct DoctorArgs {
    /// A rehearsal must be on record for the plan as it is
    #[arg(long)]
    rehearsal: bool,
    /// Look again until nothing fails, for so long at most
    #[arg(long, value_parser = duration, value_name = "SPAN")]
    wait: Option<Duration>,
    /// The plan file that must be the one in force; plan.yaml where it is there
    #[arg(long, value_name = "FILE")]
    plan: Option<PathBuf>,
}

pub(crate) async fn run(call: &Call, args: DoctorArgs) -> Result<Exit, Trouble> {
    // Wrong arguments are told at once, and not waited with.
    let client = call.client()?;
    let began = Instant::now();
    loop {
        let seen = seen::look(call, &client, &args).await;
        let findings = examine::examine(&seen);
        let failed = findings.iter().any(|finding| finding.state == examine::State::Failure);
        let again = failed && args.wait.is_some_and(|wait| began.elapsed() + AGAIN < wait);
        if again {
            tokio::time::sleep(AGAIN).await;
            continue;
        }
        match call.manner.format {
            Format::Json | Format::Ndjson => out::print_json(call.manner.format, &show::json(&findings))?,
            Format::Short => out::raw(&show::short(&findings))?,
            Format::Nagios => {
                let (line, exit) = show::nagios(&findings);
                out::raw(&line)?;
                return Ok(exit);
            }
            Format::Text | Format::Csv | Format::Md | Format::Html => {
                out::print(&show::long(call.manner, &findings))?;
            }
        }
        return Ok(if failed { Exit::Failed } else { Exit::Done });
    }
}
