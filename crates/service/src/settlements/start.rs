//! `POST /v1/settlements`: finance settles a month.

use actix_web::{HttpResponse, post, web};
use serde::Deserialize;
use validator::Validate;
use valinta_domain::Day;
use valinta_domain::policy::Action;
use valinta_domain::settlement::SettleRefused;

use super::run::{begin, target_of};
use super::view::SettlementView;
use crate::app::{App, Reply};
use crate::deadlines;
use crate::http::openapi::StateProblems;
use crate::http::permit::SettlementsWrite;
use crate::http::{Errors, IdempotencyKey, Json, Parse, Permit, Problem, ProblemKind};

/// Which month is settled.
#[derive(Debug, Clone, Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StartSettlement {
    /// The first day of the month. It is over, and no later one is settled.
    month: Day,
}

impl Parse for StartSettlement {
    type Into = Day;

    fn parse(&self, _: &mut Errors) -> Option<Day> {
        Some(self.month)
    }
}

/// Settles a month: everything that is due of it, and of earlier ones that was not settled with them, is put on one
/// statement for each provider. It goes on after the answer; see where it stands by its address. What is recorded,
/// withdrawn or credited after the month is frozen is settled with a later one.
#[utoipa::path(
    tag = "settlements",
    params(IdempotencyKey),
    responses((status = 202, description = "It has begun.", body = SettlementView), StateProblems),
    security(("bearer" = ["settlements:write"])),
)]
#[post("/v1/settlements")]
pub(crate) async fn start_settlement(
    permit: Permit<SettlementsWrite>,
    app: web::Data<App>,
    key: IdempotencyKey,
    body: Json<StartSettlement>,
) -> Result<HttpResponse, Problem> {
    let bytes = body.bytes().to_vec();
    let month = body.into_inner();
    let response = app
        .command(permit.into_caller(), "start_settlement", &key, &bytes, move |c, cx| {
            let organiser = cx.own_organiser(c)?;
            cx.require(Action::Settle, &target_of(organiser.id))?;
            let run = begin(c, cx, &organiser, month)?;
            let location = format!("/v1/settlements/{}", run.id);
            Ok(Reply::accepted(location, SettlementView::of(run)))
        })
        .await?;
    // Whoever asked need not wait; should this process end before, another goes on where it was.
    let own = App::clone(&app);
    actix_web::rt::task::spawn_blocking(move || deadlines::settle(&own));
    Ok(response)
}

impl From<SettleRefused> for Problem {
    fn from(refused: SettleRefused) -> Self {
        match refused {
            SettleRefused::NotAMonth { .. } => Self::invalid(Vec::new()).at("/month", "not_a_month", refused),
            SettleRefused::NotOver { .. } | SettleRefused::Frozen { .. } => {
                Self::new(ProblemKind::WrongState, format!("The month cannot be settled: {refused}."))
            }
        }
    }
}
