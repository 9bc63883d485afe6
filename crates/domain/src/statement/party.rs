//! Who stands on a statement, and where electronic documents find them. Owns the forms of their identifiers; knows no
//! network of operators.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::identifiers::BusinessId;
use crate::provider::Iban;

/// What begins the address of a Finnish firm: the identifier of Finland's tax administration as issuer.
const OVT_ROOT: &str = "0037";
/// Most characters of the suffix by which a firm tells its units apart.
const OVT_SUFFIX_CHARS_MAX: usize = 5;
/// Most characters of an electronic address.
const ADDRESS_CHARS_MAX: usize = 50;
/// The countries of ISO 3166-1, by their two letters.
const COUNTRIES: &str = "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT \
    BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM \
    FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO \
    JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT \
    MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA \
    SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US \
    UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW";

/// A country, by its two letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Country([u8; 2]);

/// A text names no country.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a country is two capital letters by ISO 3166-1, for example FI")]
pub struct CountryError;

impl Country {
    /// Finland.
    pub const FINLAND: Self = Self(*b"FI");

    /// The two letters.
    pub fn code(&self) -> &str {
        str::from_utf8(&self.0).unwrap_or("FI")
    }
}

impl Default for Country {
    fn default() -> Self {
        Self::FINLAND
    }
}

impl FromStr for Country {
    type Err = CountryError;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        let known = COUNTRIES.split_ascii_whitespace().find(|code| *code == s).ok_or(CountryError)?;
        known.as_bytes().try_into().map(Self).map_err(|_| CountryError)
    }
}

/// A number by which a firm is known for value added tax: a country's letters, and what that country gives.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VatId(String);

/// Why a text is no such number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum VatIdError {
    /// Not of the form.
    #[error("a VAT number is the letters of a country and 2 to 13 letters and digits; a Finnish one has 8 digits")]
    Malformed,
    /// Wrong last digit of a Finnish one.
    #[error("the check digit does not fit")]
    CheckDigit,
}

impl VatId {
    /// The number of the Finnish firm of a business id.
    pub fn of(business_id: &BusinessId) -> Self {
        Self(format!("FI{}", digits_of(business_id)))
    }

    /// The number as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for VatId {
    type Err = VatIdError;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        let (country, number) = s.split_at_checked(2).ok_or(VatIdError::Malformed)?;
        // Greece and Northern Ireland have letters of their own here.
        let is_country = matches!(country, "EL" | "XI") || country.parse::<Country>().is_ok();
        let of_form = (2..=13).contains(&number.len())
            && number.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
        if !is_country || !of_form {
            return Err(VatIdError::Malformed);
        }
        if country == "FI" {
            let (firm, check) = number.split_at_checked(7).ok_or(VatIdError::Malformed)?;
            let business_id = format!("{firm}-{check}").parse::<BusinessId>();
            business_id.map_err(|_| if number.len() == 8 { VatIdError::CheckDigit } else { VatIdError::Malformed })?;
        }
        Ok(Self(s.to_owned()))
    }
}

/// The code of a bank (ISO 9362).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bic(String);

/// A text is no code of a bank.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error(
    "a BIC has 8 or 11 characters: four letters or digits, two letters of a country, two or five letters or digits"
)]
pub struct BicError;

impl Bic {
    /// The code in capitals.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Bic {
    type Err = BicError;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        let code = s.to_ascii_uppercase();
        let of_form = matches!(code.len(), 8 | 11)
            && code.bytes().all(|byte| byte.is_ascii_alphanumeric())
            && code.get(4..6).is_some_and(|country| country.parse::<Country>().is_ok());
        if of_form { Ok(Self(code)) } else { Err(BicError) }
    }
}

/// What kind of electronic address it is: a code of the list of address schemes (EAS) of electronic invoices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AddressScheme {
    /// The address of a Finnish firm or of its unit: `0037`, the business id without hyphen, at most five characters more.
    Ovt,
    /// A Finnish business id.
    BusinessId,
    /// A Finnish VAT number.
    FinnishVatId,
    /// An address at an operator of electronic invoices in Finland.
    NetService,
    /// A Global Location Number.
    Gln,
}

impl AddressScheme {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Ovt, Self::BusinessId, Self::FinnishVatId, Self::NetService, Self::Gln];

    /// The code in the list.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Ovt => "0216",
            Self::BusinessId => "0212",
            Self::FinnishVatId => "0213",
            Self::NetService => "0215",
            Self::Gln => "0088",
        }
    }

    /// The scheme of a code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scheme| scheme.code() == code)
    }

    /// Whether a text is an address of this kind.
    fn takes(self, id: &str) -> bool {
        match self {
            Self::Ovt => id.strip_prefix(OVT_ROOT).is_some_and(|rest| {
                let (firm, suffix) = rest.split_at_checked(8).unwrap_or(("", rest));
                VatId::from_str(&format!("FI{firm}")).is_ok() && is_suffix(suffix)
            }),
            Self::BusinessId => id.parse::<BusinessId>().is_ok(),
            Self::FinnishVatId => id.starts_with("FI") && id.parse::<VatId>().is_ok(),
            Self::NetService => {
                (1..=ADDRESS_CHARS_MAX).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric())
            }
            Self::Gln => is_gln(id),
        }
    }
}

/// Where electronic documents to somebody go.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ElectronicAddress {
    // INVARIANT: `scheme` takes `id`.
    scheme: AddressScheme,
    id: String,
}

/// A text is no address of its scheme.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("this is no electronic address of the scheme {}", scheme.code())]
pub struct ElectronicAddressError {
    /// The scheme.
    pub scheme: AddressScheme,
}

impl ElectronicAddress {
    /// An address of a scheme.
    ///
    /// # Errors
    /// It is not of the scheme's form.
    pub fn new(scheme: AddressScheme, id: &str) -> Result<Self, ElectronicAddressError> {
        if scheme.takes(id) { Ok(Self { scheme, id: id.to_owned() }) } else { Err(ElectronicAddressError { scheme }) }
    }

    /// The address that a Finnish firm has by its business id.
    pub fn of(business_id: &BusinessId) -> Self {
        Self { scheme: AddressScheme::Ovt, id: format!("{OVT_ROOT}{}", digits_of(business_id)) }
    }

    /// The address of a unit of a Finnish firm.
    ///
    /// # Errors
    /// The suffix is not one to five letters and digits.
    pub fn of_unit(business_id: &BusinessId, suffix: &str) -> Result<Self, ElectronicAddressError> {
        Self::new(AddressScheme::Ovt, &format!("{OVT_ROOT}{}{suffix}", digits_of(business_id)))
    }

    /// What kind of address it is.
    pub const fn scheme(&self) -> AddressScheme {
        self.scheme
    }

    /// The address.
    pub fn id(&self) -> &str {
        &self.id
    }
}

fn digits_of(business_id: &BusinessId) -> String {
    business_id.as_str().chars().filter(char::is_ascii_digit).collect()
}

fn is_suffix(text: &str) -> bool {
    text.len() <= OVT_SUFFIX_CHARS_MAX && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// Thirteen digits of which the last fits: from the right, digits count three times and once in turn.
fn is_gln(text: &str) -> bool {
    let digits: Option<Vec<u32>> = text.chars().map(|c| c.to_digit(10)).collect();
    digits.is_some_and(|digits| {
        let weighted = digits.iter().rev().zip([1, 3].into_iter().cycle());
        digits.len() == 13 && weighted.map(|(digit, weight)| digit * weight).sum::<u32>().is_multiple_of(10)
    })
}

impl fmt::Display for ElectronicAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.scheme.code(), self.id)
    }
}

/// Where a party is. What is not known is left out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PostalAddress {
    /// Street and number.
    pub street: Option<String>,
    /// Postal code.
    pub postal_code: Option<String>,
    /// Town.
    pub place: Option<String>,
    /// The country; Finland unless it is said.
    pub country: Country,
}

/// Who pays or is paid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Party {
    /// The name it is registered by.
    pub name: String,
    /// Its business id.
    pub business_id: BusinessId,
    /// Where it is.
    pub address: PostalAddress,
    /// Where electronic documents to it go.
    pub electronic_address: ElectronicAddress,
    /// Its number for value added tax, where it is registered for that.
    pub vat_id: Option<VatId>,
    /// The account it is paid to, or pays from.
    pub iban: Option<Iban>,
    /// The bank of the account, where it is known.
    pub bic: Option<Bic>,
}

impl Party {
    /// A party of which no more is known, at the address that its business id gives.
    pub fn named(name: impl Into<String>, business_id: BusinessId) -> Self {
        Self {
            name: name.into(),
            electronic_address: ElectronicAddress::of(&business_id),
            business_id,
            address: PostalAddress::default(),
            vat_id: None,
            iban: None,
            bic: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn firm() -> BusinessId {
        "0201256-6".parse().unwrap()
    }

    #[test]
    fn a_finnish_firm_has_an_address_by_its_business_id() {
        assert_eq!(ElectronicAddress::of(&firm()).to_string(), "0216:003702012566");
        assert_eq!(ElectronicAddress::of_unit(&firm(), "HOI01").unwrap().id(), "003702012566HOI01");
        assert!(ElectronicAddress::of_unit(&firm(), "TOOLONG").is_err());
        assert!(ElectronicAddress::of_unit(&firm(), "a b").is_err());
        assert_eq!(VatId::of(&firm()).as_str(), "FI02012566");
    }

    #[test]
    fn each_scheme_takes_its_own_form() {
        for (scheme, id) in [
            (AddressScheme::Ovt, "003702012566"),
            (AddressScheme::BusinessId, "0201256-6"),
            (AddressScheme::FinnishVatId, "FI02012566"),
            (AddressScheme::NetService, "TE003702012566"),
            (AddressScheme::Gln, "4006381333931"),
        ] {
            assert_eq!(AddressScheme::from_code(scheme.code()), Some(scheme));
            assert!(ElectronicAddress::new(scheme, id).is_ok(), "{id}");
            for bad in ["", " ", "003702012567", "0201256-7", "FI02012567", "a b", "4006381333932", "SE0201256601"] {
                assert!(ElectronicAddress::new(scheme, bad).is_err() || scheme == AddressScheme::NetService, "{bad}");
            }
        }
    }

    #[test]
    fn vat_numbers_countries_and_banks_are_read_or_refused() {
        for good in ["FI02012566", "SE556000000001", "EL123456789", "XI123456789"] {
            assert!(good.parse::<VatId>().is_ok(), "{good}");
        }
        assert_eq!("FI02012567".parse::<VatId>(), Err(VatIdError::CheckDigit));
        for bad in ["", "F", "FI", "FI0201256", "FI020125661", "QQ123456", "fi02012566", "ÄÄ123456"] {
            assert_eq!(bad.parse::<VatId>(), Err(VatIdError::Malformed), "{bad}");
        }
        assert_eq!("FI".parse::<Country>().unwrap(), Country::default());
        for bad in ["", "fi", "QQ", "FIN", "F "] {
            assert!(bad.parse::<Country>().is_err(), "{bad}");
        }
        assert_eq!("testfihhxxx".parse::<Bic>().unwrap().as_str(), "TESTFIHHXXX");
        for bad in ["", "TESTFIH", "TESTQQHH", "TESTFIHHX", "TEST FIHH", "TESTFIHHXXXX"] {
            assert!(bad.parse::<Bic>().is_err(), "{bad}");
        }
        assert_eq!(COUNTRIES.split_ascii_whitespace().count(), 249);
    }
}
