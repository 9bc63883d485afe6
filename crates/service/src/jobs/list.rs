//! `GET /v1/jobs`: what the service does by itself, and what of it waits or has failed. It tells nobody's data.

use actix_web::{HttpResponse, get, web};
use serde::Serialize;
use valinta_domain::delivery::DeliveryState;
use valinta_domain::id::kind;
use valinta_domain::job::JobKind;
use valinta_domain::{Id, Moment};
use valinta_persistence::deliveries::{self, Open};
use valinta_persistence::jobs::{self, Job};

use crate::app::App;
use crate::http::permit::JobsRead;
use crate::http::{Permit, Problem};

/// Something that the service does by itself, again and again.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Job)]
pub(crate) struct JobView {
    /// What.
    kind: JobKind,
    /// When it is done next.
    due_at: Moment,
    /// Until when a process has it to itself, if one does.
    #[serde(skip_serializing_if = "Option::is_none")]
    taken_until: Option<Moment>,
    /// How often in a row it was begun without being done, one that is under way included.
    #[schema(minimum = 0)]
    failures: i32,
    /// When it was last begun.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_begun_at: Option<Moment>,
    /// When it was last done, or failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_ended_at: Option<Moment>,
    /// Why it failed, if it did the last time. The log says more.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 500)]
    last_error: Option<String>,
}

impl JobView {
    fn of(job: Job) -> Self {
        Self {
            kind: job.kind,
            due_at: job.due_at,
            taken_until: job.taken_until,
            failures: job.failures,
            last_begun_at: job.last_begun_at,
            last_ended_at: job.last_ended_at,
            last_error: job.last_error,
        }
    }
}

/// How many deliveries of an organiser wait, or were given up.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct OpenDeliveries {
    /// Whose.
    organiser: Id<kind::Organiser>,
    /// Where they stand: `waiting` or `dead`.
    state: DeliveryState,
    /// How many.
    #[schema(minimum = 1)]
    count: i64,
}

/// What the service does by itself.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct Jobs {
    /// Each kind of it.
    #[schema(max_items = 100)]
    jobs: Vec<JobView>,
    /// Whether the service has been told a place for what leaves the house. Without one it waits.
    has_place_for_deliveries: bool,
    /// What waits to be handed over, and what was given up. An organiser's own people have it tried again.
    #[schema(max_items = 1000)]
    deliveries: Vec<OpenDeliveries>,
}

/// Shows what the service does by itself, when next, and what has failed: for whoever runs it. Nobody's data is in it.
#[utoipa::path(
    tag = "operation",
    responses((status = 200, description = "The jobs, and what waits to be handed over.", body = Jobs)),
    security(("bearer" = ["jobs:read"])),
)]
#[get("/v1/jobs")]
pub(crate) async fn list_jobs(permit: Permit<JobsRead>, app: web::Data<App>) -> Result<HttpResponse, Problem> {
    let has_place_for_deliveries = !app.channels().is_empty();
    let view = app
        .read_as(permit.into_caller(), move |c, _| {
            let shown = |open: Open| OpenDeliveries { organiser: open.organiser, state: open.state, count: open.count };
            Ok(Jobs {
                jobs: jobs::list(c)?.into_iter().map(JobView::of).collect(),
                has_place_for_deliveries,
                deliveries: deliveries::open(c)?.into_iter().map(shown).collect(),
            })
        })
        .await?;
    Ok(HttpResponse::Ok().json(view))
}
