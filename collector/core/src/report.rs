//! What stays of a migration: its phases, and how long each scenario was in which state.
