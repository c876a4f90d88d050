//! A report as it is printed. A signed one is printed from what was signed and from nothing else, so that whoever
//! checks the page prints it once more and compares.

use tidelock_proto::signed_report::Signed;
use tidelock_proto::{json, v1};

use super::page::Block;
use super::part::Part;
use super::{content, page, seal};
use crate::exit::{Exit, Trouble};
use crate::out::Format;

/// The release of this program.
pub(super) const RELEASE: &str = env!("CARGO_PKG_VERSION");

/// How it is to be printed: in this form, and this part of it.
pub(super) fn edition(format: Format, from: Option<&str>, to: Option<&str>) -> v1::ReportEdition {
    let form = match format {
        Format::Json => "json",
        Format::Ndjson => "ndjson",
        Format::Html => "html",
        Format::Text | Format::Md | Format::Short | Format::Nagios | Format::Csv => "md",
    };
    v1::ReportEdition {
        release: RELEASE.to_owned(),
        form: form.to_owned(),
        from: from.unwrap_or_default().to_owned(),
        to: to.unwrap_or_default().to_owned(),
    }
}

/// The whole file of a signed report.
pub(super) fn signed(signed: &Signed) -> Result<String, Trouble> {
    print(signed.report().clone(), Some(signed.wire()))
}

/// The same of one that nobody signed.
pub(super) fn unsigned(report: v1::Report) -> Result<String, Trouble> {
    print(report, None)
}

fn print(mut report: v1::Report, wire: Option<&v1::SignedReport>) -> Result<String, Trouble> {
    let edition = report.edition.clone().unwrap_or_default();
    let part = Part::read(bound(&edition.from), bound(&edition.to), &report.timezone)?;
    part.cut(&mut report);
    let comment = wire.map(seal::comment).unwrap_or_default();
    Ok(match edition.form.as_str() {
        "md" => page::markdown(&blocks(&report, &part, wire)) + &comment,
        "html" => page::html(&report.migration, &blocks(&report, &part, wire)) + &comment,
        "json" => format!("{:#}\n", document(&report, wire)),
        "ndjson" => format!("{}\n", document(&report, wire)),
        form => {
            let message = format!("it was printed in a form that this release does not know: {form:?}");
            return Err(Trouble::new(Exit::Unknown, message));
        }
    })
}

fn bound(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}

fn blocks(report: &v1::Report, part: &Part, wire: Option<&v1::SignedReport>) -> Vec<Block> {
    let mut blocks = content::blocks(report, part.said());
    blocks.extend(wire.map(|wire| {
        let key = seal::key_text(&wire.key);
        Block::Text(format!(
            "Signed by the collector's key {key}: tidelock report --verify FILE says whether this is what was signed."
        ))
    }));
    blocks
}

fn document(report: &v1::Report, wire: Option<&v1::SignedReport>) -> serde_json::Value {
    let mut value = json::report(report);
    value["signature"] = wire.map(seal::value).unwrap_or_default();
    value
}
