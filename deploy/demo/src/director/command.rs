//! The command line as a person uses it: a process of its own, its answer shown or read.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use anyhow::Context as _;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};
use tokio::process::Command;
use tokio::time::timeout;

use super::talk::Talk;

/// What a command that does not wait may take.
const QUICK: Duration = Duration::from_secs(30);
/// More lines than this of one answer are not shown.
const SHOWN_LINES: usize = 40;

/// Somebody who types.
#[derive(Clone, Debug)]
pub(crate) struct Who {
    /// As the prompt shows it.
    pub(crate) name: &'static str,
    /// Where their token lies.
    pub(crate) token_file: PathBuf,
}

/// How a command ended.
#[derive(Clone, Debug)]
pub(crate) struct Done {
    /// Its exit code; 255 when a signal ended it.
    pub(crate) code: i32,
    /// Standard output.
    pub(crate) out: String,
    /// Standard error.
    pub(crate) err: String,
}

impl Done {
    /// Itself when it ended well, otherwise an error with what it said.
    pub(crate) fn good(self, what: &str) -> anyhow::Result<Done> {
        anyhow::ensure!(self.code == 0, "{what} ended with {}: {}", self.code, self.last_words());
        Ok(self)
    }

    /// The last line that it said, wherever.
    pub(crate) fn last_words(&self) -> String {
        let last = |text: &str| text.lines().map(str::trim).rfind(|line| !line.is_empty()).map(str::to_owned);
        last(&self.err).or_else(|| last(&self.out)).unwrap_or_else(|| "nothing".to_owned())
    }
}

/// The programs of one release, called for one collector.
#[derive(Clone, Debug)]
pub(crate) struct Console {
    /// The folder of the binaries.
    pub(crate) bin: PathBuf,
    /// What every call has in its environment.
    pub(crate) environment: Vec<(&'static str, OsString)>,
    /// Where it is shown.
    pub(crate) talk: Talk,
}

impl Console {
    /// A program of this release.
    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.bin.join(name)
    }

    /// Runs `tidelock` as somebody and shows the line and the answer.
    pub(crate) async fn show(&self, who: &Who, arguments: &[&str]) -> anyhow::Result<Done> {
        self.show_within(who, arguments, QUICK).await
    }

    /// The same for a command that waits.
    pub(crate) async fn show_within(
        &self,
        who: &Who,
        arguments: &[&str],
        limit: Duration,
    ) -> anyhow::Result<Done> {
        self.talk.typed(who.name, &format!("tidelock {}", line(arguments)))?;
        self.call("tidelock", Some(who), arguments, limit, Some(&self.talk)).await
    }

    /// Runs `tidelock` and shows nothing.
    pub(crate) async fn quiet(&self, who: &Who, arguments: &[&str]) -> anyhow::Result<Done> {
        self.call("tidelock", Some(who), arguments, QUICK, None).await
    }

    /// Runs `tidelock … -o json` and reads the answer.
    pub(crate) async fn read(&self, who: &Who, arguments: &[&str]) -> anyhow::Result<Value> {
        let mut all = arguments.to_vec();
        all.extend(["-o", "json"]);
        let what = format!("tidelock {}", line(arguments));
        let done = self.quiet(who, &all).await?.good(&what)?;
        serde_json::from_str(&done.out).with_context(|| format!("{what} gave no JSON: {}", done.out.trim()))
    }

    /// Runs any program of the release.
    pub(crate) async fn call(
        &self,
        program: &str,
        who: Option<&Who>,
        arguments: &[&str],
        limit: Duration,
        shown: Option<&Talk>,
    ) -> anyhow::Result<Done> {
        let path = self.program(program);
        let mut command = Command::new(&path);
        command.args(arguments).envs(self.environment.iter().cloned());
        if let Some(who) = who {
            command.env("TIDELOCK_TOKEN_FILE", &who.token_file);
        }
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().with_context(|| format!("start {}", path.display()))?;
        let (out, err) = (child.stdout.take(), child.stderr.take());
        let ended = async {
            let (out, err) = tokio::try_join!(gather(out, shown), gather(err, shown))?;
            let status = child.wait().await?;
            anyhow::Ok(Done { code: status.code().unwrap_or(255), out, err })
        };
        timeout(limit, ended)
            .await
            .with_context(|| format!("{program} {} did not end within {limit:?}", line(arguments)))?
    }
}

/// Reads a stream to its end, line by line, and shows the first lines of it.
async fn gather(stream: Option<impl AsyncRead + Unpin>, shown: Option<&Talk>) -> anyhow::Result<String> {
    let Some(stream) = stream else { return Ok(String::new()) };
    let mut lines = BufReader::new(stream).lines();
    let mut all = String::new();
    let mut count = 0;
    while let Some(line) = lines.next_line().await? {
        count += 1;
        if let Some(talk) = shown {
            match count {
                ..=SHOWN_LINES => talk.answer(&line)?,
                _ if count == SHOWN_LINES + 1 => talk.answer("…")?,
                _ => {}
            }
        }
        all.push_str(&line);
        all.push('\n');
    }
    Ok(all)
}

/// The arguments as they are typed in a shell.
pub(crate) fn line(arguments: &[&str]) -> String {
    let typed = arguments.iter().map(|argument| {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,@%+".contains(c);
        if !argument.is_empty() && argument.chars().all(plain) {
            (*argument).to_owned()
        } else {
            format!("'{}'", argument.replace('\'', "'\\''"))
        }
    });
    typed.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_can_be_typed_again() {
        assert_eq!(line(&["hold", "--reason", "it's late"]), r"hold --reason 'it'\''s late'");
    }
}
