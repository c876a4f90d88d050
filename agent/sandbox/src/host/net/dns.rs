//! As much of the DNS protocol as one question about aliases needs.
//!
//! Answers come from the network: every length is checked, a name has at most so many jumps, and what is not
//! whole is no answer.

use ring::rand::{SecureRandom as _, SystemRandom};

const HEADER_BYTES: usize = 12;
const MAX_RECORDS: u16 = 64;
const MAX_ALIASES: usize = 16;
const MAX_NAME_BYTES: usize = 253;
const MAX_JUMPS: usize = 16;
const TYPE_A: u16 = 1;
const TYPE_CNAME: u16 = 5;
const CLASS_IN: u16 = 1;

/// What a server said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reply {
    /// The name exists and has something.
    pub(super) known: bool,
    /// The chain of aliases.
    pub(super) aliases: Vec<String>,
}

/// Asks for the addresses of a name: the aliases on the way come with them. Gives the question's id too.
pub(super) fn question(name: &str) -> Option<([u8; 2], Vec<u8>)> {
    let mut id = [0; 2];
    SystemRandom::new().fill(&mut id).ok()?;
    // One question, and the server is to find out.
    let mut message = [&id[..], &[1, 0, 0, 1, 0, 0, 0, 0, 0, 0]].concat();
    put_name(&mut message, name)?;
    message.extend_from_slice(&TYPE_A.to_be_bytes());
    message.extend_from_slice(&CLASS_IN.to_be_bytes());
    Some((id, message))
}

fn put_name(message: &mut Vec<u8>, name: &str) -> Option<()> {
    if name.len() > MAX_NAME_BYTES {
        return None;
    }
    for label in name.split('.') {
        let length = u8::try_from(label.len()).ok().filter(|length| (1..64).contains(length))?;
        message.push(length);
        message.extend_from_slice(label.as_bytes());
    }
    message.push(0);
    Some(())
}

/// Reads an answer; none when it cannot be read or the server failed.
pub(super) fn read(message: &[u8]) -> Option<Reply> {
    let is_reply = message.get(2)? & 0x80 != 0;
    let code = message.get(3)? & 0x0f;
    if !is_reply || !matches!(code, 0 | 3) {
        return None;
    }
    let (questions, records) = (number(message, 4)?, number(message, 6)?);
    if questions != 1 || records > MAX_RECORDS {
        return None;
    }
    let (_, mut at) = name(message, HEADER_BYTES)?;
    at += 4;
    let mut aliases = Vec::new();
    for _ in 0..records {
        let (_, after) = name(message, at)?;
        let (kind, length) = (number(message, after)?, usize::from(number(message, after + 8)?));
        let data = after + 10;
        message.get(data..data + length)?;
        if kind == TYPE_CNAME {
            if aliases.len() == MAX_ALIASES {
                return None;
            }
            aliases.push(name(message, data)?.0);
        }
        at = data + length;
    }
    Some(Reply { known: records > 0, aliases })
}

fn number(message: &[u8], at: usize) -> Option<u16> {
    let bytes = message.get(at..at + 2)?;
    Some(u16::from_be_bytes([bytes[0], bytes[1]]))
}

/// The name that stands there, in lower case, and what comes behind it.
fn name(message: &[u8], from: usize) -> Option<(String, usize)> {
    let mut out = String::new();
    let (mut at, mut end, mut jumps) = (from, None, 0);
    loop {
        let length = usize::from(*message.get(at)?);
        match length {
            0 => return Some((out, end.unwrap_or(at + 1))),
            1..64 => {
                let label = message.get(at + 1..at + 1 + length)?;
                if !label.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_*".contains(byte)) {
                    return None;
                }
                if !out.is_empty() {
                    out.push('.');
                }
                out.extend(label.iter().map(|byte| char::from(byte.to_ascii_lowercase())));
                if out.len() > MAX_NAME_BYTES {
                    return None;
                }
                at += 1 + length;
            }
            192.. => {
                jumps += 1;
                if jumps > MAX_JUMPS {
                    return None;
                }
                end = end.or(Some(at + 2));
                at = usize::from(number(message, at)? & 0x3fff);
            }
            _ => return None,
        }
    }
}

#[cfg(test)]
pub(super) fn asked(question: &[u8]) -> String {
    name(question, HEADER_BYTES).unwrap().0
}

/// An answer to a question, with a chain of aliases and an address at its end.
#[cfg(test)]
pub(super) fn told(question: &[u8], code: u8, chain: &[&str]) -> Vec<u8> {
    let mut reply = question.to_vec();
    let records = if code == 0 { chain.len() + 1 } else { 0 };
    reply[2] |= 0x80;
    reply[3] = code;
    reply[7] = u8::try_from(records).unwrap();
    if code != 0 {
        return reply;
    }
    for alias in chain {
        // The name of a record may be a jump to the question's.
        reply.extend_from_slice(&[0xc0, 12, 0, 5, 0, 1, 0, 0, 0, 9]);
        let mut data = Vec::new();
        put_name(&mut data, alias).unwrap();
        reply.extend_from_slice(&u16::try_from(data.len()).unwrap().to_be_bytes());
        reply.extend_from_slice(&data);
    }
    reply.extend_from_slice(&[0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 203, 0, 113, 7]);
    reply
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_and_any_piece_of_it_is_none() {
        let (id, question) = question("Shop.example").unwrap();
        let reply = told(&question, 0, &["lb.Old.example"]);
        assert!(reply.starts_with(&id));
        let whole = Reply { known: true, aliases: vec!["lb.old.example".to_owned()] };
        assert_eq!(read(&reply), Some(whole));
        for length in 0..reply.len() {
            assert_eq!(read(&reply[..length]), None, "{length} bytes");
        }
        assert_eq!(read(&question), None, "a question is no answer");
        assert_eq!(read(&told(&question, 5, &[])), None, "refused");
        assert!(!read(&told(&question, 3, &[])).unwrap().known, "there is no such name");
    }

    #[test]
    fn a_hostile_answer_ends() {
        let (_, question) = question("a.example").unwrap();
        let mut circle = told(&question, 0, &["b.example"]);
        let at = question.len();
        (circle[at], circle[at + 1]) = (0xc0, u8::try_from(at).unwrap());
        assert_eq!(read(&circle), None);
        let mut flipped = 0;
        let reply = told(&question, 0, &["b.example", "c.example"]);
        for at in 0..reply.len() {
            for bit in 0..8 {
                let mut bad = reply.clone();
                bad[at] ^= 1 << bit;
                flipped += usize::from(read(&bad).is_some());
            }
        }
        assert!(flipped > 0);
        assert!(super::question(&"a.".repeat(200)).is_none() && super::question("a..b").is_none());
    }
}
