//! Numbers of bank accounts. Owns their form and check digits; knows no bank.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// Fewest characters of any country's account number.
const CHARS_MIN: usize = 15;
/// Most characters of any country's account number.
const CHARS_MAX: usize = 34;
/// Longest text that is read: groups of four with blanks between them, and some to spare.
const TEXT_CHARS_MAX: usize = 64;
/// Characters of a Finnish account number.
const FINNISH_CHARS: usize = 18;

/// An International Bank Account Number (ISO 13616), in capitals and without blanks. Never printed: `Debug` hides it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Iban(String);

/// Why a text is no account number. Says nothing of what it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum IbanError {
    /// Not of the form.
    #[error("an IBAN has two letters, two digits and 11 to 30 letters and digits; a Finnish one has 18 characters")]
    Malformed,
    /// A character is wrong, or two have changed places.
    #[error("the check digits do not fit")]
    CheckDigits,
}

impl Iban {
    /// The number in capitals, without blanks.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The last four characters: enough to recognise an account that one knows, too little to pay to it.
    pub fn last_four(&self) -> &str {
        self.0.get(self.0.len().saturating_sub(4)..).unwrap_or_default()
    }
}

impl fmt::Debug for Iban {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Iban(…)")
    }
}

impl FromStr for Iban {
    type Err = IbanError;

    fn from_str(s: &str) -> Result<Self, IbanError> {
        if s.len() > TEXT_CHARS_MAX {
            return Err(IbanError::Malformed);
        }
        let number: String = s.chars().filter(|c| *c != ' ').map(|c| c.to_ascii_uppercase()).collect();
        let bytes = number.as_bytes();
        let (Some(country), Some(check)) = (bytes.get(..2), bytes.get(2..4)) else { return Err(IbanError::Malformed) };
        let of_form = country.iter().all(u8::is_ascii_uppercase)
            && check.iter().all(u8::is_ascii_digit)
            && bytes.iter().all(u8::is_ascii_alphanumeric)
            && (CHARS_MIN..=CHARS_MAX).contains(&bytes.len())
            && (country != b"FI" || bytes.len() == FINNISH_CHARS);
        if !of_form {
            return Err(IbanError::Malformed);
        }
        // 00, 01 and 99 leave the same remainders as 97, 98 and 02, and are never given out.
        if matches!(check, b"00" | b"01" | b"99") || remainder(bytes) != 1 {
            return Err(IbanError::CheckDigits);
        }
        Ok(Self(number))
    }
}

/// The remainder modulo 97 of the number that begins with its fifth character and ends with its fourth, letters counted
/// from A = 10.
fn remainder(bytes: &[u8]) -> u32 {
    let (head, tail) = bytes.split_at_checked(4).unwrap_or((bytes, &[]));
    tail.iter().chain(head).fold(0, |sum, byte| {
        let value = char::from(*byte).to_digit(36).unwrap_or(0);
        let shift = if value < 10 { 10 } else { 100 };
        (sum * shift + value) % 97
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn account_numbers_are_read_however_they_are_grouped() {
        for text in ["FI2112345600000785", "FI21 1234 5600 0007 85", "fi21 1234 5600 0007 85"] {
            assert_eq!(text.parse::<Iban>().unwrap().as_str(), "FI2112345600000785", "{text}");
        }
        for abroad in ["DE89370400440532013000", "GB29NWBK60161331926819", "SE4550000000058398257466"] {
            assert!(abroad.parse::<Iban>().is_ok(), "{abroad}");
        }
    }

    #[test]
    fn what_is_wrong_with_an_account_number_is_said() {
        for (text, why) in [
            ("", IbanError::Malformed),
            ("FI", IbanError::Malformed),
            ("FI211234560000078", IbanError::Malformed),
            ("FI21123456000007850", IbanError::Malformed),
            ("2112345600000785FI", IbanError::Malformed),
            ("FI21-1234-5600-0007-85", IbanError::Malformed),
            ("FI21 1234 5600 0007 8ä", IbanError::Malformed),
            ("FI2112345600000786", IbanError::CheckDigits),
            ("FI0012345600000785", IbanError::CheckDigits),
        ] {
            assert_eq!(text.parse::<Iban>(), Err(why), "{text}");
        }
    }

    #[test]
    fn an_account_number_is_not_printed_and_only_its_end_is_shown() {
        let iban: Iban = "FI2112345600000785".parse().unwrap();
        assert_eq!(format!("{iban:?}"), "Iban(…)");
        assert_eq!(iban.last_four(), "0785");
    }

    proptest! {
        #[test]
        fn the_reader_is_total(text in "\\PC{0,70}") {
            let _ = text.parse::<Iban>();
        }

        #[test]
        fn one_wrong_digit_is_noticed(at in 4usize..18, digit in 0u8..10) {
            let mut text = "FI2112345600000785".to_owned().into_bytes();
            prop_assume!(text[at] != b'0' + digit);
            text[at] = b'0' + digit;
            let text = String::from_utf8(text).unwrap();
            prop_assert_eq!(text.parse::<Iban>(), Err(IbanError::CheckDigits));
        }
    }
}
