//! Who may call what: one table, and nothing beside it.

use tidelock_core::{Asker, AskerKind};
use tidelock_model::{Name, Phase, mutated};
use tonic::Status;

use super::errors;
use crate::access::{Grant, Role};

/// The calls about gates.
const GATES: &str = "/tidelock.v1.GateService";

/// What a call does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    /// Looks at gates, status, events, plans, agents.
    Look,
    /// Runs a check once, now, on the agents.
    RunCheck,
    /// The same with other settings than the plan's.
    RunCheckWith,
    /// Takes the token of an open gate.
    Confirm,
    /// Reports where traffic is.
    ReportSwitch,
    /// Gives or refuses a decision.
    Decide,
    /// Shuts every gate.
    Hold,
    /// Takes that back.
    Release,
    /// Reports a manual check.
    Manual,
    /// Gives the migration up.
    Abort,
    /// Says that an environment is on another revision.
    SetRevision,
    /// Walks a runbook.
    Run,
    /// Says what became of a step, or turns a run back.
    SayOfStep,
    /// Switches cutovers on or off.
    SetCutovers,
    /// Says that there is no way back any more.
    SetFact,
    /// Opens a gate over named holds.
    Override,
    /// Says what becomes of a row that only the target has.
    SettleLeftover,
    /// Puts a plan in force.
    ApplyPlan,
    /// Confirms a looser plan that another proposed.
    ConfirmPlan,
    /// Brings a component.
    PushComponent,
    /// Takes a component's bytes home.
    PullComponent,
    /// Gives, lists and takes access.
    Access,
    /// Lets agents join, and revokes them.
    Agents,
}

impl Action {
    /// Every action.
    pub const ALL: [Action; 23] = [
        Action::Look,
        Action::RunCheck,
        Action::RunCheckWith,
        Action::Confirm,
        Action::ReportSwitch,
        Action::Decide,
        Action::Hold,
        Action::Release,
        Action::Manual,
        Action::Abort,
        Action::SetRevision,
        Action::Run,
        Action::SayOfStep,
        Action::SetCutovers,
        Action::SetFact,
        Action::Override,
        Action::SettleLeftover,
        Action::ApplyPlan,
        Action::ConfirmPlan,
        Action::PushComponent,
        Action::PullComponent,
        Action::Access,
        Action::Agents,
    ];

    /// The table. What a person may do is narrowed by the plan, in the core.
    fn allowed(self, role: Role) -> bool {
        match self {
            Action::Look => true,
            Action::Confirm | Action::ReportSwitch | Action::SetRevision | Action::Run => {
                matches!(role, Role::Pipeline | Role::Person | Role::Operator)
            }
            Action::Decide
            | Action::Hold
            | Action::Release
            | Action::Manual
            | Action::Abort
            | Action::SayOfStep
            | Action::SetCutovers
            | Action::SetFact
            | Action::Override
            | Action::SettleLeftover
            | Action::RunCheck
            | Action::PullComponent
            | Action::ConfirmPlan => matches!(role, Role::Person | Role::Operator),
            // Other settings make another check of it, and only an operator puts one in force.
            Action::RunCheckWith
            | Action::ApplyPlan
            | Action::PushComponent
            | Action::Access
            | Action::Agents => role == Role::Operator,
        }
    }
}

/// A signed-in caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    grant: Grant,
}

impl Caller {
    /// The caller of a live grant.
    pub fn new(grant: Grant) -> Caller {
        Caller { grant }
    }

    /// What their access is.
    pub fn role(&self) -> Role {
        self.grant.role
    }

    /// The name that is journaled.
    pub fn subject(&self) -> &Name {
        &self.grant.subject
    }

    /// The one migration that the grant is for.
    pub fn bound_to(&self) -> Option<&Name> {
        self.grant.migration.as_ref()
    }

    /// The grant's name.
    pub fn grant_id(&self) -> &str {
        &self.grant.id
    }

    /// Lets the call through, or says why not.
    ///
    /// # Errors
    /// Another migration looks like none at all; a role that does not do is named.
    pub fn may(&self, action: Action, migration: Option<&Name>) -> Result<(), Status> {
        if let Some(bound) = &self.grant.migration
            && migration != Some(bound)
        {
            return Err(match migration {
                Some(other) => errors::not_of_access(other, bound),
                None => {
                    errors::denied("this token is bound to one migration and this call is about all of them")
                }
            });
        }
        if action.allowed(self.grant.role) {
            return Ok(());
        }
        let role = self.grant.role.word();
        Err(errors::denied(&format!("a {role} may not do this; ask an operator for other access")))
    }

    /// Lets the call at that path through, where the access is for one gate alone.
    ///
    /// # Errors
    /// When the call is about more than a gate.
    pub(super) fn may_call(&self, path: &str) -> Result<(), Status> {
        let Some(gate) = self.grant.gate else { return Ok(()) };
        let asks = ["/GetGate", "/WatchGate", "/ConfirmCutover"].map(|call| format!("{GATES}{call}"));
        let plain = path.starts_with("/v1/") && path.contains("/gates/");
        if plain || asks.iter().any(|call| call == path) || mutated("a-token-of-one-gate") {
            return Ok(());
        }
        Err(errors::denied(&format!("this token may ask for the gate {gate} and nothing else")))
    }

    /// Lets the question for a gate through.
    ///
    /// # Errors
    /// When the access is for another gate alone.
    pub(super) fn may_ask(&self, gate: Phase) -> Result<(), Status> {
        match self.grant.gate.filter(|one| *one != gate && !mutated("a-token-asks-its-own-gate")) {
            Some(one) => {
                Err(errors::denied(&format!("this token may ask for the gate {one}, and not for {gate}")))
            }
            None => Ok(()),
        }
    }

    /// The migrations that the caller sees.
    pub fn sees(&self, migration: &Name) -> bool {
        self.grant.migration.as_ref().is_none_or(|bound| bound == migration)
    }

    /// Who asks, as the core takes it. Whoever the plan names as a person decides as that person.
    pub fn asker(&self, people: impl Fn(&Name) -> bool) -> Asker {
        let kind = match self.grant.role {
            Role::Pipeline => AskerKind::Pipeline,
            Role::Person => AskerKind::Person,
            Role::Operator if people(&self.grant.subject) => AskerKind::Person,
            Role::Operator | Role::Viewer => AskerKind::Operator,
        };
        Asker { name: self.grant.subject.clone(), kind }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_as_a_whole() {
        let row =
            |role| -> Vec<Action> { Action::ALL.into_iter().filter(|action| action.allowed(role)).collect() };
        assert_eq!(row(Role::Viewer), [Action::Look]);
        assert_eq!(
            row(Role::Pipeline),
            [Action::Look, Action::Confirm, Action::ReportSwitch, Action::SetRevision, Action::Run]
        );
        assert_eq!(row(Role::Person).len(), 18);
        assert!(!row(Role::Person).contains(&Action::ApplyPlan));
        assert_eq!(row(Role::Operator), Action::ALL);
    }
}
