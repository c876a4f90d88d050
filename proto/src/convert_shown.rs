//! What the pages of a run showed, in both directions.

use std::collections::BTreeSet;

use tidelock_model::{Pages, Shown, Via};

use crate::convert::{at_most, bad, text};
use crate::{Conv, Limits, v1};

/// Takes the three fields of a finding. Something shown by a page that is not listed is refused: nobody
/// would ever look at that page again.
pub(crate) fn pages_from_wire(pages: Vec<String>, shown: Vec<v1::Shown>, cut: bool) -> Conv<Pages> {
    at_most("pages", &pages, Limits::SHOWN)?;
    at_most("shown", &shown, Limits::SHOWN)?;
    let seen = pages.into_iter().map(|page| address("pages", page)).collect::<Conv<Vec<_>>>()?;
    let known: BTreeSet<&str> = seen.iter().map(String::as_str).collect();
    if known.len() < seen.len() {
        return bad("pages", "a page is there twice");
    }
    let shown = (shown.into_iter().enumerate())
        .map(|(i, one)| shown_from_wire(one, &known).map_err(|error| error.within("shown", i)))
        .collect::<Conv<Vec<_>>>()?;
    Ok(Pages { seen, shown, cut })
}

fn shown_from_wire(wire: v1::Shown, known: &BTreeSet<&str>) -> Conv<Shown> {
    if !known.contains(wire.page.as_str()) {
        return bad("page", "is not in the list of pages");
    }
    let via = match v1::Via::try_from(wire.via) {
        Ok(v1::Via::Link) => Via::Link,
        Ok(v1::Via::Redirect) => Via::Redirect,
        Ok(v1::Via::Alias) => Via::Alias,
        Ok(v1::Via::Address) => Via::Address,
        Ok(v1::Via::Unspecified) | Err(_) => {
            return bad("via", "is neither link, redirect, alias nor address");
        }
    };
    Ok(Shown { page: wire.page, url: address("url", wire.url)?, host: address("host", wire.host)?, via })
}

fn address(place: &str, value: String) -> Conv<String> {
    if value.is_empty() {
        return bad(place, "is empty");
    }
    text(place, value, Limits::URL_BYTES)
}

pub(crate) fn shown_to_wire(shown: Shown) -> v1::Shown {
    let via = match shown.via {
        Via::Link => v1::Via::Link,
        Via::Redirect => v1::Via::Redirect,
        Via::Alias => v1::Via::Alias,
        Via::Address => v1::Via::Address,
    };
    v1::Shown { page: shown.page, url: shown.url, host: shown.host, via: via.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(page: &str, host: &str, via: v1::Via) -> v1::Shown {
        v1::Shown {
            page: page.to_owned(),
            url: format!("https://{host}/x"),
            host: host.to_owned(),
            via: via.into(),
        }
    }

    #[test]
    fn what_goes_out_comes_in_as_it_was() {
        let pages = vec!["https://shop.example/".to_owned(), "https://shop.example/cart".to_owned()];
        let all = [v1::Via::Link, v1::Via::Redirect, v1::Via::Alias, v1::Via::Address];
        let wire: Vec<v1::Shown> = all.map(|via| shown(&pages[1], "old.example", via)).to_vec();
        let taken = pages_from_wire(pages.clone(), wire.clone(), true).unwrap();
        assert_eq!((&taken.seen, taken.cut), (&pages, true));
        let back: Vec<v1::Shown> = taken.shown.into_iter().map(shown_to_wire).collect();
        assert_eq!(back, wire);
    }

    #[test]
    fn what_does_not_fit_is_refused_with_its_place() {
        let pages = || vec!["https://shop.example/".to_owned()];
        let link = |page: &str| shown(page, "old.example", v1::Via::Link);
        let refused = |pages, shown| pages_from_wire(pages, shown, false).unwrap_err().to_string();
        let cases = [
            (refused(vec!["x".repeat(513)], vec![]), "pages: has 513 bytes"),
            (refused(vec![String::new()], vec![]), "pages: is empty"),
            (refused((0..65).map(|n| n.to_string()).collect(), vec![]), "pages: has 65 entries"),
            (refused([pages(), pages()].concat(), vec![]), "pages: a page is there twice"),
            (refused(pages(), vec![link(&pages()[0]); 65]), "shown: has 65 entries"),
            (refused(pages(), vec![link("elsewhere")]), "shown[0].page: is not in the list of pages"),
            (refused(pages(), vec![v1::Shown { via: 9, ..link(&pages()[0]) }]), "shown[0].via: is neither"),
            (
                refused(pages(), vec![v1::Shown { host: String::new(), ..link(&pages()[0]) }]),
                "shown[0].host: is empty",
            ),
            (
                refused(pages(), vec![v1::Shown { url: "\u{1b}[2J".to_owned(), ..link(&pages()[0]) }]),
                "shown[0].url: has a control character",
            ),
        ];
        for (why, want) in cases {
            assert!(why.starts_with(want), "{why:?}, expected {want:?}");
        }
    }
}
