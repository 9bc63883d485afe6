//! Clients' requests to be taken by a provider, where the rulebook lets the provider answer: made by choosing, confirmed,
//! refused, taken back, or ended by time.

mod confirm;
mod ended;
mod list;
mod refuse;
mod view;
mod withdraw;

pub(crate) use ended::{end_late, end_of_unit, end_of_voucher, tell_lapsed};
pub(crate) use view::HolderRequestView;

use valinta_domain::choice_request::RequestRefusal;

use crate::http::openapi::Route;
use crate::http::{Problem, ProblemKind};
use crate::routes;

/// The operations on them.
pub fn routes() -> Vec<Route> {
    routes![
        list::list_choice_requests,
        confirm::confirm_choice_request,
        refuse::refuse_choice_request,
        withdraw::withdraw_choice_request,
    ]
}

impl From<RequestRefusal> for Problem {
    fn from(refused: RequestRefusal) -> Self {
        let (code, detail) = match refused {
            RequestRefusal::Ended { state } => ("ended", format!("The request is {} already.", state.code())),
            RequestRefusal::Late { .. } => ("late", format!("It is too late: {refused}.")),
        };
        Self::new(ProblemKind::WrongState, detail).at("/path/id", code, refused)
    }
}
