//! The usual trigger of a rollback: three failures one after the other.

/// Fires at the third failure of the target in a row.
#[derive(Debug, Default)]
pub(crate) struct ThreeInARow(u32);

impl ThreeInARow {
    /// Takes one result; true where it fires.
    pub(crate) fn result(&mut self, ok: bool) -> bool {
        self.0 = if ok { 0 } else { self.0 + 1 };
        self.0 >= 3
    }
}
