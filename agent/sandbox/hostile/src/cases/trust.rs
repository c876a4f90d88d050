//! Components that are well made, and not what they are signed as.

use super::Case;
use crate::guest::Guest;

pub(crate) const CASES: &[Case] = &[
    (37, "same-name-and-version", || Guest::new("(nop) (i32.const 1024)").made()),
    (38, "of-a-revoked-key", || Guest::new("(nop) (nop) (i32.const 1024)").made()),
    (39, "with-the-signature-of-another", || Guest::new("(nop) (nop) (nop) (i32.const 1024)").made()),
];
