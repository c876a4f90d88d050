//! Plays the stories of `tests/stories`, and compares what happened with what each says.
//!
//! `UPDATE_EXPECT=1 cargo test -p tidelock-core --test stories` rewrites the `>` lines; the diff is
//! the review.

#![expect(clippy::unwrap_used, reason = "a test stops at what must not be")]

mod tale;
mod world;

use std::path::PathBuf;

/// Names the one story that is played, by its file: `make mutate` asks the one that is about a defence.
const ONE: &str = "TIDELOCK_STORY";

#[test]
fn every_story_ends_as_it_says() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/stories");
    let mut stories: Vec<PathBuf> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "story"))
        .collect();
    stories.sort();
    assert!(stories.len() >= 15, "only {} stories in {}", stories.len(), folder.display());
    if let Some(one) = std::env::var_os(ONE).filter(|one| !one.is_empty()) {
        stories.retain(|path| path.file_name() == Some(one.as_os_str()));
        assert_eq!(stories.len(), 1, "{ONE}: there is no story {} in {}", one.display(), folder.display());
    }
    let mut wrong = Vec::new();
    for path in stories {
        let written = std::fs::read_to_string(&path).unwrap();
        let played = tale::play(&written);
        if played == written {
            continue;
        }
        if std::env::var_os("UPDATE_EXPECT").is_some() {
            std::fs::write(&path, &played).unwrap();
        } else {
            wrong.push(format!("{}\n{}", path.display(), difference(&written, &played)));
        }
    }
    assert!(wrong.is_empty(), "{} stories end otherwise:\n{}", wrong.len(), wrong.join("\n"));
}

fn difference(written: &str, played: &str) -> String {
    let (a, b): (Vec<_>, Vec<_>) = (written.lines().collect(), played.lines().collect());
    let at = a.iter().zip(&b).position(|(a, b)| a != b).unwrap_or(a.len().min(b.len()));
    let line = |lines: &[&str]| lines.get(at).copied().unwrap_or("(end)").to_owned();
    format!("  line {}\n  says:     {}\n  happened: {}", at + 1, line(&a), line(&b))
}
