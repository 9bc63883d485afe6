//! To whom a provider belongs: to its members, and to the organisers that have to do with it.

use valinta_domain::Id;
use valinta_domain::id::kind;
use valinta_domain::policy::Target;
use valinta_persistence::{Conn, providers};

use super::view::registry_day;
use crate::cx::Cx;
use crate::http::{Problem, ProblemKind};

/// A provider as a target. It is the caller's organiser's too where that knows it ([`providers::is_known_to`]); what an
/// organiser has nothing to do with is hidden from it.
pub(crate) fn target_of(c: &mut Conn, cx: &Cx, provider: Id<kind::Provider>) -> Result<Target, Problem> {
    let organiser = match cx.actor().organiser {
        Some(organiser) if providers::is_known_to(c, provider, organiser, registry_day(cx.now()))? => Some(organiser),
        _ => None,
    };
    Ok(Target { organiser, provider: Some(provider), person: None })
}

/// Goes on if the caller's organiser has to do with the provider now; a provider's own always has.
///
/// # Errors
/// It has not: `forbidden`, since it knows the provider.
pub(super) fn require_relation(c: &mut Conn, cx: &Cx, provider: Id<kind::Provider>) -> Result<(), Problem> {
    let Some(organiser) = cx.actor().organiser else { return Ok(()) };
    if providers::has_relation_with(c, provider, organiser, registry_day(cx.now()))? {
        return Ok(());
    }
    let why = "This is for an organiser where the provider is approved or has an application under way.";
    Err(Problem::new(ProblemKind::Forbidden, why))
}

/// Who did something, as it is told to the caller. An official's name is for the official's own organiser alone: everyone
/// else is told for which organiser it was done.
pub(crate) fn told_who(cx: &Cx, by: String, organiser: Option<Id<kind::Organiser>>) -> Option<String> {
    let told = organiser.is_none_or(|organiser| cx.actor().organiser == Some(organiser));
    told.then_some(by)
}
