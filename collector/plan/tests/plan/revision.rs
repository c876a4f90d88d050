//! Where the revision of a side comes from.

use tidelock_core::plan::{Plan, RevisionFrom};
use tidelock_plan::{Source, check, diff, expanded};

const GOOD: &str = include_str!("good-plan.yaml");

fn source(from: &str) -> Source {
    let title = "    title: the new place\n";
    assert_eq!(GOOD.matches(title).count(), 1);
    let yaml = GOOD.replace(title, &format!("{title}    revision: {{ from: {from:?} }}\n"));
    let files = [("flows/login.yaml".to_owned(), "steps: []\n".to_owned())].into();
    crate::common::source("plan.yaml", yaml, files)
}

fn plan(from: &str) -> Plan {
    let source = source(from);
    check(&source).unwrap_or_else(|p| panic!("{}", p.render(&source, false, 100))).plan
}

#[test]
fn a_revision_is_declared_or_told_by_a_header() {
    assert_eq!(plan("declared").target.revision, Some(RevisionFrom::Declared));
    for name in ["X-Build", "x_build.7~", &"x".repeat(64)] {
        let from = format!("header {name}");
        let read = plan(&from);
        assert_eq!(read.target.revision, Some(RevisionFrom::Header(name.to_owned())));
        assert_eq!(read.source.revision, None);
        let again = check(&Source { yaml: expanded(&read), ..source(&from) });
        assert_eq!(
            again.map(|checked| checked.plan).ok(),
            Some(read),
            "plan show writes what plan check reads"
        );
    }
    let lines: Vec<String> =
        diff(&plan("declared"), &plan("header X-Build")).into_iter().map(|change| change.text).collect();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].ends_with("declared -> header X-Build"), "{lines:?}");
}

#[test]
fn what_is_no_header_is_refused() {
    for from in ["header", "header ", "header X Build", "header  X", "header X:", "header set-cookie", "git"]
        .into_iter()
        .map(str::to_owned)
        .chain([format!("header {}", "x".repeat(65))])
    {
        assert!(check(&source(&from)).is_err(), "{from:?}");
    }
}
