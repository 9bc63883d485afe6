//! `POST /v1/voucher-types/{id}/eligibility`: how somebody stands against the criteria of a voucher type.

use actix_web::{HttpResponse, post, web};
use serde::{Deserialize, Serialize};
use validator::Validate;
use valinta_domain::id::kind;
use valinta_domain::rules::{Facts, Finding, Standing, examine};
use valinta_domain::{Day, Id};

use super::published::{ByRulebook, check_facts, published};
use crate::app::App;
use crate::http::{Json, PathId, Problem};
use crate::parse_as_is;

/// Of whom it is asked.
#[derive(Debug, Clone, Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CheckEligibility {
    /// What is known of the client. What is not given makes a criterion unknown.
    #[serde(default)]
    facts: Facts,
    /// As of which day: today if nothing is said, or later.
    #[serde(default)]
    as_of: Option<Day>,
}
parse_as_is!(CheckEligibility);

/// How the criteria came out.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ClientEligibility {
    /// Of which voucher type.
    voucher_type: Id<kind::VoucherType>,
    /// By which rulebook version.
    rulebook: ByRulebook,
    /// As of which day.
    day: Day,
    /// Not met if one is not met; else unknown if one is unknown; else met.
    standing: Standing,
    /// One for each criterion, in the rulebook's order, with the facts that are missing.
    #[schema(max_items = 100)]
    findings: Vec<Finding>,
}

/// Tells how a client of whom this is known would stand against a voucher type's criteria, each met, not met or unknown, by
/// the rulebook in force. Decides nothing and stores nothing. Whether the value rule grants a voucher as well is said by an
/// estimate.
#[utoipa::path(
    tag = "estimates",
    responses((status = 200, description = "How the criteria came out.", body = ClientEligibility)),
    security(()),
)]
#[post("/v1/voucher-types/{id}/eligibility")]
pub(crate) async fn check_eligibility(
    app: web::Data<App>,
    path: PathId<kind::VoucherType>,
    body: Json<CheckEligibility>,
) -> Result<HttpResponse, Problem> {
    let (id, now) = (path.id(), app.clock().now());
    let CheckEligibility { facts, as_of } = body.into_inner();
    let by = app.read(move |c| published(c, id, as_of, now)).await?;
    let terms = &by.rulebook.terms;
    check_facts(terms, &facts)?;
    let findings = examine(&terms.eligibility.client, &facts);
    Ok(HttpResponse::Ok().json(ClientEligibility {
        voucher_type: id,
        rulebook: ByRulebook::of(&by.rulebook),
        day: by.day,
        standing: findings.standing,
        findings: findings.findings,
    }))
}
