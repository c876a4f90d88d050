//! What is wrong with a plan, on a terminal with little room: its lines are cut around their marks and never broken,
//! and no sentence loses a word.

use std::collections::BTreeMap;

use tidelock_plan::{Problem, Source};

use crate::common::{edits, source, told};

const COLUMNS: [usize; 2] = [20, 60];
const GOOD: &str = include_str!("good-plan.yaml");
const MISTAKES: &str = include_str!("mistakes.in");
/// Wider than any terminal that is looked at here, with a mistake at its begin, in its middle and at its end.
const WIDE: &str =
    "runbook: [{ step: fence, kind: fense, owner: olga, says: \"a word that is not known here\" }]";

fn sources() -> Vec<Source> {
    let wide = [("in the middle".to_owned(), format!("{GOOD}{WIDE}\n"))];
    let plans = edits(GOOD, MISTAKES).into_iter().chain(wide);
    plans.map(|(_, yaml)| source("plans/of/the/shop/plan.yaml", yaml, BTreeMap::new())).collect()
}

/// What is told of each problem, one after the other.
fn blocks(drawn: &str) -> Vec<&str> {
    drawn.split("tidelock::plan::").skip(1).collect()
}

/// The lines of the plan with their frame.
fn excerpt(block: &str) -> Vec<&str> {
    let lines: Vec<&str> = block.lines().collect();
    let begins = lines.iter().position(|line| line.contains("╭─["));
    let ends = lines.iter().position(|line| line.trim_start().starts_with("╰────"));
    begins.zip(ends).map(|(begins, ends)| lines[begins..=ends].to_vec()).unwrap_or_default()
}

/// What stands over the mark. None where the mark goes over several lines.
fn marked(excerpt: &[&str]) -> Option<String> {
    let under = excerpt.iter().position(|line| line.trim_start().starts_with('·'))?;
    let mark: Vec<char> = excerpt[under].chars().collect();
    let from = mark.iter().position(|c| ['─', '┬', '▲'].contains(c))?;
    Some(excerpt[under - 1].chars().skip(from).take(mark.len() - from).collect())
}

/// The marked text, where it is plain, on one line, and no secret.
fn plain_mark<'a>(problem: &Problem, source: &'a Source) -> Option<&'a str> {
    let (offset, length) = problem.span.filter(|_| problem.file.is_none() && problem.code != "E024")?;
    let text = source.yaml.get(offset..offset + length)?;
    (text.is_ascii() && !text.is_empty() && !text.contains(|c: char| c.is_control())).then_some(text)
}

#[test]
fn each_line_of_a_plan_fits_and_its_mark_stays_under_what_it_marks() {
    for columns in COLUMNS {
        let (mut compared, mut cut) = (0, 0);
        for source in sources() {
            let problems = told(&source);
            let drawn = problems.drawn(&source, false, columns);
            let blocks = blocks(&drawn);
            assert_eq!(blocks.len(), problems.problems().len(), "{drawn}");
            for (problem, block) in problems.problems().iter().zip(blocks) {
                let excerpt = excerpt(block);
                assert_eq!(excerpt.is_empty(), problem.span.is_none(), "{block}");
                let wide = excerpt.iter().find(|line| line.chars().count() > columns);
                assert_eq!(wide, None, "wider than {columns} columns:\n{block}");
                cut += usize::from(excerpt.iter().skip(1).any(|line| line.contains('…')));
                if let Some((text, over)) = plain_mark(problem, &source).zip(marked(&excerpt)) {
                    let kept = text.starts_with(over.as_str()) && !over.is_empty();
                    assert!(kept, "{over:?} is marked, and not {text:?}:\n{block}");
                    compared += 1;
                }
            }
        }
        assert!(compared > 50, "only {compared} marks were looked at");
        assert!(cut > 5, "only {cut} lines were cut");
    }
}

#[test]
fn no_sentence_loses_a_word_where_there_is_little_room() {
    for columns in COLUMNS {
        for source in sources() {
            let problems = told(&source);
            let drawn = problems.drawn(&source, false, columns);
            for (problem, block) in problems.problems().iter().zip(blocks(&drawn)) {
                let marked = problem.label.as_ref().filter(|_| problem.span.is_some());
                let said = [Some(&problem.message), problem.help.as_ref(), marked];
                let mut lines = said.into_iter().flatten().flat_map(|text| text.lines());
                let lost = lines.find(|line| !block.contains(line));
                assert_eq!(lost, None, "{columns} columns:\n{block}");
            }
        }
    }
}

#[test]
fn a_secret_is_not_repeated_where_its_line_is_cut() {
    let yaml = GOOD.replace("\"secret:shopper\"", "hunter2-hunter2");
    let source = source("plan.yaml", yaml, BTreeMap::new());
    let problems = told(&source);
    assert!(problems.problems().iter().any(|problem| problem.code == "E024"));
    for columns in COLUMNS {
        assert!(!problems.drawn(&source, true, columns).contains("hunter"));
    }
}

#[test]
fn what_fits_is_drawn_as_everywhere() {
    let yaml = GOOD.replace("[login, restore-tested]", "[logn, restore-tested]");
    let source = source("plan.yaml", yaml, BTreeMap::new());
    let problems = told(&source);
    let lines = |text: &str| excerpt(text).into_iter().map(str::to_owned).collect::<Vec<_>>();
    let whole = lines(&problems.render(&source, false, 100));
    assert!(whole.len() > 4, "{whole:?}");
    assert_eq!(lines(&problems.drawn(&source, false, 100)), whole);
}
