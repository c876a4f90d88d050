//! Mistakes that somebody could make around the machine. Each must be found.

/// One seeded mistake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Bug {
    /// The journal appends whatever was decided, whoever came in between.
    NoCompareAndSet,
    /// The operator says that the fence is taken back, and does not do it.
    SkipsAnUndo,
    /// The way back's position is read after the target was opened.
    ReadsPositionLate,
    /// What was under way at a crash is simply carried out again.
    RepeatsABegunStep,
    /// What was done first is taken back first.
    UndoesForward,
    /// The collector does not look at the number of the lease.
    IgnoresOldLease,
    /// A run goes back though its point of no return is passed.
    TurnsAfterNoReturn,
    /// Nobody counts for how long writes are shut.
    IgnoresTheBudget,
    /// A step is taken for proved because its command ended well.
    BelievesTheCommand,
    /// The target is opened before the source is fenced.
    OpensBeforeTheFence,
    /// A command goes on though its operator's lease has ended.
    OutlivesItsLease,
    /// Anybody may take a lease that somebody else holds.
    TakesAnyLease,
    /// Nobody answers what only a person can know.
    NobodySettles,
    /// The catch-up reads how far it is while writes are still on their way.
    ReadsWhileWritesArrive,
}

impl Bug {
    pub(crate) const ALL: &[Bug] = &[
        Bug::NoCompareAndSet,
        Bug::SkipsAnUndo,
        Bug::ReadsPositionLate,
        Bug::RepeatsABegunStep,
        Bug::UndoesForward,
        Bug::IgnoresOldLease,
        Bug::TurnsAfterNoReturn,
        Bug::IgnoresTheBudget,
        Bug::BelievesTheCommand,
        Bug::OpensBeforeTheFence,
        Bug::OutlivesItsLease,
        Bug::TakesAnyLease,
        Bug::NobodySettles,
        Bug::ReadsWhileWritesArrive,
    ];
}
