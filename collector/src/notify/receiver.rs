//! A receiver as its plan names it, with what it needs to be reached.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use http::Uri;
use tidelock_core::plan::{Receiver, ReceiverKind};
use tidelock_model::Name;

/// The largest secret.
const MAX_SECRET_BYTES: u64 = 16 << 10;

/// One receiver of one migration.
pub(super) struct Address {
    pub(super) migration: Name,
    /// What tells it from the migration's others.
    pub(super) key: String,
    pub(super) receiver: Receiver,
}

/// What tells a receiver from others: where it is, whatever it wants to hear.
pub(super) fn key(kind: &ReceiverKind) -> String {
    match kind {
        ReceiverKind::Slack { url } => format!("slack {url}"),
        ReceiverKind::CloudEvents { url, secret: _ } => format!("cloudevents {url}"),
    }
}

impl Address {
    /// What people call it, without anything that may be secret.
    pub(super) fn shown(&self) -> String {
        match &self.receiver.kind {
            ReceiverKind::Slack { url } => format!("slack (secret {url})"),
            ReceiverKind::CloudEvents { url, secret: _ } => {
                let host = url.parse::<Uri>().ok().and_then(|url| url.host().map(str::to_owned));
                format!("cloudevents at {}", host.as_deref().unwrap_or("an address that is none"))
            }
        }
    }

    /// It wants to hear of this.
    pub(super) fn wants(&self, word: &str) -> bool {
        let events = &self.receiver.events;
        events.contains("all") || events.contains(word)
    }
}

/// Reads a secret, anew each time, so that one that is replaced on disk is the one that is used.
pub(super) async fn secret(files: &BTreeMap<Name, PathBuf>, name: &Name) -> Result<String, String> {
    let Some(path) = files.get(name).cloned() else {
        return Err(format!(
            "the collector has no secret {name}; add [secrets.{name}] with its file to collector.toml, then reload it (SIGHUP)"
        ));
    };
    let read = tokio::task::spawn_blocking(move || read_secret(&path)).await;
    let read = read.unwrap_or_else(|_| Err("it was not read".to_owned()));
    read.map_err(|why| format!("secret {name}: {why}"))
}

/// One line end at its end is not part of it.
fn read_secret(path: &Path) -> Result<String, String> {
    let length = fs::metadata(path).map_err(|error| error.to_string())?.len();
    if length > MAX_SECRET_BYTES {
        return Err(format!("it has {length} bytes, at most {MAX_SECRET_BYTES} are taken"));
    }
    let mut text = fs::read_to_string(path).map_err(|error| error.to_string())?;
    if text.ends_with('\n') {
        text.pop();
        if text.ends_with('\r') {
            text.pop();
        }
    }
    if text.is_empty() {
        return Err("it is empty".to_owned());
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn address(kind: ReceiverKind, events: &[&str]) -> Address {
        let events: BTreeSet<String> = events.iter().map(|word| (*word).to_owned()).collect();
        let migration = Name::new("shop").unwrap();
        Address { migration, key: key(&kind), receiver: Receiver { kind, events } }
    }

    #[test]
    fn nothing_secret_is_shown_and_words_are_kept_to() {
        let url = "https://hook:pass@events.example/in?token=abc".to_owned();
        let one = address(ReceiverKind::CloudEvents { url, secret: None }, &["phase", "run"]);
        assert_eq!(one.shown(), "cloudevents at events.example");
        assert!(one.wants("phase") && !one.wants("window"));
        let slack = address(ReceiverKind::Slack { url: Name::new("slack-webhook").unwrap() }, &["all"]);
        assert_eq!(slack.shown(), "slack (secret slack-webhook)");
        assert!(slack.wants("window"));
    }

    #[tokio::test]
    async fn a_secret_is_read_without_its_line_end_and_what_is_missing_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let (name, path) = (Name::new("key").unwrap(), dir.path().join("key"));
        let none = secret(&BTreeMap::new(), &name).await.unwrap_err();
        assert!(none.contains("[secrets.key]"), "{none}");
        let files = BTreeMap::from([(name.clone(), path.clone())]);
        assert!(secret(&files, &name).await.is_err());
        for (content, wanted) in [("abc\r\n", Some("abc")), ("abc", Some("abc")), ("\n", None)] {
            fs::write(&path, content).unwrap();
            assert_eq!(secret(&files, &name).await.ok().as_deref(), wanted);
        }
    }
}
