//! `tidelock-agent test`: a plugin's cases in the real sandbox, with made-up targets and a made-up clock.
//!
//! A case is a file beside the plugin. It says what the world answers and what the plugin must find. It fails
//! by what differs, by a call that it has no answer for, and by an answer that nobody asked for: a case that
//! proves less than it seems to is worse than none.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};
use tidelock_model::Sha256;
use tidelock_sandbox::RunnerClient;
use tidelock_sandbox::protocol::made_up::Used;
use tidelock_sandbox::protocol::{Manifest, RunResult};

use crate::local;
use crate::out::Out;

mod file;
mod judge;
mod show;
mod spans;
mod update;
mod world;

use update::Written;

/// The largest case.
const MAX_CASE_BYTES: u64 = 4 << 20;
/// Cases of one plugin.
const MAX_CASES: usize = 1_000;
/// The most fuel that a case is given.
pub(crate) const MAX_FUEL: u64 = 1 << 60;

/// What the person asks for.
#[derive(Debug, Clone)]
pub(crate) struct Test {
    /// `builtin:NAME` or a file.
    pub(crate) plugin: String,
    /// The folder with the cases, or one of them.
    pub(crate) cases: PathBuf,
    /// Only the case of this name.
    pub(crate) only: Option<String>,
    /// What a component gives becomes what its cases expect.
    pub(crate) update: bool,
    /// Count what each case uses in fuel, and end it above this.
    pub(crate) fuel: Option<u64>,
    /// One JSON document instead of lines.
    pub(crate) json: bool,
}

/// A case that was played.
struct Played {
    /// The name of its file.
    name: String,
    about: String,
    /// What is not as the case says; nothing when it holds.
    differences: Vec<String>,
    /// What happened; nothing when the case could not be read.
    seen: Option<(RunResult, Used)>,
    /// What was written into a case that did not hold, or why nothing was.
    update: Option<Result<Written, String>>,
}

impl Played {
    fn written(&self) -> Option<&Written> {
        self.update.as_ref().and_then(|update| update.as_ref().ok())
    }
}

/// Plays the cases and prints. The exit code is 0 when all hold and 1 when one does not.
///
/// # Errors
/// When there is no case, no component, or no sandbox.
pub(crate) async fn test(ask: Test, out: &mut Out<'_>) -> Result<ExitCode> {
    let files = files(&ask.cases, ask.only.as_deref())?;
    let (path, component) = local::component(&ask.plugin)?;
    let runner = local::runner_with(ask.fuel.is_some())?;
    let described = match runner.prepare(&path, component).await {
        Ok(_) => runner.describe(component).await,
        Err(refusal) => Err(refusal),
    };
    let manifest = match described {
        Ok(manifest) => manifest,
        Err(refusal) => {
            let told = json!({ "schema": "tidelock.plugin-test/v1", "refused": refusal.cause.word(), "reason": refusal.detail });
            if ask.json {
                out.line(format!("{told:#}"))?;
            }
            out.talk(format!("{} is refused: {}", path.display(), refusal.cause))?;
            out.talk(format!("  {}", refusal.detail))?;
            return Ok(ExitCode::FAILURE);
        }
    };
    let size = fs::metadata(&path).map_or(0, |file| file.len());
    if !ask.json {
        show::head(&manifest, size, out)?;
    }
    let mut played = Vec::new();
    for file in &files {
        let one = play(&runner, component, file, &ask).await;
        if !ask.json {
            show::case(&one, out)?;
        }
        played.push(one);
    }
    let failed = played.iter().filter(|case| !case.differences.is_empty()).count();
    if ask.json {
        out.line(format!("{:#}", document(&manifest, component, &played)))?;
    } else {
        show::end(&played, failed, out)?;
    }
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn document(manifest: &Manifest, component: Sha256, played: &[Played]) -> Value {
    let failed = played.iter().filter(|case| !case.differences.is_empty()).count();
    json!({
        "schema": "tidelock.plugin-test/v1",
        "plugin": { "name": manifest.name, "version": manifest.version, "sha256": component.to_string() },
        "passed": played.len() - failed,
        "failed": failed,
        "written": played.iter().filter(|case| case.written().is_some()).count(),
        "cases": played.iter().map(show::json).collect::<Vec<_>>(),
    })
}

/// The files of the cases, by name.
fn files(cases: &Path, only: Option<&str>) -> Result<Vec<PathBuf>> {
    let is_case = |path: &PathBuf| path.extension().is_some_and(|end| end == "yaml" || end == "yml");
    let mut files = if cases.is_dir() {
        let entries = fs::read_dir(cases).with_context(|| format!("read {}", cases.display()))?;
        let paths = entries.map(|entry| Ok(entry?.path())).collect::<std::io::Result<Vec<_>>>();
        paths.with_context(|| format!("read {}", cases.display()))?.into_iter().filter(is_case).collect()
    } else if cases.is_file() {
        vec![cases.to_owned()]
    } else {
        bail!(
            "there are no cases at {}: write cases/NAME.yaml beside the plugin's Cargo.toml",
            cases.display()
        );
    };
    if let Some(only) = only {
        let named = |path: &PathBuf| name(path) == only || path.file_stem().is_some_and(|stem| stem == only);
        files.retain(named);
    }
    files.sort();
    match (files.len(), only) {
        (0, Some(only)) => bail!("no case {only} in {}", cases.display()),
        (0, None) => bail!("{} has no case: a test of nothing proves nothing", cases.display()),
        (count, _) if count > MAX_CASES => {
            bail!("{} has {count} cases, at most {MAX_CASES} are played", cases.display())
        }
        (_, _) => Ok(files),
    }
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

async fn play(runner: &RunnerClient, component: Sha256, path: &Path, ask: &Test) -> Played {
    let name = name(path);
    let (text, case) = match read(path).and_then(|text| Ok((file::parse(&text)?, text))) {
        Ok((file, text)) => (text, world::Case::new(file, component)),
        Err(error) => (String::new(), Err(error)),
    };
    let mut case = match case {
        Ok(case) => case,
        Err(error) => {
            let differences = vec![format!("the case cannot be played: {error:#}")];
            return Played { name, about: String::new(), differences, seen: None, update: None };
        }
    };
    case.made_up.fuel = ask.fuel;
    let timeout_ms = case.request.timeout_ms;
    let (result, used) = runner.rehearse(case.request, case.made_up.clone()).await;
    let mut differences = judge::differences(&case.expect, &case.made_up, &result, &used);
    let run = update::Run {
        text: &text,
        expect: &case.expect,
        made_up: &case.made_up,
        timeout_ms,
        result: &result,
        used: &used,
    };
    let update = (ask.update && !differences.is_empty())
        .then(|| update::update(path, &run).map_err(|error| format!("{error:#}")));
    if let Some(Ok(_)) = &update {
        differences.clear();
    }
    Played { name, about: case.about, differences, seen: Some((result, used)), update }
}

fn read(path: &Path) -> Result<String> {
    let size = fs::metadata(path).with_context(|| format!("read {}", path.display()))?.len();
    if size > MAX_CASE_BYTES {
        bail!("it has {size} bytes, at most {MAX_CASE_BYTES} are read");
    }
    fs::read_to_string(path).with_context(|| format!("read {}", path.display()))
}
