//! What kind of statement it is, by its first word, and that it is one.
//!
//! The transaction is what keeps a read-only grant read-only. This keeps out what stands beside
//! transactions: a second statement, another file attached, a setting of the session changed.

/// The database's way of writing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    Postgres,
    Sqlite,
}

/// A statement that may be tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Statement {
    pub(super) text: String,
    /// It changes data; needs the grant.
    pub(super) writes: bool,
    /// Its rows can be taken from a cursor.
    pub(super) cursor: bool,
}

impl Statement {
    /// Judges a statement.
    pub(super) fn check(text: &str, dialect: Dialect) -> Result<Statement, String> {
        let scan = Scan { bytes: text.as_bytes(), dialect };
        let word = scan.first_word();
        let (writes, cursor) = match (word.as_str(), dialect) {
            ("select" | "with" | "values", _) => (false, true),
            ("table", Dialect::Postgres) => (false, true),
            ("show", Dialect::Postgres) | ("explain", _) => (false, false),
            ("insert" | "update" | "delete", _) => (true, false),
            ("merge", Dialect::Postgres) | ("replace", Dialect::Sqlite) => (true, false),
            ("", _) => return Err("there is no statement".to_owned()),
            (word, _) => {
                return Err(format!(
                    "a statement that begins with {:?} is not allowed",
                    crate::report::clean(word, 32)
                ));
            }
        };
        let end = scan.end_of_first()?;
        Ok(Statement { text: text[..end].to_owned(), writes, cursor })
    }
}

struct Scan<'a> {
    bytes: &'a [u8],
    dialect: Dialect,
}

impl Scan<'_> {
    fn rest(&self, at: usize) -> &[u8] {
        self.bytes.get(at..).unwrap_or(&[])
    }

    /// The first word after spaces, comments and opening brackets, in lower case.
    fn first_word(&self) -> String {
        let mut at = 0;
        loop {
            match self.rest(at) {
                [b'(', ..] => at += 1,
                [b, ..] if b.is_ascii_whitespace() => at += 1,
                rest => match self.comment(rest) {
                    Some(length) => at += length,
                    None => break,
                },
            }
        }
        let word = self.rest(at).iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'_');
        word.map(|b| char::from(b.to_ascii_lowercase())).collect()
    }

    /// Where the first statement ends; an error when another one follows.
    fn end_of_first(&self) -> Result<usize, String> {
        let mut at = 0;
        let mut end = None;
        while let Some(byte) = self.bytes.get(at) {
            let rest = self.rest(at);
            if let Some(length) = self.comment(rest) {
                at += length;
            } else if *byte == b';' {
                end.get_or_insert(at);
                at += 1;
            } else if byte.is_ascii_whitespace() {
                at += 1;
            } else if end.is_some() {
                return Err("one statement a call".to_owned());
            } else {
                at += self.quoted(rest).unwrap_or(1);
            }
        }
        Ok(end.unwrap_or(self.bytes.len()))
    }

    /// The length of a comment that begins here.
    fn comment(&self, rest: &[u8]) -> Option<usize> {
        match rest {
            [b'-', b'-', ..] => Some(rest.iter().position(|b| *b == b'\n').map_or(rest.len(), |at| at + 1)),
            [b'/', b'*', ..] => {
                let (mut at, mut depth) = (2, 1);
                while depth > 0 && at < rest.len() {
                    match &rest[at..] {
                        [b'*', b'/', ..] => (at, depth) = (at + 2, depth - 1),
                        [b'/', b'*', ..] if self.dialect == Dialect::Postgres => {
                            (at, depth) = (at + 2, depth + 1)
                        }
                        _ => at += 1,
                    }
                }
                Some(at)
            }
            _ => None,
        }
    }

    /// The length of a quoted thing that begins here.
    fn quoted(&self, rest: &[u8]) -> Option<usize> {
        let close = match (rest.first()?, self.dialect) {
            (b'\'', _) => b'\'',
            (b'"', _) => b'"',
            (b'`', Dialect::Sqlite) => b'`',
            (b'[', Dialect::Sqlite) => b']',
            (b'$', Dialect::Postgres) => return dollar(rest),
            _ => return None,
        };
        // A doubled quote inside ends one string and begins the next, which is the same in the end.
        // PostgreSQL's own parser has the last word on backslashes: it takes one statement a call.
        Some(rest[1..].iter().position(|b| *b == close).map_or(rest.len(), |at| at + 2))
    }
}

fn dollar(rest: &[u8]) -> Option<usize> {
    let tag = rest[1..].iter().position(|b| *b == b'$')? + 2;
    let name = &rest[1..tag - 1];
    if !name.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'_')
        || name.first().is_some_and(u8::is_ascii_digit)
    {
        return None;
    }
    let body = &rest[tag..];
    let found = body.windows(tag).position(|window| window == &rest[..tag]);
    Some(found.map_or(rest.len(), |at| tag + at + tag))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_are_told_apart() {
        use Dialect::{Postgres, Sqlite};
        for (text, dialect, want) in [
            ("select 1", Sqlite, Some((false, true))),
            ("  -- c\n/* /* */ SELECT 1", Sqlite, Some((false, true))),
            ("/* /* */ */ (select 1)", Postgres, Some((false, true))),
            ("with x as (select 1) select * from x;", Postgres, Some((false, true))),
            ("show server_version", Postgres, Some((false, false))),
            ("show x", Sqlite, None),
            ("insert into t values (1)", Sqlite, Some((true, false))),
            ("select ';', \"a;b\", $$;$$, $t$;$$;$t$ -- ;", Postgres, Some((false, true))),
            ("select ';' || 'it''s;', `a;b`, [c;d] /* ; */ ;;", Sqlite, Some((false, true))),
            ("select 1; select 2", Sqlite, None),
            ("select 1; attach 'x' as y", Sqlite, None),
            ("; attach 'x' as y", Sqlite, None),
            ("attach 'x' as y", Sqlite, None),
            ("/* select */ attach 'x' as y", Sqlite, None),
            ("pragma writable_schema = on", Sqlite, None),
            ("vacuum into '/tmp/x'", Sqlite, None),
            ("copy t to program 'sh'", Postgres, None),
            ("set role admin", Postgres, None),
            ("do $$ begin end $$", Postgres, None),
            ("commit", Postgres, None),
            ("call f()", Postgres, None),
            ("", Sqlite, None),
            ("-- only talk", Sqlite, None),
        ] {
            let found = Statement::check(text, dialect).ok().map(|found| (found.writes, found.cursor));
            assert_eq!(found, want, "{text}");
        }
    }

    #[test]
    fn the_semicolon_is_cut_off() {
        assert_eq!(Statement::check("select 1 ; -- end", Dialect::Postgres).unwrap().text, "select 1 ");
    }
}
