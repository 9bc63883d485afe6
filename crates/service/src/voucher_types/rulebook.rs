//! `GET /v1/voucher-types/{id}/rulebook`: the rules in force on a day, for everyone.

use actix_web::{HttpResponse, get, web};
use serde::Deserialize;
use validator::Validate;
use valinta_domain::Day;
use valinta_domain::id::kind;
use valinta_persistence::{organisers, rulebooks, voucher_types};

use crate::app::App;
use crate::cx::{day_at, found};
use crate::http::{PathId, Problem, Query};
use crate::parse_as_is;
use crate::rulebooks::RulebookView;

/// For which day.
#[derive(Debug, Clone, Deserialize, Validate, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct AsOf {
    /// The day; today if nothing is said.
    #[param(inline)]
    as_of: Option<Day>,
}
parse_as_is!(AsOf);

/// Shows the rulebook that is in force on a day. Where none is, there is nothing to show.
#[utoipa::path(
    tag = "voucher types",
    responses((status = 200, description = "The rulebook.", body = RulebookView)),
    security(()),
)]
#[get("/v1/voucher-types/{id}/rulebook")]
pub(crate) async fn show_rulebook_in_force(
    app: web::Data<App>,
    path: PathId<kind::VoucherType>,
    query: Query<AsOf>,
) -> Result<HttpResponse, Problem> {
    let (id, as_of, now) = (path.id(), query.into_inner().as_of, app.clock().now());
    let (rulebook, today) = app
        .read(move |c| {
            let voucher_type = found(voucher_types::find(c, id)?)?;
            let organiser = found(organisers::find(c, voucher_type.organiser)?)?;
            let today = day_at(now, &organiser)?;
            let rulebook = found(rulebooks::rulebook_in_force(c, id, as_of.unwrap_or(today))?)?;
            Ok((rulebook, today))
        })
        .await?;
    Ok(HttpResponse::Ok().json(RulebookView::for_everyone(rulebook, today)))
}
