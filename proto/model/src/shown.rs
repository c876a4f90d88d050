//! What a run's pages showed: links, redirects, names and addresses, as the sandbox noted them.
//!
//! The plugin has no part in it. A page is listed whether it showed something or not, because a page that
//! nobody looked at proves nothing about what it depends on.

/// How something else was reached from a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Via {
    /// The page names it.
    Link,
    /// The answer sends there.
    Redirect,
    /// The target's name is an alias of it.
    Alias,
    /// The target's name resolves to it.
    Address,
}

/// One thing that a page showed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Shown {
    /// The page, as it is in the list of pages.
    pub page: String,
    /// What was shown, without query and fragment.
    pub url: String,
    /// The host that it names, the alias, or the address in words; lower case, without a port.
    pub host: String,
    /// How it was reached.
    pub via: Via,
}

/// Everything that was noted of the pages of one run.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Pages {
    /// The pages that were looked at as a whole: address without query, and `*` for a part that names one
    /// order or customer.
    pub seen: Vec<String>,
    /// What they showed.
    pub shown: Vec<Shown>,
    /// More was shown than is listed here: nothing can be said to be absent.
    pub cut: bool,
}
