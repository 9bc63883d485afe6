//! To whom a provider belongs: to its members, and to the organisers that have to do with it.

use valinta_domain::Id;
use valinta_domain::id::kind;
use valinta_domain::policy::Target;
use valinta_persistence::{Conn, providers};

use crate::cx::Cx;
use crate::http::Problem;

/// A provider as a target. It is the caller's organiser's too where that has had an application of it or has brought it
/// in; what an organiser has nothing to do with is hidden from it.
pub(crate) fn target_of(c: &mut Conn, cx: &Cx, provider: Id<kind::Provider>) -> Result<Target, Problem> {
    let organiser = match cx.actor().organiser {
        Some(organiser) if providers::is_known_to(c, provider, organiser)? => Some(organiser),
        _ => None,
    };
    Ok(Target { organiser, provider: Some(provider), person: None })
}
