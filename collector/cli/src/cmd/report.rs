//! `tidelock report`: what stays after the night, as a page to file or as data.

mod content;
mod page;
mod part;
mod print;
mod seal;
mod trust;
mod verify;

use std::path::PathBuf;

use tidelock_proto::signed_report::Signed;
use tidelock_proto::v1;

use super::Call;
use crate::client::{Client, trouble};
use crate::exit::{Exit, Trouble};
use crate::files::{Place, write_whole};
use crate::out;

/// What stands below the help.
pub(crate) const EXAMPLES: &str = "\
Examples:
  tidelock report -o md --out report.md
  tidelock report --from 2026-11-22T01:00 -o json --out report.json
  tidelock report --verify report.md
  tidelock report --verify report.md --key heads.json
  tidelock report --verify altered.md --out signed.md

--verify ends with 0 where the file is what was signed, 1 where it is not or another key signed
it, 2 where it cannot be read, 6 where nobody here knows the key or another release printed it.";

#[derive(Debug, clap::Args)]
pub(crate) struct ReportArgs {
    /// Where to write it; standard output without it. With --verify: print what was signed anew
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Only what was decided and walked from this moment on, such as 2026-11-22T01:00 on the plan's clocks
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// Only what was decided and walked until this moment
    #[arg(long, value_name = "TIME")]
    to: Option<String>,
    /// Say whether this file is a report as the collector signed it, word by word; asks nobody
    #[arg(long, value_name = "FILE", conflicts_with_all = ["from", "to"])]
    verify: Option<PathBuf>,
    /// The key that must have signed it: ed25519:BASE64, a file of that, or a copy of the collector's pki/heads.json;
    /// without it the one that is remembered here of the collector
    #[arg(long, value_name = "KEY", requires = "verify")]
    key: Option<String>,
}

pub(crate) async fn run(call: &Call, args: ReportArgs) -> Result<Exit, Trouble> {
    if let Some(file) = &args.verify {
        return verify::run(call, file, args.key.as_deref(), args.out.as_deref());
    }
    let client = call.client()?;
    let migration = client.migration().await?;
    let edition = print::edition(call.manner.format, args.from.as_deref(), args.to.as_deref());
    let request = v1::GetReportRequest { migration: migration.clone(), edition: Some(edition.clone()) };
    let answer = client.reports().get_report(request).await.map_err(trouble)?.into_inner();
    let text = match (answer.signed, answer.report) {
        (Some(wire), _) => print::signed(&believed(&client, &migration, &edition, wire)?)?,
        (None, Some(report)) => {
            out::say("tidelock: the collector is of an earlier release: the report is not signed");
            print::unsigned(v1::Report { edition: Some(edition), ..report })?
        }
        (None, None) => return Err(Trouble::new(Exit::Unknown, "the collector gave no report")),
    };
    match args.out {
        Some(file) => {
            write_whole(&file, text.as_bytes(), Place::Over)?;
            out::say(&format!("tidelock: the report is in {}", file.display()));
        }
        // Of what is signed no line is broken.
        None => out::raw(&text)?,
    }
    Ok(Exit::Done)
}

/// What is filed tonight must not turn out to be unsound in a year.
fn believed(
    client: &Client,
    migration: &str,
    edition: &v1::ReportEdition,
    wire: v1::SignedReport,
) -> Result<Signed, Trouble> {
    let bad =
        |why: &str| Trouble::new(Exit::Unknown, format!("the collector's report is not believed: {why}"));
    let signed = Signed::read(wire).map_err(|error| bad(&error.to_string()))?;
    let known = client.memory.as_deref().map(|memory| memory.known(migration)).transpose()?.flatten();
    if known.is_some_and(|head| head.key() != signed.wire().key) {
        return Err(bad(
            "it is signed by another key than the head of the decisions that is remembered here",
        ));
    }
    let report = signed.report();
    if report.migration != migration || report.edition.as_ref() != Some(edition) {
        return Err(bad("it is not the one that was asked for"));
    }
    Ok(signed)
}
