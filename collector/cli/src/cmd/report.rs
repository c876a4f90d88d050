//! `tidelock report`: what stays after the night, as a page to file or as data.

mod content;
mod page;
mod part;

use std::path::PathBuf;

use tidelock_proto::{json, v1};

use super::Call;
use crate::client::trouble;
use crate::exit::{Exit, Trouble};
use crate::files::{Place, write_whole};
use crate::out::{self, Format};

#[derive(Debug, clap::Args)]
pub(crate) struct ReportArgs {
    /// Where to write it; standard output without it
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Only what was decided and walked from this moment on, such as 2026-11-22T01:00 on the plan's clocks
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// Only what was decided and walked until this moment
    #[arg(long, value_name = "TIME")]
    to: Option<String>,
}

pub(crate) async fn run(call: &Call, args: ReportArgs) -> Result<Exit, Trouble> {
    let client = call.client()?;
    let request = v1::GetReportRequest { migration: client.migration().await? };
    let answer = client.reports().get_report(request).await.map_err(trouble)?.into_inner();
    let mut report =
        answer.report.ok_or_else(|| Trouble::new(Exit::Unknown, "the collector gave no report"))?;
    let part = part::Part::read(args.from.as_deref(), args.to.as_deref(), &report.timezone)?;
    part.cut(&mut report);
    let mut text = match call.manner.format {
        Format::Json => format!("{:#}", json::report(&report)),
        Format::Ndjson => json::report(&report).to_string(),
        Format::Html => page::html(&report.migration, &content::blocks(&report, part.said())),
        Format::Text | Format::Md | Format::Short | Format::Nagios | Format::Csv => {
            page::markdown(&content::blocks(&report, part.said()))
        }
    };
    if !text.ends_with('\n') {
        text.push('\n');
    }
    match args.out {
        Some(file) => {
            write_whole(&file, text.as_bytes(), Place::Over)?;
            out::say(&format!("tidelock: the report is in {}", file.display()));
        }
        None => out::print(&text)?,
    }
    Ok(Exit::Done)
}
