//! Visits that the client missed: whether one can be charged by the rulebook, and who pays what of it.

use rust_decimal::Decimal;
use thiserror::Error;

use super::{Charges, Delivery, Line};
use crate::explain::Step;
use crate::explain::numbers::with_comma;
use crate::money::Amount;
use crate::rulebook::{MissedCharge, MissedReason, MissedShare, MissedTerms};
use crate::text::Localized;
use crate::time::Moment;

/// What was recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ServiceEventKind)]
pub enum EventKind {
    /// A service that was given.
    #[default]
    Visit,
    /// One that the client cancelled, and later than the rulebook's notice.
    LateCancellation,
    /// One to which the client did not come, or was not at home.
    NoShow,
}

impl EventKind {
    /// All kinds.
    pub const ALL: [Self; 3] = [Self::Visit, Self::LateCancellation, Self::NoShow];

    /// The name on the wire and in the database.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Visit => "visit",
            Self::LateCancellation => "late_cancellation",
            Self::NoShow => "no_show",
        }
    }

    /// The kind of a name.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    /// What the terms charge for it; nothing for a visit, which is charged by its price.
    pub const fn charge(self, terms: &MissedTerms) -> Option<&MissedCharge> {
        match self {
            Self::Visit => None,
            Self::LateCancellation => terms.late_cancellation.as_ref(),
            Self::NoShow => terms.no_show.as_ref(),
        }
    }
}

/// A visit that the client missed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missed {
    /// When it was cancelled; nothing where it was not.
    pub cancelled_at: Option<Moment>,
    /// Why, by a code of the rulebook.
    pub reason: String,
}

impl Missed {
    /// What kind of event it is.
    pub const fn kind(&self) -> EventKind {
        if self.cancelled_at.is_some() { EventKind::LateCancellation } else { EventKind::NoShow }
    }
}

/// Why a missed visit cannot be charged.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum MissedRefused {
    /// The rulebook charges nothing for such.
    #[error("the rulebook of the day charges nothing for {}", in_words(*.0))]
    NotCharged(EventKind),
    /// It does not list the reason.
    #[error("the rulebook of the day does not list the reason {given:?}; it lists {}", .listed.join(", "))]
    UnknownReason {
        /// What was given.
        given: String,
        /// What there is.
        listed: Vec<String>,
    },
    /// The reason excuses.
    #[error("nothing is charged for a visit that was missed for the reason {0:?}")]
    Excused(String),
    /// Nobody can say how long before its start it was cancelled.
    #[error("whether it was cancelled too late goes by when it was to begin: give start and end as they were agreed")]
    StartNeeded,
    /// It was cancelled in time.
    #[error("it was cancelled at {cancelled_at}, at least {notice_hours} hours before its start: nothing is charged")]
    InTime {
        /// When it was cancelled.
        cancelled_at: Moment,
        /// The notice that the rulebook asks for.
        notice_hours: u16,
    },
    /// It was cancelled after it had begun.
    #[error("it was to begin at {started_at}: what is cancelled from then on is a no-show")]
    AfterStart {
        /// When it was to begin.
        started_at: Moment,
    },
}

const fn in_words(kind: EventKind) -> &'static str {
    match kind {
        EventKind::Visit => "a visit",
        EventKind::LateCancellation => "a late cancellation",
        EventKind::NoShow => "a no-show",
    }
}

/// What a missed visit is charged by.
#[derive(Debug, Clone, Copy)]
pub(super) struct ChargedBy<'a> {
    pub(super) charge: &'a MissedCharge,
    kind: EventKind,
    reason: &'a MissedReason,
    notice_hours: u16,
}

/// What a delivery is charged by, where it is a missed visit.
///
/// # Errors
/// See [`MissedRefused`].
pub(super) fn charged_by<'a>(
    terms: Option<&'a MissedTerms>,
    delivery: &Delivery,
) -> Result<Option<ChargedBy<'a>>, MissedRefused> {
    let Some(missed) = &delivery.missed else { return Ok(None) };
    let kind = missed.kind();
    let terms = terms.ok_or(MissedRefused::NotCharged(kind))?;
    let charge = kind.charge(terms).ok_or(MissedRefused::NotCharged(kind))?;
    let reason = terms.reason(&missed.reason).ok_or_else(|| MissedRefused::UnknownReason {
        given: missed.reason.clone(),
        listed: terms.reasons.iter().map(|reason| reason.code.clone()).collect(),
    })?;
    if reason.excused {
        return Err(MissedRefused::Excused(reason.code.clone()));
    }
    if let Some(cancelled_at) = missed.cancelled_at {
        let started_at = delivery.span.as_ref().ok_or(MissedRefused::StartNeeded)?.started_at;
        if cancelled_at >= started_at {
            return Err(MissedRefused::AfterStart { started_at });
        }
        let notice = started_at.utc() - cancelled_at.utc();
        if notice >= chrono::TimeDelta::hours(i64::from(terms.notice_hours)) {
            return Err(MissedRefused::InTime { cancelled_at, notice_hours: terms.notice_hours });
        }
    }
    Ok(Some(ChargedBy { charge, kind, reason, notice_hours: terms.notice_hours }))
}

/// What is charged for a missed visit whose parts would have been charged so, part by part: the earlier ones first, up to
/// what is charged in all. `None` where a figure is beyond the range of money.
pub fn reduced(charge: &MissedCharge, whole: &[Charges]) -> Option<Vec<Charges>> {
    let price = whole.iter().try_fold(Amount::ZERO, |sum, part| sum.plus(part.total))?;
    let mut left = wanted(charge, price)?;
    whole
        .iter()
        .map(|part| {
            let total = part.total.min(left);
            left = left.minus(total)?;
            shared(charge.client_pays, part, total)
        })
        .collect()
}

/// What is charged in all for a visit of a price.
fn wanted(charge: &MissedCharge, price: Amount) -> Option<Amount> {
    let by_percent = match charge.percent {
        Some(percent) => Amount::rounded(price.decimal().checked_mul(Decimal::new(i64::from(percent), 2))?)?,
        None => price,
    };
    let amount = charge.amount.unwrap_or(by_percent);
    Some(amount.min(charge.up_to.unwrap_or(amount)).min(price))
}

/// Who pays what of `total`, where all of a part would have been shared so.
fn shared(client_pays: MissedShare, part: &Charges, total: Amount) -> Option<Charges> {
    let same_part_of = |share: Amount| {
        if part.total == Amount::ZERO {
            return Some(Amount::ZERO);
        }
        let exact = share.decimal().checked_mul(total.decimal())?.checked_div(part.total.decimal())?;
        Amount::rounded(exact)
    };
    // Who pays a client fee pays no part of the price, and nobody else is paid.
    let by_client_fee = part.organiser_pays == Amount::ZERO && part.co_payment == Amount::ZERO;
    if by_client_fee {
        let client_fee = match client_pays {
            MissedShare::AsOfAVisit => same_part_of(part.client_fee)?,
            MissedShare::Nothing => Amount::ZERO,
            MissedShare::All => total,
        };
        return Some(Charges { total, client_fee, ..Charges::default() });
    }
    let organiser_pays = match client_pays {
        MissedShare::AsOfAVisit => same_part_of(part.organiser_pays)?,
        MissedShare::Nothing => part.organiser_pays.min(total),
        MissedShare::All => Amount::ZERO,
    };
    let total = if client_pays == MissedShare::Nothing { organiser_pays } else { total };
    Some(Charges { total, organiser_pays, co_payment: total.minus(organiser_pays)?, client_fee: Amount::ZERO })
}

/// Charges the lines of a visit as those of a missed one, and says so. `None` where a figure is beyond the range of money.
pub(super) fn charge_lines(by: &ChargedBy<'_>, lines: &mut [Line], steps: &mut Vec<Step>) -> Option<()> {
    let whole: Vec<Charges> = lines.iter().map(|line| line.charges).collect();
    let price = whole.iter().try_fold(Amount::ZERO, |sum, part| sum.plus(part.total))?;
    for (line, charges) in lines.iter_mut().zip(reduced(by.charge, &whole)?) {
        line.charges = charges;
    }
    let sum = lines.iter().try_fold(Charges::default(), |sum, line| sum.plus(line.charges))?;
    steps.push(step(by, price, &sum));
    Some(())
}

fn step(by: &ChargedBy<'_>, price: Amount, charged: &Charges) -> Step {
    let client = charged.co_payment.plus(charged.client_fee).unwrap_or(charged.co_payment);
    let (total, pays) = (charged.total, charged.organiser_pays);
    let (whole, sum, paid, rest) = (with_comma(price), with_comma(total), with_comma(pays), with_comma(client));
    let (reason, hours) = (&by.reason.text, by.notice_hours);
    let how = match by.kind {
        EventKind::LateCancellation => Localized::new(
            format!("Asiakas perui käynnin alle {hours} tuntia ennen sen alkua"),
            format!("Klienten avbokade besöket mindre än {hours} timmar före det skulle börja"),
            format!("The client cancelled the visit less than {hours} hours before its start"),
        ),
        EventKind::Visit | EventKind::NoShow => Localized::new(
            "Asiakas jätti käynnin käyttämättä eikä perunut sitä",
            "Klienten uteblev från besöket utan att avboka det",
            "The client missed the visit and did not cancel it",
        ),
    };
    let text = Localized::new(
        format!(
            "{} ({}). Sääntökirjan mukaan siitä veloitetaan {sum}, kun käynnin hinta on {whole}: järjestäjä maksaa {paid} ja asiakas {rest}.",
            how.fi, reason.fi
        ),
        format!(
            "{} ({}). Enligt regelboken debiteras {sum} för det, när besökets pris är {whole}: anordnaren betalar {paid} och klienten {rest}.",
            how.sv, reason.sv
        ),
        format!(
            "{} ({}). By the rulebook {total} is charged for it, where the price of the visit is {price}: the organiser pays {pays} and the client {client}.",
            how.en, reason.en
        ),
    );
    let mut step = Step::new(format!("/recording/missed/{}", by.kind.code()), by.kind.code(), text)
        .input("price", price)
        .input("reason", &by.reason.code);
    if let Some(percent) = by.charge.percent {
        step = step.input("percent", percent);
    }
    for (name, amount) in [("amount", by.charge.amount), ("up_to", by.charge.up_to)] {
        if let Some(amount) = amount {
            step = step.input(name, amount);
        }
    }
    step.input("organiser_pays", pays).input("client_pays", client).figure(total)
}
