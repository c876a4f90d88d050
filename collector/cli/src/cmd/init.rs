//! `tidelock init`: a first plan, by asking. It writes what passes `plan check --strict`, or nothing.

mod ask;
mod draft;

use std::path::PathBuf;

use serde_json::json;

use super::{Call, duration};
use crate::exit::{Exit, Trouble};
use crate::files::{Place, write_whole};
use crate::{mistakes, out};
use ask::answers;

#[derive(Debug, Clone, clap::Args)]
pub(crate) struct InitArgs {
    /// The plan file to write
    #[arg(value_name = "FILE", default_value = "plan.yaml")]
    file: PathBuf,
    /// The migration's name, such as shop-leaves-aws
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Where the old environment answers, such as https://shop.example
    #[arg(long, value_name = "URL")]
    source: Option<String>,
    /// Where the new environment answers
    #[arg(long, value_name = "URL")]
    target: Option<String>,
    /// Who decides, at least two, such as olga="Olga Petrova"; may be given more than once
    #[arg(long, value_name = "KEY=NAME")]
    person: Vec<String>,
    /// The first thing that must not break, such as checkout
    #[arg(long, value_name = "NAME")]
    scenario: Option<String>,
    /// What happens to the business where it breaks
    #[arg(long, value_name = "TEXT")]
    if_broken: Option<String>,
    /// The page whose answer shows that it works
    #[arg(long, value_name = "PATH")]
    path: Option<String>,
    /// How long going back stays possible
    #[arg(long, value_name = "SPAN", default_value = "6h", value_parser = spelled)]
    window: String,
    /// Write over a file that is there
    #[arg(long)]
    force: bool,
}

/// A span, kept as it was written.
fn spelled(text: &str) -> Result<String, String> {
    duration(text).map(|_| text.to_owned())
}

pub(crate) fn run(call: &Call, args: InitArgs) -> Result<Exit, Trouble> {
    // Said before anybody has answered eight questions.
    if !args.force && args.file.exists() {
        return Err(Trouble::usage(format!("{} is there already", args.file.display()))
            .hint("write over it with --force, or name another file"));
    }
    // A rename would take the place of a device or a pipe.
    if args.file.exists() && !args.file.is_file() {
        return Err(Trouble::usage(format!("{} is no file to write over", args.file.display())));
    }
    let answers = answers(call, &args)?;
    let yaml = draft::yaml(&answers);
    if let Some((problems, source)) = draft::wrong(&args.file, &yaml) {
        mistakes::say(&problems, &source, false);
        return Err(Trouble::usage("these answers make no plan; nothing was written"));
    }
    write_whole(&args.file, yaml.as_bytes(), if args.force { Place::Over } else { Place::New })?;
    let file = args.file.display().to_string();
    let next = [
        format!("tidelock plan check {file} --strict"),
        format!("tidelock plan apply {file}"),
        "tidelock agent token --side source".to_owned(),
    ];
    if call.manner.json() {
        let value =
            json!({ "schema": "tidelock.init/v1", "file": file, "migration": answers.name, "next": next });
        out::print_json(call.manner.format, &value)?;
    } else {
        out::print(&format!("✔ {file}: a first plan of {}", answers.name))?;
        next.iter().try_for_each(|line| out::print(&format!("  {line}")))?;
    }
    Ok(Exit::Done)
}
