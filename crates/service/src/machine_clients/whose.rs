//! Whose a program is: an organiser's are the operator's to register, a provider's its admins'. So nobody gives a program
//! more than is theirs to give.

use serde_json::json;
use valinta_domain::Id;
use valinta_domain::id::kind;
use valinta_domain::policy::{Action, Role, Target};
use valinta_persistence::machine_clients::{ActsFor, MachineClient};
use valinta_persistence::{Conn, machine_clients};

use crate::cx::{Cx, found};
use crate::http::{Problem, ProblemKind};

/// Goes on if the caller keeps the programs of whom this one acts for.
pub(super) fn require(cx: &Cx, acts_for: ActsFor) -> Result<Target, Problem> {
    match acts_for {
        // The operator's own scope permits it: organisers have no one else for it.
        ActsFor::Organiser(organiser) if cx.actor().role == Role::Operator => {
            Ok(Target { organiser: Some(organiser), ..Target::default() })
        }
        ActsFor::Organiser(_) => Err(Problem::not_found()),
        ActsFor::Provider(provider) => {
            let target = Target { provider: Some(provider), ..Target::default() };
            cx.require(Action::ManageMachineClients, &target)?;
            Ok(target)
        }
    }
}

/// A program that the caller keeps, as it stands.
pub(super) fn kept(c: &mut Conn, cx: &Cx, id: Id<kind::MachineClient>) -> Result<(MachineClient, Target), Problem> {
    let client = found(machine_clients::find(c, id)?)?;
    let target = require(cx, client.acts_for)?;
    Ok((client, target))
}

/// Notes what was done to a program.
pub(super) fn note(cx: &Cx, action: &'static str, client: &MachineClient, target: &Target) {
    let details = json!({"name": client.name, "role": client.role});
    cx.audit(action, ("machine_client", client.id.uuid()), target, details);
}

/// Refuses what can be done only to one that is not ended.
pub(super) fn is_over() -> Problem {
    Problem::new(ProblemKind::WrongState, "It has been ended already.")
}
