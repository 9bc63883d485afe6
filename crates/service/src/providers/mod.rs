//! Providers: registered once, with their units, for every organiser.

mod add_unit;
mod change_view;
mod changes;
mod contacts;
mod decide_change;
mod fields;
mod history;
mod known;
mod list;
mod list_changes;
mod list_members;
mod mine;
mod private;
mod propose_change;
mod put_member;
mod register;
mod remove_member;
mod show;
mod tasks;
mod update;
mod view;
mod whose;
mod withdraw_change;

pub(crate) use add_unit::add_unit;
pub(crate) use fields::{each_once, not_blank, oid_is_free, oid_is_theirs, unless_oid_taken};
pub(crate) use list::PublicProviders;
pub(crate) use register::{RegisterCommand, register};
pub(crate) use view::{ProviderView, registry_day};
pub(crate) use whose::{target_of, told_who};

use crate::http::openapi::Route;
use crate::routes;

/// The operations on them.
pub fn routes() -> Vec<Route> {
    routes![
        register::register_provider,
        add_unit::add_service_unit,
        list::list_providers,
        mine::list_own_providers,
        known::list_known_providers,
        show::show_provider,
        update::update_provider,
        contacts::replace_provider_contacts,
        private::show_private_provider,
        tasks::list_provider_tasks,
        list_members::list_provider_members,
        put_member::put_provider_member,
        remove_member::remove_provider_member,
        propose_change::propose_provider_change,
        list_changes::list_provider_changes,
        decide_change::decide_provider_change,
        withdraw_change::withdraw_provider_change,
        history::list_provider_versions,
    ]
}
