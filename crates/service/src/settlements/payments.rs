//! `GET /v1/settlements/{id}/payments`: what the bank is asked to pay for a month.

use std::collections::HashSet;

use actix_web::{HttpResponse, get, web};
use serde_json::json;
use valinta_domain::id::kind;
use valinta_domain::policy::Action;
use valinta_domain::settlement::StatementState;
use valinta_persistence::settlements;
use valinta_persistence::statements::{self, StatementFilter, Whose};

use super::run::target_of;
use crate::app::App;
use crate::cx::found;
use crate::http::permit::SettlementsWrite;
use crate::http::{PathId, Permit, Problem, ProblemKind};
use crate::sending::is_payment_by_hand;
use crate::statements::documents::pain::{Account, PAYMENTS_MAX, Payment, PaymentError, PaymentOrder, message};
use crate::statements::whole;

/// Writes what the bank is asked to pay for a month: the statements that were sent and are not noted as paid, as an ISO 20022
/// credit transfer (pain.001.001.09). The same statements make the same message, which a bank takes once. Statements whose
/// payment the service hands over by itself are left out, or they would be paid twice; see the deliveries.
#[utoipa::path(
    tag = "settlements",
    responses((status = 200, description = "The message.", content_type = "application/xml", body = String)),
    security(("bearer" = ["settlements:write"])),
)]
#[get("/v1/settlements/{id}/payments")]
pub(crate) async fn show_settlement_payments(
    permit: Permit<SettlementsWrite>,
    app: web::Data<App>,
    path: PathId<kind::Settlement>,
) -> Result<HttpResponse, Problem> {
    let (id, channels) = (path.id(), app.channels());
    let order = app
        .read_noted(permit.into_caller(), move |c, cx| {
            let run = found(settlements::find(c, id)?)?;
            let target = target_of(run.organiser);
            cx.require(Action::Settle, &target)?;
            let filter = StatementFilter {
                settlement: Some(id),
                state: Some(StatementState::Sent),
                ..StatementFilter::default()
            };
            let most = i64::try_from(PAYMENTS_MAX).map_err(Problem::internal)?.saturating_add(1);
            let mut sent = statements::list(c, &Whose::Organiser(run.organiser), &filter, None, most)?;
            let mut by_hand = HashSet::new();
            for stored in &sent {
                if is_payment_by_hand(c, stored.id, &channels)? {
                    by_hand.insert(stored.id);
                }
            }
            sent.retain(|stored| by_hand.contains(&stored.id));
            let (mut payments, mut debtor) = (Vec::new(), None);
            for stored in &sent {
                let statement = whole::without_lines(c, cx, stored)?;
                debtor = debtor.or_else(|| Account::of(&statement.organiser));
                payments.extend(Payment::of_head(&statement, stored.payable)?);
            }
            let debtor = debtor.ok_or(PaymentError::NoPayments)?;
            // The last of them tells the message from one that is made when another statement was sent.
            let latest = sent.iter().filter_map(|stored| stored.sent.as_ref().map(|(_, at)| *at)).max();
            let created_at = latest.unwrap_or(run.started_at);
            let marked = u128::from(created_at.micros().unsigned_abs());
            let message_id = format!("{}-{marked:x}", run.month);
            cx.audit(
                "show_settlement_payments",
                ("settlement", id.uuid()),
                &target,
                json!({"payments": payments.len()}),
            );
            Ok(PaymentOrder { message_id, created_at, debtor, payments })
        })
        .await?;
    let written = message(&order)?;
    Ok(HttpResponse::Ok().content_type("application/xml; charset=utf-8").body(written))
}

impl From<PaymentError> for Problem {
    fn from(refused: PaymentError) -> Self {
        Self::new(ProblemKind::WrongState, format!("There is nothing for a bank: {refused}."))
    }
}
