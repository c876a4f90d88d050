//! `tidelock evidence`: the course of a proof, and what other settings would have said of it.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tidelock_core::plan::Strength;
use tidelock_proto::{json, v1};
use tonic::Code;

use super::evidence_draw::{Sheet, draw};
use super::replay::{Other, Replayed, replay};
use super::sparkline::Ink;
use super::{Call, duration, evidence_plain, recorded, replay_text};
use crate::client::{clean, trouble};
use crate::exit::{Exit, Trouble, While as _};
use crate::out::{self, Format};

/// The largest recording taken, in bytes.
const FILE_BYTES: u64 = 32 << 20;

#[derive(Debug, clap::Subcommand)]
pub(crate) enum EvidenceCommand {
    /// The course of a check's proof, slot by slot
    Show(ShowArgs),
    /// What other settings would have said of a recorded course; needs no collector
    Replay(ReplayArgs),
}

#[derive(Debug, clap::Args)]
pub(crate) struct ShowArgs {
    /// Which check, or one claim of it, such as login or "login/latency p95"
    #[arg(value_name = "CHECK[/CLAIM]")]
    what: String,
    /// Only the last while, such as 30m; all that is remembered without it
    #[arg(long, value_parser = duration, value_name = "SPAN")]
    last: Option<Duration>,
    /// Draw without block characters
    #[arg(long)]
    ascii: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ReplayArgs {
    /// What `tidelock evidence show CHECK -o json` printed; - for standard input
    file: PathBuf,
    /// How long and rare the outages are that must be ruled out; as recorded without it
    #[arg(long, value_enum, value_name = "STRENGTH")]
    proof: Option<Proof>,
    /// How much less often the target may succeed, such as 5%
    #[arg(long, value_parser = share, value_name = "PERCENT")]
    margin: Option<f64>,
    /// How often the target must succeed, such as 95%
    #[arg(long, value_parser = share, value_name = "PERCENT")]
    slo: Option<f64>,
    /// How often the proof may be wrong, such as 5%
    #[arg(long, value_parser = share, value_name = "PERCENT")]
    error_rate: Option<f64>,
    /// How long the outages are that must be ruled out, such as 30s
    #[arg(long, value_parser = duration, value_name = "SPAN")]
    outage: Option<Duration>,
    /// Draw without block characters
    #[arg(long)]
    ascii: bool,
}

/// How long and rare the outages are that a proof rules out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Proof {
    /// Fewer than 12 outages an hour
    Quick,
    /// Outages of 30 s that make up the margin
    Standard,
    /// Outages of 60 s that make up the margin
    Strict,
}

impl Proof {
    fn strength(self) -> Strength {
        match self {
            Proof::Quick => Strength::Quick,
            Proof::Standard => Strength::Standard,
            Proof::Strict => Strength::Strict,
        }
    }
}

/// Reads a share such as `5%` or `99.9%`.
fn share(text: &str) -> Result<f64, String> {
    let wrong = || format!("{text:?} is no share; write it like 5% or 99.9%, above 0% and below 100%");
    let number = text.strip_suffix('%').ok_or_else(wrong)?.trim_end();
    if number.is_empty() || number.chars().any(|c| !c.is_ascii_digit() && c != '.') {
        return Err(wrong());
    }
    // The decimal point is moved in the text, so that 5% is the very number that the plan reads.
    let share: f64 = format!("{number}e-2").parse().map_err(|_| wrong())?;
    if share > 0.0 && share < 1.0 { Ok(share) } else { Err(wrong()) }
}

pub(crate) async fn run(call: &Call, command: EvidenceCommand) -> Result<Exit, Trouble> {
    match command {
        EvidenceCommand::Show(args) => show(call, args).await,
        EvidenceCommand::Replay(args) => run_again(call, &args),
    }
}

async fn show(call: &Call, args: ShowArgs) -> Result<Exit, Trouble> {
    let (check, claim) = match args.what.split_once('/') {
        Some((check, claim)) => (check.to_owned(), Some(claim)),
        None => (args.what.clone(), None),
    };
    let client = call.client()?;
    let last_ms = args.last.map_or(0, |last| u64::try_from(last.as_millis()).unwrap_or(u64::MAX));
    if args.last.is_some() && last_ms == 0 {
        return Err(Trouble::usage("--last 0s shows nothing; give a while such as 30m"));
    }
    let migration = client.migration().await?;
    let request = v1::GetEvidenceRequest { migration: migration.clone(), check: check.clone(), last_ms };
    let plain = v1::ExplainCheckRequest { migration, check, recent: 0 };
    let answer = match client.migrations().get_evidence(request).await {
        Ok(answer) => answer.into_inner(),
        // Nothing of it has slots; a program that asks for them gets none, a person gets what there is.
        Err(status) if status.code() == Code::NotFound && !call.manner.json() => {
            return evidence_plain::show(call, &client, plain, claim, trouble(status)).await;
        }
        Err(status) => return Err(trouble(status)),
    };
    let mut evidence =
        answer.evidence.ok_or_else(|| Trouble::new(Exit::Unknown, "the collector gave no evidence"))?;
    let claims = match chosen(&evidence, claim) {
        Ok(claims) => claims,
        Err(none) if call.manner.json() => return Err(none),
        Err(none) => return evidence_plain::show(call, &client, plain, claim, none).await,
    };
    if !call.manner.json() {
        call.loudly(&client).await;
        let claims: Vec<&v1::EvidenceClaim> = claims.iter().collect();
        out::print(&draw(call.manner, sheet(args.ascii), &evidence, &claims))?;
        return Ok(Exit::Done);
    }
    evidence.claims = claims;
    out::print_json(call.manner.format, &json::evidence(&evidence))?;
    Ok(Exit::Done)
}

fn sheet(ascii: bool) -> Sheet {
    Sheet { ink: Ink::new(ascii || !out::unicode()), width: out::width() }
}

/// All claims, or the one that is meant.
fn chosen(evidence: &v1::Evidence, claim: Option<&str>) -> Result<Vec<v1::EvidenceClaim>, Trouble> {
    let Some(claim) = claim else { return Ok(evidence.claims.clone()) };
    let name = |weighed: &v1::EvidenceClaim| {
        weighed.claim.as_ref().map(|claim| clean(&claim.name)).unwrap_or_default()
    };
    let found = evidence.claims.iter().filter(|weighed| name(weighed) == claim);
    let found: Vec<v1::EvidenceClaim> = found.cloned().collect();
    if found.is_empty() {
        let all: Vec<String> = evidence.claims.iter().map(name).collect();
        let none = format!("{} has no claim {claim:?} that is weighed slot by slot", evidence.check);
        return Err(Trouble::usage(none).hint(format!("its claims: {}", all.join(", "))));
    }
    Ok(found)
}

fn run_again(call: &Call, args: &ReplayArgs) -> Result<Exit, Trouble> {
    let name =
        if args.file == Path::new("-") { "standard input".into() } else { args.file.display().to_string() };
    let text = read_text(&args.file, &name)?;
    let recorded = recorded::read(&text)
        .map_err(|wrong| Trouble::usage(format!("{name}: {}", clean(&wrong.to_string()))))?;
    if args.outage.is_some_and(|outage| outage.is_zero()) {
        return Err(Trouble::usage("--outage is how long an outage is, so it is above 0"));
    }
    let other = Other {
        strength: args.proof.map(Proof::strength),
        margin: args.margin,
        slo: args.slo,
        error_rate: args.error_rate,
        outage_seconds: args.outage.map(|outage| outage.as_secs_f64()),
    };
    let settings = other.over(recorded.success);
    if settings.slo <= settings.margin {
        return Err(Trouble::usage(
            "the share of successes (--slo) must be above the margin, or nothing is proved",
        ));
    }
    let replayed: Replayed =
        replay(&recorded, settings).map_err(|wrong| Trouble::usage(wrong.to_string()))?;
    match call.manner.format {
        Format::Json | Format::Ndjson => {
            out::print_json(call.manner.format, &replay_text::json(&recorded, &replayed))?
        }
        Format::Short | Format::Nagios => out::print(&replay_text::summary(&replayed))?,
        Format::Text | Format::Csv | Format::Md | Format::Html => {
            out::print(&replay_text::text(call.manner, sheet(args.ascii), &recorded, &replayed))?
        }
    }
    Ok(Exit::Done)
}

fn read_text(file: &Path, name: &str) -> Result<String, Trouble> {
    let what = format!("read {name}");
    let mut bytes = Vec::new();
    let read = if file == Path::new("-") {
        std::io::stdin().lock().take(FILE_BYTES + 1).read_to_end(&mut bytes)
    } else {
        File::open(file).while_doing(&what)?.take(FILE_BYTES + 1).read_to_end(&mut bytes)
    };
    read.while_doing(&what)?;
    if bytes.len() as u64 > FILE_BYTES {
        return Err(Trouble::usage(format!("{name} has more than {FILE_BYTES} bytes")));
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        Trouble::usage(format!("{name} is not UTF-8 text from byte {at} on"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_has_its_percent_sign() {
        assert_eq!([share("5%"), share("99.9%"), share("0.5 %")], [Ok(0.05), Ok(0.999), Ok(0.005)]);
        for bad in ["", "%", "5", "0.05", "0%", "100%", "-5%", "1e1%", "NaN%", "inf%", "5 percent", "1.2.3%"]
        {
            assert!(share(bad).is_err(), "{bad:?} was taken");
        }
    }

    #[test]
    fn a_claim_that_is_not_there_is_named_with_those_that_are() {
        let claim = |name: &str| v1::EvidenceClaim {
            claim: Some(v1::ClaimView { name: name.into(), ..v1::ClaimView::default() }),
            success: None,
        };
        let evidence = v1::Evidence {
            check: "login".into(),
            claims: vec![claim("success"), claim("latency p95")],
            ..v1::Evidence::default()
        };
        assert_eq!(chosen(&evidence, None).expect("all").len(), 2);
        assert_eq!(chosen(&evidence, Some("latency p95")).expect("it is there").len(), 1);
        let trouble = chosen(&evidence, Some("speed")).expect_err("it is not there");
        assert!(trouble.to_string().contains("success, latency p95"), "{trouble}");
    }
}
