//! What a first plan must know, from flags, or asked where somebody can answer.

use tidelock_model::Name;

use super::InitArgs;
use crate::client::clean;
use crate::cmd::Call;
use crate::exit::{Exit, Trouble};
use crate::out;

/// How often a wrong answer may be given.
const TRIES: u32 = 3;
/// The longest answer, in bytes.
const LONGEST: usize = 200;
/// The most people that a first plan names.
const MOST_PEOPLE: usize = 20;

/// All that a first plan says.
#[derive(Debug, Clone)]
pub(super) struct Answers {
    pub(super) name: String,
    pub(super) source: String,
    pub(super) target: String,
    /// Key and name.
    pub(super) people: Vec<(String, String)>,
    pub(super) scenario: String,
    pub(super) if_broken: String,
    pub(super) path: String,
    pub(super) window: String,
}

/// A thing to be known: its flag, its question, and what is right.
struct Wanted {
    flag: &'static str,
    question: &'static str,
    right: fn(&str) -> Result<String, String>,
}

const NAME: Wanted =
    Wanted { flag: "--name", question: "The migration's name, such as shop-leaves-aws: ", right: name };
const SOURCE: Wanted =
    Wanted { flag: "--source", question: "Where the old environment answers (https://…): ", right: url };
const TARGET: Wanted =
    Wanted { flag: "--target", question: "Where the new environment answers (https://…): ", right: url };
const PEOPLE: Wanted = Wanted {
    flag: "--person",
    question: "Who decides, at least two, such as olga=Olga Petrova, ben=Ben Okafor: ",
    right: |text| people(text.split(',')).map(|_| text.to_owned()),
};
const SCENARIO: Wanted = Wanted {
    flag: "--scenario",
    question: "The first thing that must not break, in a word, such as checkout: ",
    right: name,
};
const IF_BROKEN: Wanted = Wanted {
    flag: "--if-broken",
    question: "What happens to the business where it breaks: ",
    right: sentence,
};
const PATH: Wanted = Wanted {
    flag: "--path",
    question: "The page whose answer shows that it works, such as /: ",
    right: path,
};

/// Everything, or all that is missing or wrong at once.
pub(super) fn answers(call: &Call, args: &InitArgs) -> Result<Answers, Trouble> {
    let given = (!args.person.is_empty()).then(|| args.person.join(","));
    let mut wrong = Vec::new();
    let mut take = |wanted: &Wanted, given: Option<&String>| match (given, call.manner.ask) {
        (Some(text), _) => (wanted.right)(text).unwrap_or_else(|why| {
            wrong.push(format!("{}: {why}", wanted.flag));
            String::new()
        }),
        (None, true) => String::new(),
        (None, false) => {
            wrong.push(format!("{} is missing", wanted.flag));
            String::new()
        }
    };
    let mut known = [
        (&NAME, take(&NAME, args.name.as_ref())),
        (&SOURCE, take(&SOURCE, args.source.as_ref())),
        (&TARGET, take(&TARGET, args.target.as_ref())),
        (&PEOPLE, take(&PEOPLE, given.as_ref())),
        (&SCENARIO, take(&SCENARIO, args.scenario.as_ref())),
        (&IF_BROKEN, take(&IF_BROKEN, args.if_broken.as_ref())),
        (&PATH, take(&PATH, args.path.as_ref())),
    ];
    if !wrong.is_empty() {
        let all = Trouble::usage("a first plan needs to know more");
        return Err(wrong.into_iter().fold(all, Trouble::hint));
    }
    for (wanted, text) in known.iter_mut().filter(|(_, text)| text.is_empty()) {
        *text = asked(wanted)?;
    }
    let [name, source, target, persons, scenario, if_broken, path] = known.map(|(_, text)| text);
    let people = people(persons.split(',')).map_err(Trouble::usage)?;
    Ok(Answers { name, source, target, people, scenario, if_broken, path, window: args.window.clone() })
}

fn asked(wanted: &Wanted) -> Result<String, Trouble> {
    for _ in 0..TRIES {
        let text = out::ask(wanted.question)?;
        if text.is_empty() {
            continue;
        }
        match (wanted.right)(&text) {
            Ok(text) => return Ok(text),
            Err(why) => out::say(&format!("  {}", clean(&why))),
        }
    }
    Err(Trouble::new(Exit::Usage, format!("no answer that a plan can use; give it with {}", wanted.flag)))
}

fn name(text: &str) -> Result<String, String> {
    Name::new(text).map(|name| name.to_string()).map_err(|error| error.to_string())
}

fn url(text: &str) -> Result<String, String> {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    match rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/')) {
        true => sentence(text),
        false => Err(format!("{text:?} is no address: write it like https://shop.example")),
    }
}

fn path(text: &str) -> Result<String, String> {
    match text.starts_with('/') && !text.contains(char::is_whitespace) {
        true => sentence(text),
        false => Err(format!("{text:?} is no path: it begins with / and has no blanks")),
    }
}

fn sentence(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() || text.len() > LONGEST || text.chars().any(char::is_control) {
        return Err(format!("say it in one line of at most {LONGEST} bytes"));
    }
    Ok(text.to_owned())
}

fn people<'a>(texts: impl Iterator<Item = &'a str>) -> Result<Vec<(String, String)>, String> {
    let mut people: Vec<(String, String)> = Vec::new();
    for text in texts {
        let (key, full) = text.split_once('=').unwrap_or((text, text));
        let (key, full) = (name(key.trim())?, sentence(full)?);
        if people.iter().any(|(known, _)| *known == key) {
            return Err(format!("{key} is there twice"));
        }
        people.push((key, full));
    }
    // The one voice for the switch must not be the one voice for its end.
    match people.len() {
        2..=MOST_PEOPLE => Ok(people),
        _ => Err(format!("name two people at least and {MOST_PEOPLE} at most, such as olga=Olga Petrova")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_plan_could_use_is_not_taken() {
        for bad in ["", "https://", "shop.example", "ftp://x", "https:///x", "https://a\nb"] {
            assert!(url(bad).is_err(), "{bad:?}");
        }
        for bad in ["", "x", "/a b", "/a\tb"] {
            assert!(path(bad).is_err(), "{bad:?}");
        }
        for bad in ["olga", "olga,olga", "olga=,ben", "=x,ben=y", "Olga P,ben"] {
            assert!(people(bad.split(',')).is_err(), "{bad:?}");
        }
        let two = people("olga=Olga Petrova, ben".split(',')).unwrap();
        assert_eq!(two[0], ("olga".to_owned(), "Olga Petrova".to_owned()));
        assert_eq!(two[1], ("ben".to_owned(), "ben".to_owned()));
    }
}
