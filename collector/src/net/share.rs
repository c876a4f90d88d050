//! No one address takes all places of a listener.
//!
//! Whoever has not shown yet who they are is known by their address alone. One that opens connections
//! without end fills its own share, and everybody else still gets an answer.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// An address may have one place of so many.
const PARTS: usize = 4;

/// What each address has taken.
#[derive(Debug, Clone)]
pub(super) struct Shares {
    each: usize,
    taken: Arc<Mutex<HashMap<IpAddr, usize>>>,
}

/// One place; free again when this is dropped.
#[derive(Debug)]
pub(super) struct Share {
    of: Shares,
    who: IpAddr,
}

impl Shares {
    /// Of a listener with so many places.
    pub(super) fn of(places: usize) -> Shares {
        Shares { each: (places / PARTS).max(1), taken: Arc::default() }
    }

    /// A place for a connection from there; none when its share is taken.
    pub(super) fn take(&self, from: IpAddr) -> Option<Share> {
        let who = one(from);
        let mut taken = self.taken();
        let count = taken.entry(who).or_default();
        if *count >= self.each && !tidelock_model::mutated("an-address-has-its-share") {
            return None;
        }
        *count += 1;
        Some(Share { of: self.clone(), who })
    }

    fn taken(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut taken = self.of.taken();
        if let Some(count) = taken.get_mut(&self.who) {
            *count -= 1;
            if *count == 0 {
                taken.remove(&self.who);
            }
        }
    }
}

/// Who counts as one: an address, or the network of 64 bits that one host of IPv6 has to itself.
fn one(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(six) => match six.to_ipv4_mapped() {
            Some(four) => IpAddr::V4(four),
            None => IpAddr::V6(Ipv6Addr::from_bits(six.to_bits() & !u128::from(u64::MAX))),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn one_address_takes_its_share_and_leaves_the_rest() {
        let shares = Shares::of(8);
        let first = shares.take(ip("10.0.0.1")).unwrap();
        let _second = shares.take(ip("::ffff:10.0.0.1")).unwrap();
        assert!(shares.take(ip("10.0.0.1")).is_none(), "a third of two");
        assert!(shares.take(ip("10.0.0.2")).is_some(), "somebody else");
        drop(first);
        assert!(shares.take(ip("10.0.0.1")).is_some(), "a place was given back");
    }

    #[test]
    fn a_host_of_ipv6_is_its_network_and_nobody_is_remembered_who_left() {
        let shares = Shares::of(4);
        let one = shares.take(ip("2001:db8::1")).unwrap();
        assert!(shares.take(ip("2001:db8::ffff:1")).is_none(), "another address of the same network");
        assert!(shares.take(ip("2001:db8:0:1::1")).is_some());
        drop(one);
        assert!(shares.taken().is_empty(), "{:?}", shares.taken());
    }

    #[test]
    fn a_listener_of_one_place_still_lets_one_in() {
        let shares = Shares::of(1);
        assert!(shares.take(ip("10.0.0.1")).is_some());
    }
}
