//! Who sees which evidence: a provider's members all of it, an organiser that knows the provider what it asks for.

use valinta_domain::Id;
use valinta_domain::evidence::Evidence;
use valinta_domain::id::kind;
use valinta_domain::policy::{Action, Target};
use valinta_persistence::evidence::{AskedFor, asked_for};
use valinta_persistence::organisers::Organiser;
use valinta_persistence::{Conn, organisers};

use crate::cx::{Cx, found};
use crate::http::Problem;
use crate::providers::target_of;

/// What a caller sees of a provider's evidence.
#[derive(Debug, Clone)]
pub(crate) enum Sight {
    /// All of it, and what every organiser found.
    Member,
    /// What the organiser asks for, and what it found itself.
    Organiser(Box<Organiser>, AskedFor),
}

impl Sight {
    /// Goes on if the piece is seen.
    ///
    /// # Errors
    /// It is not (404).
    pub(crate) fn require(&self, piece: &Evidence) -> Result<(), Problem> {
        match self {
            Self::Member => Ok(()),
            Self::Organiser(_, asked) if asked.covers(piece) => Ok(()),
            Self::Organiser(..) => Err(Problem::not_found()),
        }
    }
}

/// What the caller sees of a provider's evidence.
///
/// # Errors
/// The provider is not the caller's (404), or not for the role (403).
pub(crate) fn sight_of(c: &mut Conn, cx: &Cx, provider: Id<kind::Provider>) -> Result<(Target, Sight), Problem> {
    let target = target_of(c, cx, provider)?;
    cx.require(Action::ReadProvider, &target)?;
    let sight = match cx.actor().organiser {
        None => Sight::Member,
        Some(id) => Sight::Organiser(Box::new(found(organisers::find(c, id)?)?), asked_for(c, id)?),
    };
    Ok((target, sight))
}
