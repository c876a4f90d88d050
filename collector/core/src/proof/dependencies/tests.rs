//! What belongs to the old side is found by name, alias and address, and only its own page clears it.

use super::*;

fn other() -> OtherSide {
    let mut other = OtherSide::default();
    other.host("Old.Shop.example.");
    other.host("*.assets.example");
    other.network("10.1.0.0".parse().expect("an address"), 16);
    other.network("2001:db8::1".parse().expect("an address"), 128);
    other
}

fn link<'a>(url: &'a str, host: &'a str) -> Shown<'a> {
    Shown { url, host, via: Via::Link }
}

#[test]
fn hosts_below_a_name_and_addresses_in_a_network_belong() {
    let other = other();
    for host in [
        "old.shop.example",
        "OLD.shop.example.",
        "a.assets.example",
        "b.a.assets.example",
        "10.1.255.9",
        "[2001:db8::1]",
        "::ffff:10.1.0.1",
    ] {
        assert!(other.owns(host), "{host}");
    }
    for host in ["shop.example", "x.old.shop.example", "assets.example", "10.2.0.1", "2001:db8::2", "", "."] {
        assert!(!other.owns(host), "{host}");
    }
}

#[test]
fn a_find_names_its_page_and_url_until_the_page_is_clean() {
    let mut pages = Dependencies::new(other(), 60_000);
    assert_eq!(pages.state(0), DependencyState::NoData);
    pages.look(0, "/", &[link("https://new.example/", "new.example")]);
    pages.look(0, "/cart", &[link("https://old.shop.example/x.js", "old.shop.example")]);
    assert_eq!(pages.state(0), DependencyState::Depends);
    let find = ("https://old.shop.example/x.js".to_owned(), "old.shop.example".to_owned(), Via::Link);
    assert_eq!(pages.finds().collect::<Vec<_>>(), [("/cart", &find)]);
    pages.look(10_000, "/", &[]);
    assert_eq!(pages.state(10_000), DependencyState::Depends, "another page clears nothing");
    pages.look(10_000, "/cart", &[]);
    assert_eq!(pages.state(10_000), DependencyState::Pass);
    pages.look(5_000, "/cart", &[link("https://old.shop.example/", "old.shop.example")]);
    assert_eq!(pages.state(10_000), DependencyState::Pass, "an older look says nothing new");
    pages.look(70_001, "/", &[]);
    assert_eq!(pages.state(70_001), DependencyState::Stale, "the cart was not looked at of late");
}

#[test]
fn two_looks_at_one_moment_both_count() {
    let old = [link("https://old.shop.example/", "old.shop.example")];
    let mut pages = Dependencies::new(other(), 60_000);
    pages.look(5, "/", &old);
    pages.look(5, "/", &[]);
    assert_eq!(pages.state(5), DependencyState::Depends);
}

#[test]
fn more_hosts_or_networks_than_are_kept_leave_no_page_clean() {
    let looked = |other: OtherSide| {
        let mut pages = Dependencies::new(other, 60_000);
        pages.look(0, "/", &[]);
        (pages.state(0), pages.overflown())
    };
    let of = |hosts: usize| {
        let mut other = OtherSide::default();
        (0..hosts).for_each(|host| other.host(&format!("{host}.old.example")));
        other
    };
    assert_eq!(looked(of(DECLARED)), (DependencyState::Pass, false));
    assert_eq!(looked(of(DECLARED + 1)), (DependencyState::NoData, true), "one of them is not looked for");
    let mut networks = OtherSide::default();
    (0..=DECLARED as u32).for_each(|number| networks.network(IpAddr::V4(number.into()), 32));
    assert_eq!(looked(networks), (DependencyState::NoData, true));
}

#[test]
fn more_pages_than_are_kept_are_never_clean() {
    let mut pages = Dependencies::new(other(), 60_000);
    (0..=PAGES).for_each(|page| pages.look(0, &format!("/{page}"), &[]));
    assert_eq!(pages.state(0), DependencyState::NoData);
}

#[test]
fn what_is_written_is_read_back() {
    let mut pages = Dependencies::new(other(), 60_000);
    pages.look(
        1,
        "/",
        &[Shown { url: "u", host: "10.1.2.3", via: Via::Address }, link("v", "q.assets.example")],
    );
    pages.look(2, "/b", &[]);
    let mut out = StateWriter::default();
    pages.write(&mut out);
    let words = out.into_words();
    assert_eq!(Dependencies::read(&mut StateReader::new(&words)), Ok(pages));
}
