//! Which journal this is, so that parts of two cannot be mixed.

use std::{io, path::Path};

use ring::rand::{SecureRandom, SystemRandom};

use super::small::{self, Small};

const MAGIC: &[u8; 4] = b"TLI1";

/// The identity of a journal, if it has one.
pub(crate) fn read(path: &Path) -> io::Result<Option<Result<[u8; 16], ()>>> {
    Ok(match small::read(path, MAGIC, 16)? {
        Small::Missing => None,
        Small::Empty | Small::Damaged => Some(Err(())),
        Small::Content(bytes) => Some(bytes.try_into().map_err(|_| ())),
    })
}

/// Gives a new journal its identity.
pub(crate) fn create(path: &Path) -> io::Result<[u8; 16]> {
    let mut id = [0; 16];
    SystemRandom::new().fill(&mut id).map_err(|_| io::Error::other("the system gives no random bytes"))?;
    small::write(path, MAGIC, &id)?;
    Ok(id)
}
