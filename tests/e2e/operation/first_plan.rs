//! `tidelock init` on a terminal: a person is asked one thing after another, and again where an answer makes no
//! plan; what is written is a plan.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use tidelock_tests::{Shown, Terminal, program};

/// What is asked, the answer, and what is said of one that is wrong.
const TALK: [(&str, &str, Option<&str>); 10] = [
    ("The migration's name", "shop-moves", None),
    ("Where the old environment answers", "shop.example", Some("write it like https://shop.example")),
    ("Where the old environment answers", "https://shop.example", None),
    ("Where the new environment answers", "https://new.shop.example", None),
    ("Who decides, at least two", "olga=Olga Petrova", Some("name two people at least")),
    ("Who decides, at least two", "olga=Olga Petrova, ben=Ben Okafor", None),
    // Nothing typed is no answer.
    ("The first thing that must not break", "", None),
    ("The first thing that must not break", "checkout", None),
    ("What happens to the business", "Money is lost: \"at once\"", None),
    ("The page whose answer shows", "/cart", None),
];

/// The command, with nothing of the caller's own around it.
fn of_ours(program: &Path, home: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(home).env("TIDELOCK_CONFIG", home.join("contexts.toml"));
    for name in ["SERVER", "CONTEXT", "TOKEN_FILE", "CA_FILE", "MIGRATION"] {
        command.env_remove(format!("TIDELOCK_{name}"));
    }
    command.env_remove("GITHUB_ACTIONS");
    command
}

/// A terminal on which it asks.
fn asking(home: &Path) -> Terminal {
    let mut command = of_ours(&program("tidelock"), home);
    command.args(["init", "first.yaml"]);
    Terminal::open(&command, 160)
}

#[test]
fn a_first_plan_is_asked_for_on_a_terminal_and_passes_the_check() {
    let home = tempfile::tempdir().expect("a folder");
    let mut terminal = asking(home.path());
    for (at, (question, answer, wrong)) in TALK.into_iter().enumerate() {
        let times = TALK[..=at].iter().filter(|(asked, _, _)| *asked == question).count();
        terminal.until_said_times(question, times);
        terminal.types(&format!("{answer}\n"));
        if let Some(wrong) = wrong {
            terminal.until_said_times(wrong, 1);
        }
    }
    let Shown { code, text: said } = terminal.ended();
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("first.yaml: a first plan of shop-moves"), "{said}");
    let plan = fs::read_to_string(home.path().join("first.yaml")).expect("it is written");
    for word in
        ["name: shop-moves", "\"https://new.shop.example\"", "olga: \"Olga Petrova\"", "ben: \"Ben Okafor\""]
    {
        assert!(plan.contains(word), "no {word:?} in {plan}");
    }
    assert!(plan.contains(r#"if_broken: "Money is lost: \"at once\"""#), "{plan}");
    let mut check = of_ours(&program("tidelock"), home.path());
    let checked = check.args(["plan", "check", "first.yaml"]).stdin(Stdio::null()).output();
    let checked = checked.expect("tidelock starts");
    assert_eq!(checked.status.code(), Some(0), "{}", String::from_utf8_lossy(&checked.stdout));
}

#[test]
fn three_answers_that_make_no_plan_are_enough_and_nothing_is_written() {
    let home = tempfile::tempdir().expect("a folder");
    let mut terminal = asking(home.path());
    for times in 1..=3 {
        terminal.until_said_times("The migration's name", times);
        terminal.types("two words\n");
    }
    let Shown { code, text: said } = terminal.ended();
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("no answer that a plan can use; give it with --name"), "{said}");
    assert!(!home.path().join("first.yaml").exists(), "{said}");
}
