//! What a draft says so far, how it becomes what is recorded, and by when that is.

use serde::{Deserialize, Serialize};
use validator::Validate;
use valinta_domain::id::kind;
use valinta_domain::rulebook::draft_remind_days;
use valinta_domain::rules::Facts;
use valinta_domain::service_event::{EventKind, recording_deadline};
use valinta_domain::{Day, Id, Moment, Quantity};
use valinta_persistence::{Conn, choices, organisers, voucher_types, vouchers};

use super::super::request::{RecordCommand, RecordServiceEvent, VoucherRef};
use crate::cx::{day_at, found};
use crate::http::{Errors, Parse, Problem};
use crate::parse_as_is;
use crate::providers::registry_day;

/// Days after the month of service within which it is recorded, where no rulebook is known yet.
const DAYS_AFTER_MONTH: i64 = 60;

/// A service as far as it is known: any part may be missing until it is recorded.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DraftServiceEvent {
    /// Under which voucher.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    voucher: Option<Id<kind::Voucher>>,
    /// Day of service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    day: Option<Day>,
    /// How much, in the voucher's unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    quantity: Option<Quantity>,
    /// When it began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    started_at: Option<Moment>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ended_at: Option<Moment>,
    /// Facts of the service that the rulebook asks for.
    #[serde(default, skip_serializing_if = "Facts::is_empty")]
    facts: Facts,
    /// Who gave it, by the provider's own reference; no name.
    #[validate(length(min = 1, max = 64))]
    #[schema(min_length = 1, max_length = 64)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    worker: Option<String>,
    /// By what the provider knows the service.
    #[validate(length(min = 1, max = 64))]
    #[schema(min_length = 1, max_length = 64)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reference: Option<String>,
    /// What it was; a visit where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    kind: Option<EventKind>,
    /// When the client cancelled it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cancelled_at: Option<Moment>,
    /// Why the client missed it, by a code of the rulebook.
    #[validate(length(min = 1, max = 64))]
    #[schema(min_length = 1, max_length = 64)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason_code: Option<String>,
}
parse_as_is!(DraftServiceEvent);

/// By when a draft is to be recorded, and when its provider is reminded of it.
pub(super) struct Days {
    /// The last day for it.
    pub(super) deadline: Day,
    /// How many days before it the provider is reminded.
    pub(super) remind_days: Vec<u16>,
    /// Today, where the organiser is; in the registry of all organisers where none is known.
    pub(super) today: Day,
}

impl DraftServiceEvent {
    /// What is to be recorded, or everything that is missing or wrong.
    pub(super) fn finished(&self) -> Result<RecordCommand, Problem> {
        let mut errors = Errors::new();
        let wanted = "this is wanted before the service is recorded";
        for (pointer, is_missing) in self.missing() {
            if is_missing {
                errors.fail(pointer, "missing_field", wanted);
            }
        }
        let (Some(voucher), Some(day), Some(quantity)) = (self.voucher, self.day, self.quantity) else {
            errors.finish()?;
            return Err(Problem::internal("a draft lacks something that is not missing"));
        };
        let request = RecordServiceEvent {
            voucher: VoucherRef::Id(voucher),
            day,
            quantity,
            started_at: self.started_at,
            ended_at: self.ended_at,
            facts: self.facts.clone(),
            worker: self.worker.clone(),
            reference: self.reference.clone(),
            kind: self.kind.unwrap_or_default(),
            cancelled_at: self.cancelled_at,
            reason_code: self.reason_code.clone(),
        };
        let command = request.parse(&mut errors);
        errors.finish()?;
        command.ok_or_else(|| Problem::internal("a draft was refused without a failure"))
    }

    /// What every service has, and whether it is missing.
    fn missing(&self) -> [(&'static str, bool); 3] {
        [("/voucher", self.voucher.is_none()), ("/day", self.day.is_none()), ("/quantity", self.quantity.is_none())]
    }

    /// By when it is to be recorded, as the rulebook of its day says where voucher and day are known; else by the usual
    /// days, counted from the day on which it was begun, which it is no later than.
    pub(super) fn days(
        &self,
        c: &mut Conn,
        provider: Id<kind::Provider>,
        (begun_at, now): (Moment, Moment),
    ) -> Result<Days, Problem> {
        let usual = |day: Day| Days {
            deadline: day.first_of_next_month().plus_days(DAYS_AFTER_MONTH - 1),
            remind_days: draft_remind_days(),
            today: registry_day(now),
        };
        let begun_on = registry_day(begun_at);
        let Some(voucher) = self.voucher else { return Ok(usual(self.day.unwrap_or(begun_on))) };
        // Of a voucher that was never chosen with the provider, it is told nothing.
        let is_own = choices::of_voucher(c, voucher)?.iter().any(|choice| choice.provider == provider);
        let Some(stored) = vouchers::find(c, voucher)?.filter(|_| is_own) else {
            return Ok(usual(self.day.unwrap_or(begun_on)));
        };
        let organiser = found(organisers::find(c, stored.voucher.organiser)?)?;
        let day = match self.day {
            Some(day) => day,
            None => day_at(begun_at, &organiser)?,
        };
        let today = day_at(now, &organiser)?;
        let rulebook = voucher_types::rulebook_in_force(c, stored.voucher.voucher_type, day)?;
        Ok(match rulebook {
            Some(rulebook) => Days {
                deadline: recording_deadline(&rulebook.terms, day),
                remind_days: rulebook.terms.recording.draft_remind_days.clone(),
                today,
            },
            None => Days { today, ..usual(day) },
        })
    }
}
