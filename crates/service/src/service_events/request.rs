//! What a provider says of a service when it records it, and what that is parsed into. Decides nothing.

use serde::Deserialize;
use validator::Validate;
use valinta_domain::id::kind;
use valinta_domain::identifiers::VoucherNumber;
use valinta_domain::rules::Facts;
use valinta_domain::service_event::{EventKind, Missed};
use valinta_domain::{Day, Id, Moment, Quantity};
use valinta_persistence::service_events::ServiceEvent;

use crate::http::{Errors, Parse};

/// A service delivered, or a visit that the client missed.
#[derive(Debug, Clone, Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RecordServiceEvent {
    /// Under which voucher: its id, or the number that the client gave; of that, small letters, blanks and hyphens do not
    /// matter.
    #[schema(value_type = String, min_length = 1, max_length = 64, example = "7K2M-09XB-4TVN-C8R2")]
    pub(super) voucher: VoucherRef,
    /// Day of service.
    pub(super) day: Day,
    /// How much, in the voucher's unit.
    pub(super) quantity: Quantity,
    /// When it began. Start and end are given together; hours between them must make the quantity.
    #[serde(default)]
    pub(super) started_at: Option<Moment>,
    /// When it ended.
    #[serde(default)]
    pub(super) ended_at: Option<Moment>,
    /// Facts of the service that the rulebook asks for, such as `item`: which item of the price list it was.
    #[serde(default)]
    pub(super) facts: Facts,
    /// Who gave it, by the provider's own reference, such as a number in its roster; no name. Nobody is in two places at
    /// once: what overlaps is looked at before it is settled.
    #[validate(length(min = 1, max = 64))]
    #[schema(min_length = 1, max_length = 64, pattern = "^[!-~]+$")]
    #[serde(default)]
    pub(super) worker: Option<String>,
    /// By what the provider knows the service, each service by another one: the same once more is not recorded again, and
    /// another service by it is refused. It stays taken where the service is withdrawn.
    #[validate(length(min = 1, max = 64))]
    #[schema(min_length = 1, max_length = 64, pattern = "^[!-~]+$")]
    #[serde(default)]
    pub(super) reference: Option<String>,
    /// What it was. Where the client missed a visit, day, quantity, start and end are those that were agreed, and it is
    /// charged as the rulebook's `recording.missed` says.
    #[serde(default)]
    pub(super) kind: EventKind,
    /// When the client cancelled it; of a late cancellation alone.
    #[serde(default)]
    pub(super) cancelled_at: Option<Moment>,
    /// Why the client missed it, by a code of the rulebook.
    #[validate(length(min = 1, max = 64))]
    #[schema(min_length = 1, max_length = 64, example = "not_at_home")]
    #[serde(default)]
    pub(super) reason_code: Option<String>,
}

/// A voucher, as whoever records a service knows it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub(crate) enum VoucherRef {
    Id(Id<kind::Voucher>),
    Number(VoucherNumber),
}

impl TryFrom<String> for VoucherRef {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        if let Ok(id) = text.parse() {
            return Ok(Self::Id(id));
        }
        text.parse().map(Self::Number).map_err(|_| "this is neither the id of a voucher nor its number")
    }
}

/// What is to be recorded.
#[derive(Debug, Clone)]
pub(crate) struct RecordCommand {
    pub(crate) voucher: VoucherRef,
    pub(crate) day: Day,
    pub(crate) quantity: Quantity,
    pub(crate) span: Option<(Moment, Moment)>,
    pub(crate) facts: Facts,
    pub(crate) worker: Option<String>,
    pub(crate) reference: Option<String>,
    pub(crate) missed: Option<Missed>,
}

impl RecordCommand {
    /// Whether it says of a service under a voucher what was recorded of it.
    pub(super) fn is_of(&self, voucher: Id<kind::Voucher>, event: &ServiceEvent) -> bool {
        let micros = |span: Option<(Moment, Moment)>| span.map(|(start, end)| (start.micros(), end.micros()));
        let missed = |missed: &Option<Missed>| {
            missed.as_ref().map(|it| (it.cancelled_at.map(Moment::micros), it.reason.clone()))
        };
        voucher == event.voucher
            && self.day == event.day
            && self.quantity == event.quantity
            && micros(self.span) == micros(event.span)
            && self.facts == event.facts
            && self.worker == event.worker
            && self.reference == event.reference
            && missed(&self.missed) == missed(&event.missed)
    }
}

impl Parse for RecordServiceEvent {
    type Into = RecordCommand;

    fn parse(&self, errors: &mut Errors) -> Option<RecordCommand> {
        let span = match (self.started_at, self.ended_at) {
            (Some(start), Some(end)) => Some(Some((start, end))),
            (None, None) => Some(None),
            (Some(_), None) => {
                errors.fail("/ended_at", "missing_field", "start and end are given together");
                None
            }
            (None, Some(_)) => {
                errors.fail("/started_at", "missing_field", "start and end are given together");
                None
            }
        };
        let worker = plain(errors, "/worker", self.worker.as_ref());
        let reference = plain(errors, "/reference", self.reference.as_ref());
        let missed = self.missed(errors);
        Some(RecordCommand {
            voucher: self.voucher.clone(),
            day: self.day,
            quantity: self.quantity,
            span: span?,
            facts: self.facts.clone(),
            worker: worker?,
            reference: reference?,
            missed: missed?,
        })
    }
}

impl RecordServiceEvent {
    /// What is said of a visit that was missed: of each kind what it wants, and nothing else.
    fn missed(&self, errors: &mut Errors) -> Option<Option<Missed>> {
        let (cancels, is_missed) = (self.kind == EventKind::LateCancellation, self.kind != EventKind::Visit);
        let mut check = |pointer, is_given: bool, is_wanted: bool, why_wanted, why_not| match (is_given, is_wanted) {
            (false, true) => errors.fail(pointer, "missing_field", why_wanted),
            (true, false) => errors.fail(pointer, "contradiction", why_not),
            (true, true) | (false, false) => {}
        };
        check(
            "/cancelled_at",
            self.cancelled_at.is_some(),
            cancels,
            "a late cancellation says when it was cancelled",
            "only what is recorded as a late_cancellation was cancelled",
        );
        check(
            "/reason_code",
            self.reason_code.is_some(),
            is_missed,
            "a visit that was missed has a reason, by a code of the rulebook",
            "a visit that was given has no reason why it was missed",
        );
        if self.cancelled_at.is_some() != cancels || self.reason_code.is_some() != is_missed {
            return None;
        }
        let reason = self.reason_code.clone();
        Some(reason.map(|reason| Missed { cancelled_at: self.cancelled_at, reason }))
    }
}

/// What is wrong with a reference.
const NOT_PLAIN: &str = "a reference of the provider's has visible ASCII characters alone, and no blanks";

/// A reference of the provider's own.
fn plain(errors: &mut Errors, pointer: &str, text: Option<&String>) -> Option<Option<String>> {
    let is_plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_graphic());
    let plain = |text: &String| if is_plain(text) { Ok(text.clone()) } else { Err(NOT_PLAIN) };
    errors.take_optional(pointer, text.map(plain))
}
