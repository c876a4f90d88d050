//! The ways in which a shop can be broken while `/healthz` goes on saying 200.

use std::fmt;
use std::str::FromStr;
use std::sync::atomic::{AtomicU32, Ordering};

/// One switchable fault. `/healthz` stays 200 under each of them but [`Fault::Down`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The consumers are gone and the queues fill.
    Queue,
    /// Orders can be taken but not processed: each ends in `orders-dlq`.
    DeadLetter,
    /// The monitoring account of the broker sees no queue at all.
    Blind,
    /// Any password is right.
    Login,
    /// The login answers as it should, but the session is known to nobody.
    Session,
    /// The logout says goodbye and ends nothing.
    Logout,
    /// The checkout returns an order number, and no order is kept.
    Checkout,
    /// The checkout answers 500.
    Payment,
    /// The order costs one euro more than the cart.
    Total,
    /// The idempotency key is ignored: sent twice is ordered twice.
    Double,
    /// `invoice-nightly` runs here, whoever owns it.
    Cron,
    /// Each answer takes a second and a half.
    Slow,
    /// Everything answers 503.
    Down,
}

impl Fault {
    /// Every fault there is.
    pub const ALL: [Fault; 13] = [
        Fault::Queue,
        Fault::DeadLetter,
        Fault::Blind,
        Fault::Login,
        Fault::Session,
        Fault::Logout,
        Fault::Checkout,
        Fault::Payment,
        Fault::Total,
        Fault::Double,
        Fault::Cron,
        Fault::Slow,
        Fault::Down,
    ];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Fault::Queue => "queue",
            Fault::DeadLetter => "dead-letter",
            Fault::Blind => "blind",
            Fault::Login => "login",
            Fault::Session => "session",
            Fault::Logout => "logout",
            Fault::Checkout => "checkout",
            Fault::Payment => "payment",
            Fault::Total => "total",
            Fault::Double => "double",
            Fault::Cron => "cron",
            Fault::Slow => "slow",
            Fault::Down => "down",
        }
    }

    /// What it does, in one sentence for people.
    pub fn explain(self) -> &'static str {
        match self {
            Fault::Queue => "the order queue has no consumer and fills",
            Fault::DeadLetter => "orders cannot be processed and end in orders-dlq",
            Fault::Blind => "the monitoring account sees no queues",
            Fault::Login => "any password is accepted",
            Fault::Session => "the login works, the session does not",
            Fault::Logout => "the logout ends nothing",
            Fault::Checkout => "the checkout returns an order number and keeps no order",
            Fault::Payment => "the checkout answers 500",
            Fault::Total => "the order costs one euro more than the cart",
            Fault::Double => "an order that is sent twice is made twice",
            Fault::Cron => "invoice-nightly runs here, whoever owns it",
            Fault::Slow => "each answer takes 1.5 s",
            Fault::Down => "everything answers 503",
        }
    }

    fn bit(self) -> u32 {
        1 << (self as u32)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Fault {
    type Err = String;

    fn from_str(word: &str) -> Result<Fault, String> {
        Fault::ALL.into_iter().find(|fault| fault.as_str() == word).ok_or_else(|| {
            let known: Vec<&str> = Fault::ALL.into_iter().map(Fault::as_str).collect();
            format!("no fault is named {word:?}: it is one of {}", known.join(", "))
        })
    }
}

/// The faults that are switched on in one shop.
#[derive(Debug, Default)]
pub(crate) struct Faults(AtomicU32);

impl Faults {
    pub(crate) fn has(&self, fault: Fault) -> bool {
        self.0.load(Ordering::Relaxed) & fault.bit() != 0
    }

    pub(crate) fn set(&self, fault: Fault, on: bool) {
        if on {
            self.0.fetch_or(fault.bit(), Ordering::Relaxed);
        } else {
            self.0.fetch_and(!fault.bit(), Ordering::Relaxed);
        }
    }

    pub(crate) fn names(&self) -> Vec<&'static str> {
        Fault::ALL.into_iter().filter(|fault| self.has(*fault)).map(Fault::as_str).collect()
    }
}
