//! The terms of a rulebook (*sääntökirja*): everything a voucher type is decided by, as one document.

use serde::{Deserialize, Serialize};

use crate::money::Amount;
use crate::quantity::Quantity;
use crate::rules::{Fault, ValueRule, check};
use crate::text::{LINE_CHARS_MAX, Localized, TEXT_CHARS_MAX};
use crate::written::is_code;

/// Longest validity of a voucher, in days: five years.
pub const VALIDITY_DAYS_MAX: u16 = 1830;
/// Most requirements of one rulebook.
pub const REQUIREMENTS_MAX: usize = 50;

/// The terms of one rulebook version. Money is in the organiser's currency, per unit of the voucher type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RulebookTerms {
    /// How the value per unit is found.
    pub value: ValueRule,
    /// What a provider may ask at most.
    pub price_ceiling: Option<PriceCeiling>,
    /// Set where an act makes the service free of charge to the client: then no co-payment may arise (569/2009 § 7).
    /// A co-payment that happens to be zero is another thing.
    pub free_of_charge: Option<FreeOfCharge>,
    /// What the client would pay for the corresponding public service.
    pub public_service: PublicService,
    /// How much may be granted.
    pub grant: GrantTerms,
    /// By when a service event is recorded.
    pub recording: RecordingTerms,
    /// What a provider's unit must show before it is approved (569/2009 § 5).
    #[schema(max_items = 50)]
    pub requirements: Vec<Requirement>,
    /// What the client is told.
    pub texts: RulebookTexts,
    /// Where the figures come from. Says so where they are fictional.
    #[schema(max_items = 20)]
    pub sources: Vec<String>,
}

/// The highest price a provider may ask, per unit, co-payment included.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PriceCeiling {
    /// Highest price per unit.
    pub amount: Amount,
}

/// Why a service costs the client nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FreeOfCharge {
    /// Act and section.
    #[schema(max_length = 300, example = "734/1992 § 4")]
    pub source: String,
}

/// The corresponding service of the organiser's own, for comparison (569/2009 § 6).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PublicService {
    /// Client fee per unit.
    pub client_fee: Amount,
    /// How that fee is set.
    pub basis: Localized,
}

/// Bounds of what one voucher grants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GrantTerms {
    /// Over what time the granted quantity may be used.
    pub per: GrantPeriod,
    /// Largest quantity per that time.
    pub quantity_max: Quantity,
    /// Longest validity, in days.
    #[schema(minimum = 1, maximum = 1830)]
    pub validity_days_max: u16,
}

/// The time within which a granted quantity is usable; what is left at its end lapses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum GrantPeriod {
    /// Each calendar month anew.
    Month,
    /// The voucher's whole validity.
    Voucher,
}

/// Deadlines of recording.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordingTerms {
    /// Days after the end of the month of service within which it is recorded.
    #[schema(minimum = 1, maximum = 366)]
    pub days_after_month: u16,
}

/// One condition of approval.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Requirement {
    /// Its code within the rulebook, such as `liability_insurance`.
    #[schema(max_length = 64)]
    pub code: String,
    /// What is asked.
    pub text: Localized,
    /// Act and section, or the organiser's own condition.
    #[schema(max_length = 300)]
    pub source: String,
    /// Whether evidence of it must name the day until which it is valid.
    pub expires: bool,
}

/// What the client is told, in three languages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RulebookTexts {
    /// What the voucher is for and what its holder's standing is.
    pub status: Localized,
    /// How the co-payment comes about and what it does not count towards.
    pub co_payment: Localized,
    /// Where a client who refuses the voucher is directed.
    pub alternatives: Localized,
    /// How to ask for a decision to be revised.
    pub appeal: Localized,
}

impl RulebookTerms {
    /// All that is inconsistent in the terms, each with its place; nothing means that they can be saved.
    pub fn check(&self) -> Vec<Fault> {
        let mut faults = check(&self.value, "/value");
        if faults.is_empty() {
            faults.extend(self.check_free_of_charge());
        }
        let limits = [
            (self.grant.quantity_max == Quantity::ZERO, "/grant/quantity_max", "a voucher grants more than nothing"),
            (
                !(1..=VALIDITY_DAYS_MAX).contains(&self.grant.validity_days_max),
                "/grant/validity_days_max",
                "a voucher is valid for 1 to 1830 days",
            ),
            (
                !(1..=366).contains(&self.recording.days_after_month),
                "/recording/days_after_month",
                "events are recorded within 1 to 366 days of the month's end",
            ),
            (
                self.price_ceiling.as_ref().is_some_and(|ceiling| ceiling.amount == Amount::ZERO),
                "/price_ceiling/amount",
                "a ceiling of nothing would let nobody offer the service",
            ),
        ];
        faults.extend(
            limits.into_iter().filter(|(wrong, ..)| *wrong).map(|(_, at, why)| Fault::new(at, "out_of_range", why)),
        );
        self.check_requirements(&mut faults);
        self.check_texts(&mut faults);
        faults
    }

    /// A service free by law must have a value that is known without the client's facts: no price may exceed it.
    fn check_free_of_charge(&self) -> Option<Fault> {
        let free = self.free_of_charge.as_ref()?;
        if free.source.is_empty() || free.source.chars().count() > LINE_CHARS_MAX {
            return Some(Fault::new(
                "/free_of_charge/source",
                "bad_length",
                "the act and section are named, in at most 300 characters",
            ));
        }
        if self.public_service.client_fee != Amount::ZERO {
            return Some(Fault::new(
                "/public_service/client_fee",
                "contradiction",
                "a service free of charge by law has no client fee",
            ));
        }
        match self.value_without_facts() {
            Some(_) => None,
            None => Some(Fault::new(
                "/free_of_charge",
                "contradiction",
                "a service free of charge by law needs a value that does not depend on the client's facts",
            )),
        }
    }

    fn check_requirements(&self, faults: &mut Vec<Fault>) {
        if self.requirements.len() > REQUIREMENTS_MAX {
            faults.push(Fault::new("/requirements", "bad_length", format!("at most {REQUIREMENTS_MAX} requirements")));
        }
        for (i, requirement) in self.requirements.iter().enumerate() {
            let code = &requirement.code;
            if !is_code(code) {
                faults.push(Fault::new(
                    format!("/requirements/{i}/code"),
                    "bad_name",
                    "a code is small letters, digits and underscores, at most 64",
                ));
            }
            if self.requirements.iter().take(i).any(|earlier| earlier.code == *code) {
                faults.push(Fault::new(
                    format!("/requirements/{i}/code"),
                    "duplicate",
                    format!("{code:?} is listed twice"),
                ));
            }
            if requirement.source.chars().count() > LINE_CHARS_MAX {
                faults.push(Fault::new(format!("/requirements/{i}/source"), "too_long", "at most 300 characters"));
            }
            check_text(&requirement.text, &format!("/requirements/{i}/text"), faults);
        }
    }

    fn check_texts(&self, faults: &mut Vec<Fault>) {
        check_text(&self.public_service.basis, "/public_service/basis", faults);
        check_text(&self.texts.status, "/texts/status", faults);
        check_text(&self.texts.co_payment, "/texts/co_payment", faults);
        check_text(&self.texts.alternatives, "/texts/alternatives", faults);
        check_text(&self.texts.appeal, "/texts/appeal", faults);
        if self.sources.len() > 20 || self.sources.iter().any(|source| source.chars().count() > LINE_CHARS_MAX) {
            faults.push(Fault::new("/sources", "too_long", "at most 20 sources of at most 300 characters"));
        }
    }

    /// The value where it is the same for everyone.
    pub fn value_without_facts(&self) -> Option<Amount> {
        match &self.value {
            ValueRule::Flat { value } => Some(*value),
            ValueRule::IncomeReduction(_) | ValueRule::Bands { .. } | ValueRule::NotEligible { .. } => None,
        }
    }
}

fn check_text(text: &Localized, pointer: &str, faults: &mut Vec<Fault>) {
    for (language, wording) in text.wordings() {
        if wording.trim().is_empty() || wording.chars().count() > TEXT_CHARS_MAX {
            faults.push(Fault::new(
                format!("{pointer}/{}", language.code()),
                "bad_length",
                format!("a text has 1 to {TEXT_CHARS_MAX} characters in each language"),
            ));
        }
    }
}
