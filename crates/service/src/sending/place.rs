//! What is handed over, and what a place must do that takes it. A place knows nothing of what is in a parcel.

use std::fmt;

use thiserror::Error;
use valinta_domain::delivery::{Channel, Failed};
use valinta_domain::id::kind;
use valinta_domain::{Day, Id};

/// Something that is handed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parcel {
    /// By which a receiver knows a repetition.
    pub id: Id<kind::Delivery>,
    /// Whose it is: the organiser's code.
    pub organiser: String,
    /// The first day of the month that it is of.
    pub month: Day,
    /// What it is called beside its id: small letters, digits and hyphens.
    pub name: String,
    /// What its bytes are, as files end.
    pub extension: &'static str,
    /// The bytes.
    pub content: Vec<u8>,
}

/// Why a place has not taken a parcel. It is shown to officials: it names no person, no folder and no address.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{said}")]
pub struct SendError {
    /// Whether trying again can help.
    pub failed: Failed,
    /// What was said.
    pub said: String,
}

/// Hands parcels over to a place outside. It is called by one process at a time for one parcel, and may be called again for a
/// parcel that it has handed over before: the place then has it once, as it was the first time.
pub trait Adapter: Send + Sync + fmt::Debug {
    /// By which channel.
    fn channel(&self) -> Channel;

    /// Hands a parcel over. When it comes back, the parcel is there also after a loss of power.
    ///
    /// # Errors
    /// The place has not taken it.
    fn send(&self, parcel: &Parcel) -> Result<(), SendError>;
}
