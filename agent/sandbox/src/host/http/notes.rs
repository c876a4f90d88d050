//! Notes what the pages of a run show: where they link and redirect to, and what their names resolve to.
//!
//! The claim that nothing on the new side still comes from the old one rests on this, so that what is left
//! out is said: `cut` means that nothing can be said to be absent. A page that answers with an error was not
//! looked at. Places are listed once a run, by the first page that shows them, and again by other pages
//! only where there is room: the claim is about all pages together.

use std::collections::{BTreeMap, BTreeSet};

use http::header::{CONTENT_TYPE, HeaderMap, LINK, LOCATION, REFRESH};

use super::exchange::Answer;
use super::links::{Link, Links};
use crate::grants::origin::Origin;
use crate::host::Shared;
use crate::protocol::wire::{WirePages, WireShown, WireVia};
use crate::report::clean;
use crate::result::{MAX_PAGES, MAX_SHOWN, MAX_URL_BYTES};
use crate::secret::Scrubber;

/// Names of targets in one run whose aliases are asked for.
const MAX_NAMES: usize = 8;
/// The longest part of a path that stands for itself when it has a digit.
const MAX_PLAIN_BYTES: usize = 12;
/// Bodies that name no other place.
const NOT_TEXT: [&str; 5] = ["image/", "video/", "audio/", "font/", "application/octet-stream"];

/// What the pages of one run showed so far.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    pages: Vec<String>,
    /// Each place once.
    first: Vec<WireShown>,
    /// The same places, shown by other pages.
    more: Vec<WireShown>,
    known: BTreeSet<(String, WireVia)>,
    known_of_page: BTreeSet<(String, String, WireVia)>,
    /// Names that were called: the page where one was, and its address.
    names: BTreeMap<String, (String, String)>,
    cut: bool,
}

impl Notes {
    /// Looks at one answer of a target.
    pub(super) fn look(&mut self, origin: &Origin, path: &str, answer: &Answer, scrubber: &Scrubber) {
        if answer.status >= 400 {
            return;
        }
        let page = name(origin, &scrubber.text(path.to_owned()));
        if !self.pages.contains(&page) {
            if self.pages.len() == MAX_PAGES {
                self.cut = true;
                return;
            }
            self.pages.push(page.clone());
        }
        let mut note = |link: Link, via: WireVia| {
            if !is_own(origin, &link) {
                self.add(&page, link.url, link.host, via, scrubber);
            }
        };
        for place in answer.headers.get_all(LOCATION) {
            let absolute = [b"\"", place.as_bytes()].concat();
            Links::new(&absolute, origin.tls).take(1).for_each(|link| note(link, WireVia::Redirect));
        }
        for header in [LINK, REFRESH] {
            for value in answer.headers.get_all(header) {
                Links::new(value.as_bytes(), origin.tls).for_each(|link| note(link, WireVia::Link));
            }
        }
        if is_text(&answer.headers) {
            Links::new(&answer.body, origin.tls).for_each(|link| note(link, WireVia::Link));
        }
        // Its letters are two bytes wide: nothing would be found in it.
        self.cut |= content_type(&answer.headers).contains("utf-16");
        for address in &answer.resolved.addresses {
            let host = address.to_canonical().to_string();
            self.add(&page, origin.to_string(), host, WireVia::Address, scrubber);
        }
        if origin.literal().is_none() && !self.names.contains_key(&origin.host) {
            if self.names.len() == MAX_NAMES {
                self.cut = true;
                return;
            }
            self.names.insert(origin.host.clone(), (page, origin.to_string()));
        }
    }

    fn add(&mut self, page: &str, url: String, host: String, via: WireVia, scrubber: &Scrubber) {
        let place = (host, via);
        let new = !self.known.contains(&place);
        let room = if new { self.first.len() < MAX_SHOWN } else { self.more.len() < MAX_SHOWN };
        if !room {
            self.cut |= new;
            return;
        }
        let of_page = (page.to_owned(), place.0.clone(), via);
        if !self.known_of_page.insert(of_page) {
            return;
        }
        let fit = |text: String| clean(&scrubber.text(text), MAX_URL_BYTES);
        let shown = WireShown { page: page.to_owned(), url: fit(url), host: fit(place.0.clone()), via };
        if new {
            self.known.insert(place);
            self.first.push(shown);
        } else {
            self.more.push(shown);
        }
    }

    /// All that was noted, with the aliases of the names that were called. They are asked for here, when the
    /// plugin has ended, so that no time that was measured has them in it.
    pub(crate) async fn finish(mut self, shared: &Shared, scrubber: &Scrubber) -> WirePages {
        for (host, (page, url)) in std::mem::take(&mut self.names) {
            let Some(aliases) = shared.aliases(&host).await else {
                self.cut = true;
                continue;
            };
            for alias in aliases {
                self.add(&page, url.clone(), alias, WireVia::Alias, scrubber);
            }
        }
        self.told()
    }

    fn told(self) -> WirePages {
        let shown = self.first.into_iter().chain(self.more).take(MAX_SHOWN).collect();
        WirePages { seen: self.pages, shown, cut: self.cut }
    }
}

/// The same place under another scheme is still the same place.
fn is_own(origin: &Origin, link: &Link) -> bool {
    let usual = |port: u16| matches!(port, 80 | 443);
    link.host == origin.host && (link.port == origin.port || usual(link.port) && usual(origin.port))
}

fn content_type(headers: &HeaderMap) -> String {
    let value = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    value.unwrap_or_default().to_ascii_lowercase()
}

fn is_text(headers: &HeaderMap) -> bool {
    let kind = content_type(headers);
    // Pictures made of XML have links like any page.
    kind.contains("xml") || !NOT_TEXT.iter().any(|not| kind.starts_with(not))
}

/// The page's address: no query, and `*` for what names one order or customer. Otherwise every order would
/// be a page of its own that nobody ever looks at again.
fn name(origin: &Origin, path: &str) -> String {
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let parts: Vec<&str> = path.split('/').map(|part| if is_one_thing(part) { "*" } else { part }).collect();
    clean(&format!("{origin}{}", parts.join("/")), MAX_URL_BYTES)
}

fn is_one_thing(part: &str) -> bool {
    let digit = part.bytes().any(|byte| byte.is_ascii_digit());
    let hex = |byte: u8| byte.is_ascii_hexdigit() || byte == b'-';
    let number = part.bytes().all(|byte| byte.is_ascii_digit());
    digit && (number || part.len() >= 8 && part.bytes().all(hex) || part.len() > MAX_PLAIN_BYTES)
}

#[cfg(test)]
mod tests;
