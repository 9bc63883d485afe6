//! How value added tax treats what is settled, and how a tax is found in a price that includes it. Owns the arithmetic of
//! one sum; how it is spread over lines is in `breakdown`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use thiserror::Error;

use crate::money::Amount;
use crate::text::Localized;
use crate::written;

/// The whole of something in hundredths of a percent.
const WHOLE: u16 = 10_000;

/// The lowest rate in hundredths of a percent: networks of electronic invoices take anything lower for no tax at all.
const LOWEST: u16 = 50;

/// A rate of value added tax in hundredths of a percent, from half a percent to a hundred. On the wire a decimal string in
/// percent: `"25.50"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VatRate(u16);

/// Why a figure is no rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a rate of value added tax lies between 0.50 and 100 percent and has at most two decimals")]
pub struct VatRateError;

impl VatRate {
    /// A rate of so many hundredths of a percent.
    ///
    /// # Errors
    /// It is lower than any tax, or more than the whole.
    pub const fn new(hundredths: u16) -> Result<Self, VatRateError> {
        if hundredths < LOWEST || hundredths > WHOLE { Err(VatRateError) } else { Ok(Self(hundredths)) }
    }

    /// Hundredths of a percent.
    pub const fn hundredths(self) -> u16 {
        self.0
    }

    /// The part of a price with tax that the tax is reckoned on, rounded half away from nothing; `None` where it
    /// overflows.
    ///
    /// Where some amount and its rounded tax come to the price at all, it is this one: the two lie at most half a cent
    /// apart before rounding. Otherwise they come to a cent more or less.
    pub fn taxable_in(self, with_tax: Amount) -> Option<Amount> {
        share(with_tax, WHOLE, WHOLE.checked_add(self.0)?)
    }

    /// The tax on an amount without it, rounded half away from nothing; `None` where it overflows.
    pub fn tax_on(self, taxable: Amount) -> Option<Amount> {
        share(taxable, self.0, WHOLE)
    }
}

/// An amount × `part` / `of`, rounded half away from nothing.
fn share(amount: Amount, part: u16, of: u16) -> Option<Amount> {
    let (doubled, of) = (i128::from(amount.minor()).checked_abs()?.checked_mul(2)?, i128::from(of));
    let halves = doubled.checked_mul(i128::from(part))?.checked_add(of)?;
    let rounded = halves.checked_div(of.checked_mul(2)?)?;
    let minor = i64::try_from(rounded).ok()?;
    Some(Amount::from_minor(if amount < Amount::ZERO { minor.checked_neg()? } else { minor }))
}

impl fmt::Display for VatRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&Amount::from_minor(i64::from(self.0)).to_string())
    }
}

impl FromStr for VatRate {
    type Err = VatRateError;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        let hundredths = s.parse::<Amount>().map_err(|_| VatRateError)?.minor();
        u16::try_from(hundredths).map_err(|_| VatRateError).and_then(Self::new)
    }
}

impl Serialize for VatRate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for VatRate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        written::in_quotes(deserializer, "25.50", str::parse)
    }
}

impl utoipa::PartialSchema for VatRate {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .pattern(Some(r"^[0-9]{1,3}(\.[0-9]{1,2})?$"))
            .max_length(Some(6))
            .description(Some("A rate of value added tax in percent, from 0.50 to 100."))
            .examples([serde_json::json!("25.50")])
            .into()
    }
}
impl utoipa::ToSchema for VatRate {}

macro_rules! exemptions {
    ($($(#[$doc:meta])* $name:ident = $code:literal: $point:literal, $fi:literal, $sv:literal, $en:literal;)+) => {
        /// Why a health or social service bears no tax: a point of article 132(1) of directive 2006/112/EC. On the wire its
        /// code in the list of exemption reasons of electronic invoices (VATEX).
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum ExemptionCode {
            $($(#[$doc])* $name,)+
        }

        impl ExemptionCode {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// Its code in the list.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)+ }
            }

            /// Its letter in the article.
            pub const fn point(self) -> &'static str {
                match self { $(Self::$name => $point,)+ }
            }

            /// What is exempt by it, and by what law.
            pub fn text(self) -> Localized {
                match self {
                    $(Self::$name => Localized::new(
                        concat!($fi, " (direktiivi 2006/112/EY, 132 artiklan 1 kohdan ", $point, " alakohta)"),
                        concat!($sv, " (direktiv 2006/112/EG, artikel 132.1 ", $point, ")"),
                        concat!($en, " (directive 2006/112/EC, article 132(1)(", $point, "))"),
                    ),)+
                }
            }
        }
    };
}

exemptions! {
    /// Hospital and medical care, by public bodies or under conditions like theirs.
    HospitalCare = "VATEX-EU-132-1B": "b", "Sairaanhoito ja lääketieteellinen hoito", "Sjukhusvård och sjukvård",
        "Hospital and medical care";
    /// Care by those who practise a medical or paramedical profession.
    MedicalProfession = "VATEX-EU-132-1C": "c", "Terveydenhuollon ammatinharjoittajan antama hoito",
        "Sjukvårdande behandling av utövare av medicinska yrken", "Care by a medical or paramedical professional";
    /// Human organs, blood and milk.
    HumanOrgans = "VATEX-EU-132-1D": "d", "Ihmisen elimet, veri ja maito", "Organ, blod och mjölk från människor",
        "Human organs, blood and milk";
    /// Work of dental technicians and prostheses by dentists.
    Dental = "VATEX-EU-132-1E": "e", "Hammasteknikon työ ja hammasproteesit", "Tandteknikers arbete och tandproteser",
        "Work of dental technicians and dental prostheses";
    /// Services at cost of a group to its members.
    CostSharing = "VATEX-EU-132-1F": "f", "Ryhmän omakustannushintaiset palvelut jäsenilleen",
        "En grupps tjänster åt sina medlemmar till självkostnadspris", "Services of a group to its members at cost";
    /// Welfare and social security work, homes for the elderly included.
    Welfare = "VATEX-EU-132-1G": "g", "Sosiaalihuolto", "Socialvård", "Welfare and social security work";
    /// Protection of children and young persons.
    ChildProtection = "VATEX-EU-132-1H": "h", "Lasten ja nuorten suojelu", "Skydd av barn och ungdomar",
        "Protection of children and young persons";
    /// Transport of sick or injured persons in vehicles made for it.
    PatientTransport = "VATEX-EU-132-1P": "p", "Sairaankuljetus siihen varustetulla ajoneuvolla",
        "Transport av sjuka eller skadade i särskilt utrustade fordon",
        "Transport of sick or injured persons in vehicles made for it";
}

/// A text is no code of an exemption.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("an exemption is one of the VATEX-EU-132 codes of health and social services, for example VATEX-EU-132-1G")]
pub struct ExemptionCodeError;

impl FromStr for ExemptionCode {
    type Err = ExemptionCodeError;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        Self::ALL.iter().copied().find(|known| known.code() == s).ok_or(ExemptionCodeError)
    }
}

impl Serialize for ExemptionCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for ExemptionCode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

impl utoipa::PartialSchema for ExemptionCode {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .enum_values(Some(Self::ALL.iter().map(|known| known.code())))
            .description(Some("Why no tax is borne: a point of article 132(1) of directive 2006/112/EC."))
            .into()
    }
}
impl utoipa::ToSchema for ExemptionCode {}

/// How value added tax treats a line. Prices include what tax there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "category", rename_all = "snake_case", deny_unknown_fields)]
pub enum VatTreatment {
    /// Exempt from tax.
    Exempt {
        /// Why.
        code: ExemptionCode,
    },
    /// Taxed at a rate.
    Taxed {
        /// The rate, in percent.
        rate: VatRate,
    },
    /// Outside of the scope of the tax: it is no supply of a taxable person. An invoice holds either nothing else or none
    /// of it.
    Outside,
}

impl Default for VatTreatment {
    /// Social welfare is exempt.
    fn default() -> Self {
        Self::Exempt { code: ExemptionCode::Welfare }
    }
}

impl VatTreatment {
    /// Whether nothing else was said.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// The part of a price that tax is reckoned on; `None` where it overflows.
    pub fn taxable_in(self, with_tax: Amount) -> Option<Amount> {
        match self {
            Self::Exempt { .. } | Self::Outside => Some(with_tax),
            Self::Taxed { rate } => rate.taxable_in(with_tax),
        }
    }

    /// The tax on an amount; `None` where it overflows.
    pub fn tax_on(self, taxable: Amount) -> Option<Amount> {
        match self {
            Self::Exempt { .. } | Self::Outside => Some(Amount::ZERO),
            Self::Taxed { rate } => rate.tax_on(taxable),
        }
    }

    /// The treatment in words.
    pub fn text(self) -> Localized {
        match self {
            Self::Exempt { code } => {
                let why = code.text();
                Localized::new(
                    format!("Veroton: {}", why.fi),
                    format!("Skattefri: {}", why.sv),
                    format!("Exempt: {}", why.en),
                )
            }
            Self::Taxed { rate } => {
                let percent = rate.to_string().replace('.', ",");
                Localized::new(
                    format!("Arvonlisävero {percent} %"),
                    format!("Mervärdesskatt {percent} %"),
                    format!("Value added tax {rate} %"),
                )
            }
            Self::Outside => Localized::new(
                "Ei kuulu arvonlisäverotuksen piiriin",
                "Omfattas inte av mervärdesskatt",
                "Outside of the scope of value added tax",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn amount(minor: i64) -> Amount {
        Amount::from_minor(minor)
    }

    #[test]
    fn a_tax_is_found_in_a_price_that_includes_it() {
        for (rate, with_tax, taxable, tax) in [
            (2_550, 12_550, 10_000, 2_550),
            (2_550, 10_000, 7_968, 2_032),
            (1_350, 11_350, 10_000, 1_350),
            (1_000, 1, 1, 0),
            // No amount and its tax come to this price: a cent is left.
            (2_550, 3, 2, 1),
            (2_550, -12_550, -10_000, -2_550),
            (10_000, 5, 3, 3),
        ] {
            let rate = VatRate::new(rate).unwrap();
            assert_eq!(rate.taxable_in(amount(with_tax)), Some(amount(taxable)), "{rate} in {with_tax}");
            assert_eq!(rate.tax_on(amount(taxable)), Some(amount(tax)), "{rate} on {taxable}");
        }
    }

    #[test]
    fn rates_and_codes_are_read_or_refused() {
        assert_eq!("25.5".parse::<VatRate>().unwrap().to_string(), "25.50");
        for bad in ["0", "0.49", "100.01", "-1", "25,5", ""] {
            assert_eq!(bad.parse::<VatRate>(), Err(VatRateError), "{bad}");
        }
        for code in ExemptionCode::ALL {
            assert_eq!(code.code().parse::<ExemptionCode>(), Ok(*code));
            assert_eq!(code.code(), format!("VATEX-EU-132-1{}", code.point().to_uppercase()));
        }
        assert!("VATEX-EU-132-1A".parse::<ExemptionCode>().is_err());
    }

    #[test]
    fn a_treatment_survives_the_wire() {
        for (treatment, json) in [
            (
                VatTreatment::Exempt { code: ExemptionCode::Welfare },
                r#"{"category":"exempt","code":"VATEX-EU-132-1G"}"#,
            ),
            (VatTreatment::Taxed { rate: VatRate::new(2_550).unwrap() }, r#"{"category":"taxed","rate":"25.50"}"#),
            (VatTreatment::Outside, r#"{"category":"outside"}"#),
        ] {
            assert_eq!(serde_json::to_string(&treatment).unwrap(), json);
            assert_eq!(serde_json::from_str::<VatTreatment>(json).unwrap(), treatment);
        }
    }

    proptest! {
        #[test]
        fn at_most_a_cent_is_left_and_only_where_it_must_be(minor in -2_000_000i64..2_000_000, rate in 50u16..=10_000) {
            let rate = VatRate::new(rate).unwrap();
            let sum = |taxable: i64| taxable + rate.tax_on(amount(taxable)).unwrap().minor();
            let taxable = rate.taxable_in(amount(minor)).unwrap().minor();
            let left = minor - sum(taxable);
            prop_assert!(left.abs() <= 1, "{left}");
            if left != 0 {
                prop_assert!((-3..=3).all(|step| sum(taxable + step) != minor));
            }
        }
    }
}
