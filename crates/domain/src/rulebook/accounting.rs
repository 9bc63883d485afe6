//! What a rulebook says of accounting codes: by which one the costs of a voucher are known in the organiser's ledgers.

use serde::{Deserialize, Serialize};

use crate::identifiers::{AccountingCode, MunicipalityCode};

/// Most municipalities with an accounting code of their own: there are 308, and have been more.
pub const ACCOUNTING_RULES_MAX: usize = 500;

/// Which accounting code a voucher gets when it is issued, where none is given with the request.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AccountingTerms {
    /// Codes by the municipality in which the client lives.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 500)]
    pub municipalities: Vec<AccountingRule>,
    /// The code of everyone else; none where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub otherwise: Option<AccountingCode>,
}

/// The accounting code of clients who live in a municipality.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AccountingRule {
    /// Where the client lives.
    pub municipality: MunicipalityCode,
    /// The code.
    pub accounting_code: AccountingCode,
}

impl AccountingTerms {
    /// Whether nothing is said.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// The code of a client who lives in a municipality, if that is known.
    pub fn code_of(&self, home: Option<&MunicipalityCode>) -> Option<&AccountingCode> {
        let own = self.municipalities.iter().find(|rule| Some(&rule.municipality) == home);
        own.map(|rule| &rule.accounting_code).or(self.otherwise.as_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clients_home_decides_and_everyone_else_has_the_other_code() {
        let terms: AccountingTerms = serde_json::from_value(serde_json::json!({
            "municipalities": [{"municipality": "609", "accounting_code": "4310-609"}],
            "otherwise": "4310-0",
        }))
        .unwrap();
        let code = |home: Option<&str>| {
            let home: Option<MunicipalityCode> = home.map(|home| home.parse().unwrap());
            terms.code_of(home.as_ref()).map(ToString::to_string)
        };
        assert_eq!(code(Some("609")).as_deref(), Some("4310-609"));
        assert_eq!(code(Some("684")).as_deref(), Some("4310-0"));
        assert_eq!(code(None).as_deref(), Some("4310-0"));
        assert_eq!(AccountingTerms::default().code_of(None), None);
        for bad in ["", "with blank", "ä", "new\nline", &"x".repeat(65)] {
            assert!(bad.parse::<AccountingCode>().is_err(), "{bad:?}");
        }
        assert!("x".repeat(64).parse::<AccountingCode>().is_ok());
    }
}
