//! Webhooks: organisers and providers are called when something happens, each in the order of `GET /v1/events`, signed as
//! Standard Webhooks 1.0 has it. A webhook is a place in that order, so that nothing is lost while its receiver is away.

mod address;
mod call;
mod calls;
mod enable;
mod end;
mod list;
mod make;
mod rotate;
mod run;
mod set_position;
mod show;
mod view;
mod whose;

pub use call::{WebhookCaller, WebhookNetworks};
pub(crate) use run::tell_due;
pub(crate) use whose::turn_off_all_of;

use std::sync::Arc;

use crate::app::App;
use crate::http::openapi::Route;
use crate::routes;

/// The operations on them.
pub fn routes() -> Vec<Route> {
    routes![
        make::make_webhook,
        list::list_webhooks,
        show::show_webhook,
        calls::list_webhook_calls,
        rotate::rotate_webhook_secret,
        set_position::set_webhook_position,
        enable::enable_webhook,
        end::end_webhook,
    ]
}

impl App {
    /// The same service, which calls webhooks so. It is said once; what is said later changes nothing.
    #[must_use]
    pub fn with_webhooks(self, caller: WebhookCaller) -> Self {
        let _ = self.webhook_caller_cell().set(Arc::new(caller));
        self
    }

    /// By what webhooks are called; by what calls public addresses alone, where nothing was said.
    pub(crate) fn webhook_caller(&self) -> Arc<WebhookCaller> {
        let public_alone = || Arc::new(WebhookCaller::new(WebhookNetworks::default()));
        Arc::clone(self.webhook_caller_cell().get_or_init(public_alone))
    }
}
