//! What leaves the house: deliveries are written in the transaction of what happened, made ready and handed over outside of
//! any, and their outcome is noted. Whoever receives them knows a repetition by the delivery's id: what a process could not
//! note any more is handed over again by another.

mod content;
mod folder;
mod list;
mod place;
mod queue;
mod replay;
mod run;
mod show;
mod view;

pub use folder::OutgoingFolder;
pub use place::{Adapter, Parcel, SendError};
pub(crate) use queue::{is_payment_by_hand, queue_statement};
pub(crate) use run::send_due;

use std::sync::Arc;

use valinta_domain::delivery::Channel;

use crate::app::App;
use crate::http::openapi::Route;
use crate::routes;

/// The operations on them.
pub fn routes() -> Vec<Route> {
    routes![list::list_deliveries, show::show_delivery, replay::replay_delivery]
}

impl App {
    /// The same service, which hands over what leaves the house by these. It is said once; what is said later changes nothing.
    #[must_use]
    pub fn with_outgoing(self, adapters: Vec<Arc<dyn Adapter>>) -> Self {
        let _ = self.outgoing().set(adapters);
        self
    }

    /// The channels by which this service can hand something over.
    pub(crate) fn channels(&self) -> Vec<Channel> {
        self.outgoing().get().into_iter().flatten().map(|adapter| adapter.channel()).collect()
    }

    /// What hands over by a channel.
    fn adapter(&self, channel: Channel) -> Option<Arc<dyn Adapter>> {
        self.outgoing().get()?.iter().find(|adapter| adapter.channel() == channel).map(Arc::clone)
    }
}
