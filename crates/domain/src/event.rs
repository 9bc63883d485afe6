//! What others may hear of: kinds of what happens, who hears of each, and the place that each has in the order in which all
//! of it is told. Owns the names; what is in an event is said where it happens, in ids and states and never in personal data.

use serde::{Deserialize, Serialize};

use crate::id::{Id, kind};
use crate::policy::{Role, Scope, Target};

macro_rules! events {
    ($($scope:ident: $($(#[$doc:meta])* $name:ident = $code:tt),+;)+) => {
        /// What has happened.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
        pub enum EventKind { $($($(#[$doc])* #[serde(rename = $code)] $name,)+)+ }

        impl EventKind {
            /// All kinds.
            pub const ALL: [Self; [$($($code),+),+].len()] = [$($(Self::$name),+),+];

            /// The name on the wire and in the database.
            pub const fn code(self) -> &'static str {
                match self { $($(Self::$name => $code,)+)+ }
            }

            /// By which scope it is read what the event is about: that is who is told of it.
            pub const fn scope(self) -> Scope {
                match self { $($(Self::$name)|+ => Scope::$scope,)+ }
            }
        }
    };
}

events! {
    EventsRead:
        /// A voucher type was published.
        VoucherTypePublished = "voucher_type.published",
        /// A version of a rulebook was adopted.
        RulebookAdopted = "rulebook.adopted",
        /// A condition of an approval is not met any more: it is interrupted.
        ApprovalLapsed = "approval.lapsed",
        /// The conditions of an approval are met again.
        ApprovalRestored = "approval.restored",
        /// A suspension of an approval has begun.
        ApprovalSuspended = "approval.suspended",
        /// A suspension was lifted.
        ApprovalResumed = "approval.resumed",
        /// An approval was replaced by another.
        ApprovalReplaced = "approval.replaced",
        /// An approval was ended by its provider or by the organiser.
        ApprovalEnded = "approval.ended",
        /// An approval was cancelled as a measure.
        ApprovalCancelled = "approval.cancelled",
        /// An offering was published.
        OfferingPublished = "offering.published",
        /// What an offering says was changed.
        OfferingReplaced = "offering.replaced",
        /// A price was set, from a day on.
        OfferingPriceSet = "offering.price_set",
        /// A price is not allowed by a rulebook that comes into force.
        OfferingPriceNotAllowed = "offering.price_not_allowed";
    ProvidersRead:
        /// A provider was registered.
        ProviderRegistered = "provider.registered",
        /// What the register says of a provider was changed.
        ProviderChanged = "provider.changed",
        /// A provider's contacts were changed.
        ProviderContactsChanged = "provider.contacts_changed",
        /// Somebody became a provider's member.
        ProviderMemberAdded = "provider.member_added",
        /// A member's role was changed.
        ProviderMemberChanged = "provider.member_changed",
        /// A member was removed.
        ProviderMemberRemoved = "provider.member_removed",
        /// A provider proposed a change that organisers decide on.
        ProviderChangeProposed = "provider.change_proposed",
        /// A proposed change was withdrawn.
        ProviderChangeWithdrawn = "provider.change_withdrawn",
        /// A proposed change was decided on.
        ProviderChangeDecided = "provider.change_decided",
        /// A provider added a unit.
        ServiceUnitAdded = "service_unit.added",
        /// A unit was changed.
        ServiceUnitChanged = "service_unit.changed",
        /// Many providers or units were brought in at once.
        RegistryImported = "registry.imported",
        /// A provider gave evidence of something.
        EvidenceGiven = "evidence.given",
        /// An organiser checked a piece of evidence.
        EvidenceChecked = "evidence.checked",
        /// A piece of evidence was withdrawn.
        EvidenceWithdrawn = "evidence.withdrawn",
        /// A piece of evidence expires soon.
        EvidenceExpiring = "evidence.expiring";
    ApplicationsRead:
        /// A provider submitted an application.
        ApplicationSubmitted = "application.submitted",
        /// The organiser asked for more.
        ApplicationInformationRequested = "application.information_requested",
        /// An application was withdrawn.
        ApplicationWithdrawn = "application.withdrawn",
        /// An application was decided on.
        ApplicationDecided = "application.decided";
    SupervisionRead:
        /// A finding was opened.
        FindingOpened = "finding.opened",
        /// The provider answered a finding.
        FindingAnswered = "finding.answered",
        /// A finding was not put right in time.
        FindingDeadlinePassed = "finding.deadline_passed",
        /// A finding was closed.
        FindingClosed = "finding.closed",
        /// The provider is heard about a measure.
        MeasureOpened = "measure.opened",
        /// The provider replied in a hearing.
        MeasureReplied = "measure.replied",
        /// The time to reply in a hearing is over.
        MeasureHearingOver = "measure.hearing_over",
        /// A measure was decided on.
        MeasureDecided = "measure.decided",
        /// The deadline that a measure set has passed.
        MeasureDeadlinePassed = "measure.deadline_passed",
        /// A measure was withdrawn.
        MeasureWithdrawn = "measure.withdrawn";
    RulebooksWrite:
        /// A version of a rulebook was proposed.
        RulebookProposed = "rulebook.proposed",
        /// A proposed version was returned to its draft.
        RulebookReturned = "rulebook.returned";
    MandatesRead:
        /// A mandate to act for a client was recorded.
        MandateRecorded = "mandate.recorded",
        /// A mandate was ended.
        MandateEnded = "mandate.ended";
    VouchersRead:
        /// A voucher was issued: it is on offer to its holder.
        VoucherOffered = "voucher.offered",
        /// It was decided that a voucher is not granted.
        VoucherNotGranted = "voucher.not_granted",
        /// The holder accepted a voucher.
        VoucherAccepted = "voucher.accepted",
        /// The holder refused a voucher.
        VoucherRefused = "voucher.refused",
        /// A provider was chosen with a voucher.
        VoucherChosen = "voucher.chosen",
        /// A voucher is valid for longer.
        VoucherExtended = "voucher.extended",
        /// A voucher grants more, or is worth more.
        VoucherRaised = "voucher.raised",
        /// A voucher grants less.
        VoucherReduced = "voucher.reduced",
        /// A voucher was cancelled.
        VoucherCancelled = "voucher.cancelled",
        /// The unit that was chosen cannot go on: the holder chooses again.
        VoucherMustChooseAgain = "voucher.must_choose_again",
        /// The unit that was chosen serves again.
        VoucherUnitResumed = "voucher.unit_resumed",
        /// A voucher ends soon.
        VoucherExpiring = "voucher.expiring",
        /// A voucher has ended.
        VoucherExpired = "voucher.expired",
        /// What was left of a voucher has returned to the organiser.
        VoucherUnusedReturned = "voucher.unused_returned",
        /// A choice begins soon or today.
        ChoiceBeginning = "choice.beginning",
        /// A choice ends.
        ChoiceEnding = "choice.ending",
        /// A holder asks a provider to serve.
        ChoiceRequestMade = "choice_request.made",
        /// The provider confirmed.
        ChoiceRequestConfirmed = "choice_request.confirmed",
        /// The provider refused.
        ChoiceRequestRefused = "choice_request.refused",
        /// The request was withdrawn.
        ChoiceRequestWithdrawn = "choice_request.withdrawn",
        /// The request was not answered in time.
        ChoiceRequestLapsed = "choice_request.lapsed";
    VouchersWrite:
        /// Vouchers that were asked for at once are all decided on.
        VoucherBatchEnded = "voucher_batch.ended";
    ServiceEventsRead:
        /// A service was recorded.
        ServiceEventRecorded = "service_event.recorded",
        /// Something about a recorded service is to be looked at.
        ServiceEventFlagged = "service_event.flagged",
        /// What was flagged was accepted.
        ServiceEventAccepted = "service_event.accepted",
        /// The client contests a service.
        ServiceEventContested = "service_event.contested",
        /// The organiser asks the provider about a service.
        ServiceEventQueried = "service_event.queried",
        /// The provider answered.
        ServiceEventAnswered = "service_event.answered",
        /// What was contested was dismissed.
        ServiceEventDismissed = "service_event.dismissed",
        /// What was contested was upheld.
        ServiceEventUpheld = "service_event.upheld",
        /// A service was withdrawn.
        ServiceEventWithdrawn = "service_event.withdrawn",
        /// A part of a service was credited.
        ServiceEventCredited = "service_event.credited",
        /// A service was valued anew.
        ServiceEventRevalued = "service_event.revalued";
    ServiceEventsWrite:
        /// A service that was begun is to be finished soon.
        ServiceEventDraftDue = "service_event_draft.due",
        /// A service that was begun cannot be recorded any more.
        ServiceEventDraftTooLate = "service_event_draft.too_late";
    StatementsRead:
        /// A month is settled.
        SettlementFrozen = "settlement.frozen",
        /// A statement of a month was made.
        StatementMade = "statement.made",
        /// A statement was approved.
        StatementApproved = "statement.approved",
        /// A statement was handed over.
        StatementSent = "statement.sent",
        /// A statement was paid.
        StatementPaid = "statement.paid";
    WebhooksRead:
        /// A webhook was turned off: it had failed for long, or was not there any more, or the program that made it was ended.
        WebhookDisabled = "webhook.disabled";
}

impl EventKind {
    /// The kind of a name.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    /// The kinds that a role can be told of: those of what it can read.
    pub fn told_to(role: Role) -> Vec<Self> {
        Self::ALL.into_iter().filter(|kind| kind.scope().roles().contains(&role)).collect()
    }

    /// The kinds that a token is told of: those of what it can read.
    pub fn told_by(scopes: &[Scope]) -> Vec<Self> {
        Self::ALL.into_iter().filter(|kind| scopes.contains(&kind.scope())).collect()
    }
}

/// Who hears of an event: whose the thing is that it is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Hearers {
    /// The organiser.
    pub organiser: Option<Id<kind::Organiser>>,
    /// The provider.
    pub provider: Option<Id<kind::Provider>>,
}

impl Hearers {
    /// An organiser and a provider.
    pub const fn both(organiser: Id<kind::Organiser>, provider: Id<kind::Provider>) -> Self {
        Self { organiser: Some(organiser), provider: Some(provider) }
    }
}

impl From<&Target> for Hearers {
    fn from(target: &Target) -> Self {
        Self { organiser: target.organiser, provider: target.provider }
    }
}

impl From<Id<kind::Organiser>> for Hearers {
    fn from(organiser: Id<kind::Organiser>) -> Self {
        Self { organiser: Some(organiser), provider: None }
    }
}

impl From<Id<kind::Provider>> for Hearers {
    fn from(provider: Id<kind::Provider>) -> Self {
        Self { organiser: None, provider: Some(provider) }
    }
}

/// A place in the order in which events are told. It grows, and what has a place is never told anew before another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position(pub i64);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back_and_say_what_happened_to_what() {
        for kind in EventKind::ALL {
            assert_eq!(EventKind::from_code(kind.code()), Some(kind));
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.code());
            let (subject, what) = kind.code().split_once('.').unwrap();
            assert!(!subject.is_empty() && !what.is_empty() && kind.code().len() <= 64);
        }
    }
}
