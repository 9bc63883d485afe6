//! Identifiers of the field, each with a parser that refuses what is invalid (FIELD §8).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use thiserror::Error;

use crate::time::Day;

/// 31 symbols that are not mistaken for one another; 31 is prime, which lets check characters catch every swap.
const SYMBOLS: &[u8; 31] = b"0123456789ABCDEFHJKLMNPRSTUVWXY";

fn symbol(value: u64) -> u8 {
    usize::try_from(value % 31).ok().and_then(|i| SYMBOLS.get(i)).copied().unwrap_or(b'0')
}

fn digits(s: &str) -> Option<u64> {
    (!s.is_empty() && s.bytes().all(|b| b.is_ascii_digit())).then(|| s.parse().ok()).flatten()
}

/// A Finnish personal identity code (*henkilötunnus*), `DDMMYYCZZZQ`. Never printed: `Debug` hides it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct PersonalIdentityCode(String);

/// Why a text is no personal identity code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PersonalIdentityCodeError {
    /// Not of the form.
    #[error("a personal identity code has the form DDMMYYCZZZQ, 11 characters")]
    Malformed,
    /// No such day.
    #[error("the first six digits are not a day that exists")]
    NoSuchDay,
    /// Individual number below 002.
    #[error("the individual number lies between 002 and 999")]
    IndividualNumber,
    /// Wrong last character.
    #[error("the check character does not fit")]
    CheckCharacter,
}

impl PersonalIdentityCode {
    /// The code in capitals.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the code is from the range set apart for tests (individual number 900–999).
    pub fn is_test(&self) -> bool {
        self.0.as_bytes().get(7) == Some(&b'9')
    }
}

impl FromStr for PersonalIdentityCode {
    type Err = PersonalIdentityCodeError;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        use PersonalIdentityCodeError as E;
        let s = s.to_ascii_uppercase();
        if s.len() != 11 || !s.is_ascii() {
            return Err(E::Malformed);
        }
        let (date, rest) = s.split_at(6);
        let (century_mark, rest) = rest.split_at(1);
        let (individual, check) = rest.split_at(3);
        let (Some(date_digits), Some(individual_digits)) = (digits(date), digits(individual)) else {
            return Err(E::Malformed);
        };
        let century = match century_mark {
            "+" => 1800,
            "-" | "Y" | "X" | "W" | "V" | "U" => 1900,
            "A" | "B" | "C" | "D" | "E" | "F" => 2000,
            _ => return Err(E::Malformed),
        };
        let part = |n: u64| u32::try_from(n % 100).unwrap_or(0);
        let year = century + i32::try_from(date_digits % 100).unwrap_or(0);
        if Day::ymd(year, part(date_digits / 100), part(date_digits / 10_000)).is_none() {
            return Err(E::NoSuchDay);
        }
        if individual_digits < 2 {
            return Err(E::IndividualNumber);
        }
        if check.as_bytes() != [symbol(date_digits * 1000 + individual_digits)] {
            return Err(E::CheckCharacter);
        }
        Ok(Self(s))
    }
}

impl fmt::Debug for PersonalIdentityCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PersonalIdentityCode(…)")
    }
}

macro_rules! text_identifier {
    ($name:ident, $pattern:literal, $length:literal, $example:literal) => {
        impl $name {
            /// The identifier as written.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
            }
        }
        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                utoipa::openapi::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::schema::Type::String)
                    .pattern(Some($pattern))
                    .max_length(Some($length))
                    .examples([serde_json::json!($example)])
                    .into()
            }
        }
        impl utoipa::ToSchema for $name {}
    };
}

/// A Finnish business id (*Y-tunnus*), `NNNNNNN-C`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BusinessId(String);
text_identifier!(BusinessId, "^[0-9]{7}-[0-9]$", 9, "0201256-6");

/// Why a text is no business id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum BusinessIdError {
    /// Not of the form.
    #[error("a business id has the form NNNNNNN-C")]
    Malformed,
    /// Wrong last digit.
    #[error("the check digit does not fit")]
    CheckDigit,
}

impl FromStr for BusinessId {
    type Err = BusinessIdError;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        let (number, check) = s.split_once('-').ok_or(BusinessIdError::Malformed)?;
        if number.len() != 7 || check.len() != 1 {
            return Err(BusinessIdError::Malformed);
        }
        let (Some(_), Some(check)) = (digits(number), digits(check)) else {
            return Err(BusinessIdError::Malformed);
        };
        let sum: u64 =
            number.bytes().zip([7, 9, 10, 5, 8, 4, 2]).map(|(digit, weight)| u64::from(digit - b'0') * weight).sum();
        let expected = match sum % 11 {
            0 => 0,
            1 => return Err(BusinessIdError::CheckDigit),
            remainder => 11 - remainder,
        };
        if check != expected {
            return Err(BusinessIdError::CheckDigit);
        }
        Ok(Self(s.to_owned()))
    }
}

/// The OID of an organisation or of one of its units, under the national root `1.2.246.10`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Oid(String);
text_identifier!(Oid, r"^1\.2\.246\.10\.[0-9]+(\.[0-9]+)*$", 64, "1.2.246.10.2012566.10.1");

/// Why a text is no such OID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("an OID here is digits and dots under 1.2.246.10, at most 64 characters")]
pub struct OidError;

impl FromStr for Oid {
    type Err = OidError;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        let rest = s.strip_prefix("1.2.246.10.").ok_or(OidError)?;
        let arcs_are_numbers =
            rest.split('.').all(|arc| digits(arc).is_some() && (arc == "0" || !arc.starts_with('0')));
        if s.len() > 64 || !arcs_are_numbers {
            return Err(OidError);
        }
        Ok(Self(s.to_owned()))
    }
}

impl Oid {
    /// Goes on if it names an organisation of this business id or one of its units: it is built on the business id without
    /// its hyphen, a number without leading zeros (FIELD §8).
    ///
    /// # Errors
    /// It names somebody else's.
    pub fn check_built_on(&self, business_id: &BusinessId) -> Result<(), ForeignOid> {
        let root = oid_root(business_id);
        let is_theirs = self.0.strip_prefix(&root).is_some_and(|number| !number.is_empty());
        if is_theirs { Ok(()) } else { Err(ForeignOid(root)) }
    }
}

/// What every OID of an organisation and of its units begins with.
fn oid_root(business_id: &BusinessId) -> String {
    let number: String = business_id.as_str().chars().filter(char::is_ascii_digit).collect();
    format!("1.2.246.10.{}.10.", number.trim_start_matches('0'))
}

/// An OID is not built on the business id of whose it should be: what it begins with instead.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("an OID of this business id begins with {0}")]
pub struct ForeignOid(String);

/// A municipality's official code, three digits. Which exist on which day is data.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MunicipalityCode(String);
text_identifier!(MunicipalityCode, "^[0-9]{3}$", 3, "609");

/// Why a text is no municipality code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a municipality code is three digits")]
pub struct MunicipalityCodeError;

impl FromStr for MunicipalityCode {
    type Err = MunicipalityCodeError;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        if s.len() == 3 && digits(s).is_some() { Ok(Self(s.to_owned())) } else { Err(MunicipalityCodeError) }
    }
}

/// Longest accounting code.
pub const ACCOUNTING_CODE_CHARS_MAX: usize = 64;

/// An accounting code (*laskentatunniste*): by what an organiser's ledgers know where a cost belongs.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AccountingCode(String);
text_identifier!(AccountingCode, "^[!-~]{1,64}$", 64, "4310-609");

/// Why a text is no accounting code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("an accounting code has 1 to 64 printable ASCII characters, and no blanks")]
pub struct AccountingCodeError;

impl FromStr for AccountingCode {
    type Err = AccountingCodeError;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        let is_code = (1..=ACCOUNTING_CODE_CHARS_MAX).contains(&s.len()) && s.bytes().all(|b| b.is_ascii_graphic());
        if is_code { Ok(Self(s.to_owned())) } else { Err(AccountingCodeError) }
    }
}

/// A voucher's number: 15 random symbols and a check character, in groups of four for reading over the phone.
///
/// Letters that sound or look alike are not used; small letters, blanks and hyphens do not matter when it is read.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VoucherNumber(String);
text_identifier!(VoucherNumber, "^[0-9A-FHJ-NPR-Y]{4}(-[0-9A-FHJ-NPR-Y]{4}){3}$", 19, "7K2M-09XB-4TVN-C8R2");

impl fmt::Debug for VoucherNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("VoucherNumber(…)")
    }
}

/// Why a text is no voucher number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum VoucherNumberError {
    /// Not 16 symbols of the alphabet.
    #[error("a voucher number has 16 letters and digits, without G, I, O, Q and Z")]
    Malformed,
    /// A symbol is wrong or two have changed places.
    #[error("the check character does not fit: a symbol is wrong or two have changed places")]
    CheckCharacter,
}

impl VoucherNumber {
    /// A number from 15 random values, of which only the remainder modulo 31 counts.
    pub fn from_random(random: [u8; 15]) -> Self {
        let mut symbols: Vec<u8> = random.iter().map(|r| symbol(u64::from(*r))).collect();
        symbols.push(symbol(Self::check(&symbols)));
        Self::grouped(&symbols)
    }

    fn check(symbols: &[u8]) -> u64 {
        // Weights 2…16 differ and are not zero modulo 31: one wrong symbol or two swapped always change the sum.
        symbols
            .iter()
            .zip(2u64..)
            .map(|(s, weight)| {
                let position = SYMBOLS.iter().position(|known| known == s).unwrap_or(0);
                u64::try_from(position).unwrap_or(0) * weight
            })
            .sum()
    }

    fn grouped(symbols: &[u8]) -> Self {
        let groups: Vec<String> = symbols.chunks(4).map(|g| g.iter().map(|b| char::from(*b)).collect()).collect();
        Self(groups.join("-"))
    }
}

impl FromStr for VoucherNumber {
    type Err = VoucherNumberError;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        if s.len() > 64 {
            return Err(VoucherNumberError::Malformed);
        }
        let symbols: Vec<u8> =
            s.bytes().filter(|b| !matches!(b, b'-' | b' ')).map(|b| b.to_ascii_uppercase()).collect();
        if symbols.len() != 16 || symbols.iter().any(|b| !SYMBOLS.contains(b)) {
            return Err(VoucherNumberError::Malformed);
        }
        let (check, data) = symbols.split_last().ok_or(VoucherNumberError::Malformed)?;
        if *check != symbol(Self::check(data)) {
            return Err(VoucherNumberError::CheckCharacter);
        }
        Ok(Self::grouped(&symbols))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_authoritys_own_examples_are_valid() {
        for code in ["131052-308T", "020516C903K", "010594Y9032"] {
            assert!(code.parse::<PersonalIdentityCode>().is_ok(), "{code}");
        }
        assert!("0201256-6".parse::<BusinessId>().is_ok());
        assert_eq!("0737546-1".parse::<BusinessId>(), Err(BusinessIdError::CheckDigit));
    }

    #[test]
    fn what_is_wrong_with_a_personal_identity_code_is_said() {
        use PersonalIdentityCodeError as E;
        for (code, why) in [
            ("", E::Malformed),
            ("010594Y903", E::Malformed),
            ("010594Z9032", E::Malformed),
            ("310294Y9032", E::NoSuchDay),
            ("010594Y001H", E::IndividualNumber),
            ("010594Y9033", E::CheckCharacter),
            ("01059äY903", E::Malformed),
        ] {
            assert_eq!(code.parse::<PersonalIdentityCode>(), Err(why), "{code}");
        }
    }

    #[test]
    fn a_personal_identity_code_is_not_printed() {
        let code: PersonalIdentityCode = "010594y9032".parse().unwrap();
        assert!(code.is_test());
        assert!(!format!("{code:?}").contains("0105"));
    }

    #[test]
    fn oids_are_under_the_national_root() {
        assert!("1.2.246.10.2012566.10.0".parse::<Oid>().is_ok());
        for bad in ["1.2.246.562.10", "1.2.246.10.", "1.2.246.10.01", "1.2.246.10.5..1"] {
            assert!(bad.parse::<Oid>().is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn a_voucher_number_is_read_back_however_it_is_typed(random: [u8; 15]) {
            let number = VoucherNumber::from_random(random);
            let typed = number.as_str().to_lowercase().replace('-', " ");
            prop_assert_eq!(typed.parse::<VoucherNumber>(), Ok(number));
        }

        #[test]
        fn one_wrong_symbol_is_noticed(random: [u8; 15], at in 0usize..16, other in 0usize..31) {
            let number = VoucherNumber::from_random(random);
            let mut symbols: Vec<u8> = number.as_str().bytes().filter(|b| *b != b'-').collect();
            prop_assume!(symbols[at] != SYMBOLS[other]);
            symbols[at] = SYMBOLS[other];
            let typed = String::from_utf8(symbols).unwrap();
            prop_assert_eq!(typed.parse::<VoucherNumber>(), Err(VoucherNumberError::CheckCharacter));
        }

        #[test]
        fn two_swapped_symbols_are_noticed(random: [u8; 15], a in 0usize..15, b in 0usize..15) {
            let number = VoucherNumber::from_random(random);
            let mut symbols: Vec<u8> = number.as_str().bytes().filter(|b| *b != b'-').collect();
            prop_assume!(symbols[a] != symbols[b]);
            symbols.swap(a, b);
            let typed = String::from_utf8(symbols).unwrap();
            prop_assert!(typed.parse::<VoucherNumber>().is_err());
        }

        #[test]
        fn parsers_are_total(s in "\\PC{0,24}") {
            let _ = s.parse::<PersonalIdentityCode>();
            let _ = s.parse::<BusinessId>();
            let _ = s.parse::<VoucherNumber>();
            let _ = s.parse::<Oid>();
        }
    }

    #[test]
    fn an_oid_is_built_on_the_business_id_of_whose_it_is() {
        let business_id: BusinessId = "0201256-6".parse().unwrap();
        let check = |text: &str| text.parse::<Oid>().unwrap().check_built_on(&business_id);
        for theirs in ["1.2.246.10.2012566.10.0", "1.2.246.10.2012566.10.1", "1.2.246.10.2012566.10.12.3"] {
            assert_eq!(check(theirs), Ok(()), "{theirs}");
        }
        for foreign in [
            "1.2.246.10.9999999.10.0",
            "1.2.246.10.20125660.10.0",
            "1.2.246.10.2012566.100.1",
            "1.2.246.10.2012566.10",
            "1.2.246.10.2012566",
        ] {
            let refused = check(foreign).unwrap_err().to_string();
            assert!(refused.ends_with("begins with 1.2.246.10.2012566.10."), "{foreign}: {refused}");
        }
    }
}
