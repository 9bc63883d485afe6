//! Why requirements of approvals lapsed or will, in words for those concerned: the provider, and the organiser's staff. What
//! that is found from is read once for many approvals. Everyone else is not told.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use serde::Serialize;
use valinta_domain::approval::{Known, LapseCause, LapseReason, Piece, lapse_reason};
use valinta_domain::evidence::{CheckOutcome, Evidence, EvidenceCheck, held};
use valinta_domain::id::kind;
use valinta_domain::rulebook::Requirement;
use valinta_domain::valuation::Versions;
use valinta_domain::{Day, Id, Period};
use valinta_persistence::approvals::Approval;
use valinta_persistence::organisers::Organiser;
use valinta_persistence::{Conn, evidence, organisers, rulebooks};

use crate::cx::{day_at, found};
use crate::http::Problem;

/// Why a requirement lapsed. Nothing is said where that is not known, nor of what is no lapse.
#[derive(Debug, Default, Serialize, utoipa::ToSchema)]
pub(crate) struct LapseReasonView {
    /// Why the requirement is not shown to hold from the first day on.
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<LapseCause>,
    /// The piece of evidence that showed it last, that was rejected, or that does not show it.
    #[serde(skip_serializing_if = "Option::is_none")]
    evidence: Option<Id<kind::Evidence>>,
    /// The last day that this piece itself names.
    #[serde(skip_serializing_if = "Option::is_none")]
    valid_until: Option<Day>,
    /// Why the organiser rejected it, as its officer wrote.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 4000)]
    note: Option<String>,
}

impl LapseReasonView {
    pub(crate) fn of(reason: Option<LapseReason>) -> Self {
        reason.map_or_else(Self::default, |reason| Self {
            cause: Some(reason.cause),
            evidence: reason.evidence,
            valid_until: reason.valid_until,
            note: reason.note,
        })
    }
}

/// What of an approval its lapses are explained by.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Subject {
    /// Whose approval it is.
    pub(crate) organiser: Id<kind::Organiser>,
    /// Who is approved.
    pub(crate) provider: Id<kind::Provider>,
    /// Which unit.
    pub(crate) unit: Id<kind::ServiceUnit>,
    /// For what.
    pub(crate) voucher_type: Id<kind::VoucherType>,
    /// Its first day.
    pub(crate) approved_from: Day,
}

impl From<&Approval> for Subject {
    fn from(approval: &Approval) -> Self {
        Self {
            organiser: approval.organiser,
            provider: approval.provider,
            unit: approval.unit,
            voucher_type: approval.voucher_type,
            approved_from: approval.valid_from,
        }
    }
}

/// An organiser that looks at evidence, and the provider whose it is.
type Between = (Id<kind::Organiser>, Id<kind::Provider>);

/// What approvals of one organiser, provider or voucher type have in common, read once.
#[derive(Default)]
pub(super) struct Common {
    organisers: HashMap<Id<kind::Organiser>, Organiser>,
    rules: HashMap<Id<kind::VoucherType>, Versions>,
    pieces: HashMap<Between, Arc<[LookedAt]>>,
}

impl Common {
    pub(super) fn organiser(&mut self, c: &mut Conn, id: Id<kind::Organiser>) -> Result<&Organiser, Problem> {
        match self.organisers.entry(id) {
            Entry::Occupied(known) => Ok(known.into_mut()),
            Entry::Vacant(unknown) => Ok(unknown.insert(found(organisers::find(c, id)?)?)),
        }
    }

    pub(super) fn rules(&mut self, c: &mut Conn, id: Id<kind::VoucherType>) -> Result<&Versions, Problem> {
        match self.rules.entry(id) {
            Entry::Occupied(known) => Ok(known.into_mut()),
            Entry::Vacant(unknown) => Ok(unknown.insert(rulebooks::adopted_versions(c, id)?)),
        }
    }

    /// The evidence of a provider that an organiser has looked at, as it was when it was read first.
    pub(super) fn pieces(&mut self, c: &mut Conn, (organiser, provider): Between) -> Result<Arc<[LookedAt]>, Problem> {
        if let Some(known) = self.pieces.get(&(organiser, provider)) {
            return Ok(Arc::clone(known));
        }
        let whose = self.organiser(c, organiser)?;
        let pieces: Arc<[LookedAt]> = looked_at(c, whose, &[provider])?.into();
        self.pieces.insert((organiser, provider), Arc::clone(&pieces));
        Ok(pieces)
    }

    /// Keeps no evidence any longer: of all providers it would be more than there is room for.
    pub(super) fn forget_pieces(&mut self) {
        self.pieces.clear();
    }
}

/// A piece of evidence that an organiser has looked at, and what follows from that.
pub(super) struct LookedAt {
    evidence: Evidence,
    checks: Vec<EvidenceCheck>,
    withdrawn_on: Option<Day>,
    held: Vec<Period>,
}

impl LookedAt {
    /// As it decides what lapses.
    pub(super) fn piece(&self) -> Piece<'_> {
        let accepted = self.checks.iter().any(|check| check.outcome == CheckOutcome::Accepted);
        Piece { evidence: &self.evidence, accepted, held: &self.held }
    }

    /// As it explains what lapsed.
    fn known(&self) -> Known<'_> {
        let Self { evidence, checks, withdrawn_on, held } = self;
        Known { evidence, checks, withdrawn_on: *withdrawn_on, held }
    }
}

/// The evidence of providers that an organiser has looked at. What nobody of it has looked at neither holds nor is lost.
fn looked_at(c: &mut Conn, organiser: &Organiser, providers: &[Id<kind::Provider>]) -> Result<Vec<LookedAt>, Problem> {
    let pieces = evidence::looked_at(c, organiser.id, providers)?.into_iter().map(|(evidence, checks)| {
        let withdrawn_on = evidence.withdrawn.as_ref().map(|(at, _)| day_at(*at, organiser)).transpose()?;
        let held = held(&evidence, &checks, withdrawn_on);
        Ok(LookedAt { evidence, checks, withdrawn_on, held })
    });
    pieces.collect()
}

/// Why a requirement of an approval lapses on a day. `pieces` are its provider's; nothing where no rulebook asks for it.
pub(super) fn reason_of(
    subject: &Subject,
    requirement: &str,
    from: Day,
    rules: &Versions,
    pieces: &[LookedAt],
) -> Option<LapseReason> {
    let (asked, since) = asked_on(rules, requirement, from)?;
    let known: Vec<Known<'_>> = pieces.iter().map(LookedAt::known).collect();
    Some(lapse_reason(asked, subject.unit, (from, since, subject.approved_from), &known))
}

/// What the rulebook of a day asks under a code, and since when that has been asked for without a pause. Where that
/// rulebook does not ask for it, the last one that does says it.
fn asked_on<'a>(rules: &'a Versions, code: &str, day: Day) -> Option<(&'a Requirement, Day)> {
    let versions = rules
        .entries()
        .iter()
        .map(|(period, (_, terms))| (*period, terms.requirements.iter().find(|requirement| requirement.code == code)));
    let versions: Vec<(Period, Option<&Requirement>)> = versions.collect();
    let of_day = versions.iter().position(|(period, asked)| period.contains(day) && asked.is_some());
    let at = of_day.or_else(|| versions.iter().rposition(|(_, asked)| asked.is_some()))?;
    let (period, asked) = versions.get(at)?;
    let asked = (*asked)?;
    let mut since = period.from();
    for (before, same) in versions.get(..at)?.iter().rev() {
        let is_same = same.is_some_and(|same| same.kind == asked.kind && same.expires == asked.expires);
        if !is_same || before.to() != Some(since) {
            break;
        }
        since = before.from();
    }
    Some((asked, since))
}

/// Why requirements of some approvals lapse.
#[derive(Default)]
pub(crate) struct Reasons {
    common: Common,
}

impl Reasons {
    /// Reads what the reasons of some approvals' lapses follow from.
    ///
    /// # Errors
    /// The database's.
    pub(crate) fn load(c: &mut Conn, of: &[Subject]) -> Result<Self, Problem> {
        let mut reasons = Self::default();
        let mut providers: BTreeMap<Id<kind::Organiser>, BTreeSet<Id<kind::Provider>>> = BTreeMap::new();
        for subject in of {
            providers.entry(subject.organiser).or_default().insert(subject.provider);
            reasons.common.rules(c, subject.voucher_type)?;
        }
        for (organiser, providers) in providers {
            let providers: Vec<Id<kind::Provider>> = providers.into_iter().collect();
            let mut by_provider: HashMap<Id<kind::Provider>, Vec<LookedAt>> = HashMap::new();
            let whose = reasons.common.organiser(c, organiser)?;
            for piece in looked_at(c, whose, &providers)? {
                by_provider.entry(piece.evidence.provider).or_default().push(piece);
            }
            let known = by_provider.into_iter().map(|(provider, pieces)| ((organiser, provider), pieces.into()));
            reasons.common.pieces.extend(known);
        }
        Ok(reasons)
    }

    /// Why a requirement of one of these approvals lapses on a day, if that is known.
    pub(crate) fn of_lapse(&self, subject: &Subject, requirement: &str, from: Day) -> Option<LapseReason> {
        let pieces = self.common.pieces.get(&(subject.organiser, subject.provider)).map_or(&[][..], |all| all.as_ref());
        reason_of(subject, requirement, from, self.common.rules.get(&subject.voucher_type)?, pieces)
    }
}

#[cfg(test)]
mod tests {
    use valinta_domain::Moment;
    use valinta_persistence::approvals::{self, Whose};
    use valinta_persistence::testing::TestDatabase;

    use super::*;
    use crate::app::App;
    use crate::clock::Clock;
    use crate::keys::Keys;
    use crate::tokens::Tokens;

    #[test]
    fn what_a_provider_has_shown_is_read_once_for_all_its_approvals() {
        let database = TestDatabase::create().unwrap();
        let db = database.open().unwrap();
        let keys = Keys::generate();
        let tokens = Tokens::new("https://id.example", "valinta", &keys, None).unwrap();
        let clock = Clock::fixed(Moment::from_micros(1_790_000_000_000_000).unwrap());
        let app = App::new(db, tokens, clock, &keys).unwrap();
        assert!(crate::demo::load_if_empty(&app).unwrap());
        let taken_back = |c: &mut Conn| {
            let mut known = Common::default();
            for approval in approvals::not_over(c, Whose::Everyones, Day::ymd(2020, 1, 1).unwrap(), None, 1_000)? {
                let of = (approval.organiser, approval.provider);
                let first = known.pieces(c, of)?;
                let Some(piece) = first.iter().find(|piece| piece.evidence.withdrawn.is_none()) else { continue };
                let at = Moment::from_micros(1_790_000_000_000_001).unwrap();
                assert!(evidence::withdraw(c, piece.evidence.id, (at, "member"))?);
                assert!(Arc::ptr_eq(&first, &known.pieces(c, of)?));
                known.forget_pieces();
                let again = known.pieces(c, of)?;
                assert!(again.iter().any(|one| one.evidence.id == piece.evidence.id && one.withdrawn_on.is_some()));
                return Ok::<_, Problem>(1);
            }
            Ok(0)
        };
        assert_eq!(app.db().write_blocking(taken_back).unwrap(), 1, "somebody of the demo county has shown something");
    }
}
