//! `tidelock`: the command line of people and pipelines, a client of the API like any other.

mod args;
mod client;
mod cmd;
mod context;
mod exit;
mod files;
mod heads;
mod lines;
mod mistakes;
#[cfg(test)]
mod next_tests;
mod out;
#[cfg(test)]
mod pages_tests;
mod shown;
mod shown_switch;
mod told;
mod trouble_json;
mod words;

use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{CommandFactory as _, FromArgMatches as _};

use crate::args::Args;
use crate::exit::{Exit, Trouble};
use crate::out::Format;

/// The arguments. As `kubectl-tidelock` this is a plugin of kubectl, and its help says what people type then.
fn parsed() -> Args {
    let called = std::env::args_os().next().map(std::path::PathBuf::from);
    let of_kubectl =
        called.as_deref().and_then(std::path::Path::file_name).is_some_and(|name| name == "kubectl-tidelock");
    let name = if of_kubectl { "kubectl tidelock" } else { "tidelock" };
    let command = || Args::command().bin_name(name);
    read(command()).map_err(|error| as_typed(command(), error)).unwrap_or_else(|error| {
        // Help that was asked for is an answer, and text.
        if let Some(format) = trouble_json::wanted(std::env::args_os()).filter(|_| error.use_stderr()) {
            trouble_json::tell(format, &trouble_json::of_arguments(&error));
        }
        end_with(&error)
    })
}

fn read(command: clap::Command) -> Result<Args, clap::Error> {
    let matches = command.try_get_matches_from(std::env::args_os())?;
    let mut args = Args::from_arg_matches(&matches)?;
    args.flags.leave_environment(&matches);
    Ok(args)
}

/// What is missing or too much, with a usage of what has to be typed: what the environment gives is there already.
fn as_typed(command: clap::Command, error: clap::Error) -> clap::Error {
    if !matches!(error.kind(), ErrorKind::MissingRequiredArgument | ErrorKind::ArgumentConflict) {
        return error;
    }
    let bare = command.mut_args(|arg| arg.env(None::<&'static str>));
    bare.try_get_matches_from(std::env::args_os()).err().unwrap_or(error)
}

/// Help, the version, or what is wrong with the arguments, as it fits the terminal.
fn end_with(error: &clap::Error) -> ! {
    let beside = error.use_stderr();
    let columns =
        if beside { lines::columns(&std::io::stderr()) } else { lines::columns(&std::io::stdout()) };
    let text = error.render().to_string();
    match columns.filter(|columns| text.lines().any(|line| lines::seen(line) > *columns)) {
        // It has colours then.
        None => error.exit(),
        Some(_) if beside => out::say(text.trim_end()),
        // Nobody is left to be told when standard output is gone.
        Some(_) => drop(out::print(&text)),
    }
    std::process::exit(error.exit_code())
}

fn main() -> ExitCode {
    let args = parsed();
    let monitored = cmd::is_monitored(&args);
    let json = Some(args.output).filter(|format| matches!(format, Format::Json | Format::Ndjson));
    // A terminal that stands still, or a question that nobody answers, must not keep a lease from being renewed.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let result = match runtime {
        Ok(runtime) => {
            let result = runtime.block_on(cmd::run(args));
            // A read of standard input that nobody answers must not keep the process alive.
            runtime.shutdown_background();
            result
        }
        Err(error) => Err(Trouble::failed(format!("start the runtime: {error}"))),
    };
    match result {
        Ok(exit) => {
            // An exit that says nothing good without an answer on standard output.
            if let Some(format) = json.filter(|_| exit != Exit::Done && !out::answered()) {
                trouble_json::tell(format, &trouble_json::of_exit(exit));
            }
            exit.into()
        }
        // A monitor reads one line and knows four exits: trouble is its unknown, and never its warning.
        Err(trouble) if monitored => match out::raw(&cmd::monitor_line(&trouble)) {
            Ok(()) | Err(_) => Exit::Hold.into(),
        },
        Err(trouble) => {
            if let Some(format) = json {
                trouble_json::tell(format, &trouble);
            }
            out::say(&format!("tidelock: {trouble}"));
            if trouble.exit == Exit::Unreachable {
                out::say("  exit 7: nothing is known of the gate, so treat it as shut");
            }
            trouble.exit.into()
        }
    }
}
