//! Reads the access file: so much of it and no more, and each grant of it once.
//!
//! A grant is taken back by its id: of two with one id only one would be, and the other would go on letting in.

use std::collections::BTreeMap;
use std::io::{self, Read as _};
use std::path::Path;

use serde::Deserialize;
use toml::Spanned;

use super::{AccessError, Grant, MAX_GRANTS, Row, grant_of, own_name};

/// Room for every grant that there may be, with a note beside each.
const MAX_BYTES: usize = 16 << 20;
/// So much of an id is told.
const ID_CHARS: usize = 64;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default, rename = "grant")]
    rows: Vec<Spanned<Row>>,
}

/// The grants of the file; none where it is missing.
///
/// # Errors
/// It is there and cannot be read or understood, or has too much.
pub(super) fn read(path: &Path) -> Result<Vec<Grant>, AccessError> {
    let wrong = |why: String| AccessError::File { doing: "read", path: path.to_path_buf(), why };
    let text = match text(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(wrong(error.to_string())),
    };
    let file = toml::from_str::<File>(&text).map_err(|error| wrong(error.to_string()))?;
    each_once(&text, &file.rows).map_err(wrong)?;
    let grants = file.rows.into_iter().map(|row| grant_of(row.into_inner()));
    let grants = grants.collect::<Result<Vec<_>, _>>().map_err(wrong)?;
    for grant in grants.iter().filter(|grant| !grant.revoked) {
        own_name(&grant.subject).map_err(|error| wrong(format!("grant {:?}: {error}", grant.id)))?;
    }
    Ok(grants)
}

fn text(path: &Path) -> io::Result<String> {
    let mut bytes = Vec::new();
    std::fs::File::open(path)?.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > MAX_BYTES {
        let most = MAX_BYTES >> 20;
        return Err(io::Error::other(format!(
            "it holds more than {most} MiB; take out the grants that let nobody in any more"
        )));
    }
    String::from_utf8(bytes).map_err(io::Error::other)
}

fn each_once(text: &str, rows: &[Spanned<Row>]) -> Result<(), String> {
    let line = |row: &Spanned<Row>| {
        let before = text.as_bytes().iter().take(row.span().start);
        before.filter(|byte| **byte == b'\n').count() + 1
    };
    if let Some(row) = rows.get(MAX_GRANTS) {
        let line = line(row);
        return Err(format!(
            "line {line}: here the grants are more than {MAX_GRANTS}; take out those that let nobody in any more"
        ));
    }
    let mut seen = BTreeMap::new();
    for row in rows {
        let id = row.get_ref().id.as_str();
        if let Some(first) = seen.insert(id, row) {
            let (line, first) = (line(row), line(first));
            let id: String = id.chars().take(ID_CHARS).collect();
            return Err(format!(
                "line {line}: the grant at line {first} has the id {id:?}, too; give each an id of its own"
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROW: &str = "[[grant]]\nid = \"ID\"\nsubject = \"ana\"\nrole = \"viewer\"\nissued_unix_ms = 1\n\
                       expires_unix_ms = 2000\nrevoked = REVOKED\ntoken_sha256 = \"HASH\"\n";

    fn row(id: &str, revoked: bool) -> String {
        let hash = "0".repeat(64);
        ROW.replace("ID", id).replace("REVOKED", &revoked.to_string()).replace("HASH", &hash)
    }

    /// How many grants a file of these rows has, or what it is refused with.
    fn of(rows: &[String]) -> Result<usize, String> {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("access.toml");
        std::fs::write(&file, rows.concat()).unwrap();
        read(&file).map(|grants| grants.len()).map_err(|error| error.to_string())
    }

    #[test]
    fn a_file_with_more_grants_than_there_may_be_is_refused_with_the_line_of_the_first_too_many() {
        let mut rows: Vec<String> = (0..MAX_GRANTS).map(|n| row(&n.to_string(), false)).collect();
        assert_eq!(of(&rows), Ok(MAX_GRANTS));
        rows.push(row("one-more", true));
        let why = of(&rows).unwrap_err();
        assert!(why.contains("line 80001: here the grants are more than 10000"), "{why}");
    }

    #[test]
    fn two_grants_with_one_id_are_refused_with_both_lines_revoked_or_not() {
        for (first, second) in [(false, false), (true, false), (false, true)] {
            let rows = ["# By hand.\n".to_owned(), row("a", first), row("b", false), row("a", second)];
            let why = of(&rows).unwrap_err();
            assert!(why.contains("line 18: the grant at line 2 has the id \"a\", too"), "{why}");
        }
        assert_eq!(of(&[row("a", false), row("b", false)]), Ok(2));
    }

    #[test]
    fn no_more_of_a_file_is_read_than_all_grants_need() {
        let why = of(&[row("a", false), "#".repeat(MAX_BYTES)]).unwrap_err();
        assert!(why.contains("it holds more than 16 MiB"), "{why}");
    }
}
