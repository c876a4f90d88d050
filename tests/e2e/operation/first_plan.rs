//! `tidelock init` on a terminal: a person is asked one thing after another, and again where an answer makes no
//! plan; what is written is a plan.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::Duration;

use tidelock_tests::{eventually_for, program};

/// How long one answer may take.
const LIMIT: Duration = Duration::from_secs(60);
/// The log of the terminal.
const LOG: &str = "terminal.log";

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

/// A terminal on which it asks, and the keys of it.
struct Terminal<'a> {
    home: &'a Path,
    child: Child,
    keys: ChildStdin,
}

impl Terminal<'_> {
    fn open(home: &Path) -> Terminal<'_> {
        let line = format!("stty cols 100 rows 24; exec {} init first.yaml", program("tidelock").display());
        let log = fs::File::create(home.join(LOG)).expect("a file");
        let mut command = of_ours(Path::new("script"), home);
        command.args(["-qec", &line, "/dev/null"]).env("TERM", "xterm").stdin(Stdio::piped()).stdout(log);
        let mut child = command.spawn().expect("script is there");
        let keys = child.stdin.take().expect("piped");
        Terminal { home, child, keys }
    }

    /// All that is on the screen so far.
    fn said(&self) -> String {
        let bytes = fs::read(self.home.join(LOG)).expect("the log of the terminal");
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Waits until this was said so often.
    fn until_said(&self, what: &str, times: usize) {
        eventually_for(LIMIT, &format!("{what:?} for the {times}. time"), || {
            let said = self.said();
            if said.matches(what).count() == times { Ok(()) } else { Err(said) }
        });
    }

    fn type_line(&mut self, line: &str) {
        self.keys.write_all(format!("{line}\n").as_bytes()).expect("it is typed");
    }

    /// Its exit, and the screen.
    fn ended(mut self) -> (Option<i32>, String) {
        let status = eventually_for(LIMIT, "it has no more questions", || match self.child.try_wait() {
            Ok(Some(status)) => Ok(status),
            Ok(None) => Err(self.said()),
            Err(error) => Err(error.to_string()),
        });
        (status.code(), self.said())
    }
}

#[test]
fn a_first_plan_is_asked_for_on_a_terminal_and_passes_the_check() {
    let home = tempfile::tempdir().expect("a folder");
    let mut terminal = Terminal::open(home.path());
    for (at, (question, answer, wrong)) in TALK.into_iter().enumerate() {
        let times = TALK[..=at].iter().filter(|(asked, _, _)| *asked == question).count();
        terminal.until_said(question, times);
        terminal.type_line(answer);
        if let Some(wrong) = wrong {
            terminal.until_said(wrong, 1);
        }
    }
    let (exit, said) = terminal.ended();
    assert_eq!(exit, Some(0), "{said}");
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
    let mut terminal = Terminal::open(home.path());
    for times in 1..=3 {
        terminal.until_said("The migration's name", times);
        terminal.type_line("two words");
    }
    let (exit, said) = terminal.ended();
    assert_eq!(exit, Some(2), "{said}");
    assert!(said.contains("no answer that a plan can use; give it with --name"), "{said}");
    assert!(!home.path().join("first.yaml").exists(), "{said}");
}
