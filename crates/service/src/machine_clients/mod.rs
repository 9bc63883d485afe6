//! Programs that get tokens from the service itself: who they are, and by what they prove it.

mod add_credential;
mod end;
mod end_credential;
mod list;
mod register;
mod show;
mod view;
mod whose;

use crate::http::openapi::Route;
use crate::routes;

/// The operations on them.
pub fn routes() -> Vec<Route> {
    routes![
        register::register_machine_client,
        list::list_machine_clients,
        show::show_machine_client,
        end::end_machine_client,
        add_credential::add_machine_credential,
        end_credential::end_machine_credential,
    ]
}
