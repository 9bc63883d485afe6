//! `POST /v1/value-rules/evaluate`: what a value rule comes to on facts, and who would pay what, with every step.

use std::time::Duration;

use actix_web::{HttpResponse, post, web};
use serde::Deserialize;
use tokio::sync::Semaphore;
use validator::{Validate, ValidationErrors};
use valinta_domain::rules::{Trial, TrialOutcome, trial};

use crate::http::{Json, Problem, ProblemKind};
use crate::parse_as_is;

/// Trials that are computed at once. Anyone can ask for them, so they are not to take all there is.
const AT_ONCE: usize = 2;
/// The longest that a trial waits for its turn.
const WAIT_MAX: Duration = Duration::from_secs(5);

static TURNS: Semaphore = Semaphore::const_new(AT_ONCE);

/// A trial as it comes in. Its shape, its lengths and its figures are looked at by the domain, all at once.
#[derive(Debug, Clone, Deserialize)]
#[serde(transparent)]
pub(crate) struct EvaluateValueRule(Trial);
parse_as_is!(EvaluateValueRule);

impl Validate for EvaluateValueRule {
    fn validate(&self) -> Result<(), ValidationErrors> {
        Ok(())
    }
}

/// Tries out a value rule: what it comes to on facts, what of it can be asked of whom at a price, and how that came about.
/// It takes what a rulebook takes and checks it likewise. Nothing is stored, and the same request always has the same
/// answer.
///
/// Amounts are plain decimals of whichever currency the rule is in. A fact that is not given is treated as the rule says.
#[utoipa::path(
    tag = "value-rules",
    request_body(
        content = Trial,
        examples(
            ("by income" = (
                summary = "A value that falls as income rises, and who pays what of 20 hours",
                value = json!({
                    "rule": {"income_reduction": {
                        "minimum": "8.00", "maximum": "36.00", "divisor": 40,
                        "households": [
                            {"income_limit": "700.00", "percent": "35"},
                            {"income_limit": "1300.00", "percent": "22"},
                        ],
                    }},
                    "facts": {"gross_income_per_month": "1650.00", "household_size": 1},
                    "price": "38.50",
                    "quantity": "20",
                }),
            )),
            ("by a fact of its own" = (
                summary = "A value by the distance, a fact that the rulebook declares, and a co-payment that it fixes",
                value = json!({
                    "fact_terms": [
                        {
                            "name": "distance_km", "kind": "number", "maximum": "500",
                            "text": {
                                "fi": "matka kotiin kilometreinä", "sv": "avståndet till hemmet i kilometer",
                                "en": "distance to the home in kilometres",
                            },
                        },
                    ],
                    "rule": {"sum": {"of": [
                        {"flat": {"value": "30.00"}},
                        {"bands": {
                            "fact": "distance_km",
                            "bands": [{"up_to": "10", "then": {"flat": {"value": "0.00"}}}],
                            "above": {"flat": {"value": "6.50"}},
                            "missing": {"flat": {"value": "0.00"}},
                        }},
                    ]}},
                    "co_payment": {"flat": {"value": "5.00"}},
                    "facts": {"distance_km": "12.4"},
                    "quantity": "3",
                }),
            )),
        ),
    ),
    responses((status = 200, description = "What it came to.", body = TrialOutcome)),
    security(()),
)]
#[post("/v1/value-rules/evaluate")]
pub(crate) async fn evaluate_value_rule(body: Json<EvaluateValueRule>) -> Result<HttpResponse, Problem> {
    let EvaluateValueRule(asked) = body.into_inner();
    let busy = || Problem::new(ProblemKind::Unavailable, "Too many rules are being tried out; please try again soon.");
    let turn = tokio::time::timeout(WAIT_MAX, TURNS.acquire()).await.map_err(|_| busy())?.map_err(|_| busy())?;
    // Large rules take some milliseconds, in which others are not to wait.
    let outcome = web::block(move || {
        let _turn = turn;
        trial(&asked)
    });
    match outcome.await.map_err(Problem::internal)? {
        Ok(outcome) => Ok(HttpResponse::Ok().json(outcome)),
        Err(faults) => Err(faults.iter().fold(Problem::invalid(Vec::new()), |problem, fault| {
            problem.at(&fault.pointer, fault.code, &fault.detail)
        })),
    }
}
