//! Figures and identifiers: rulebooks with the field's own numbers, persons and businesses that do not exist.

use serde_json::{Value, json};

/// A text in three languages.
pub(crate) fn localized(text: &str) -> Value {
    json!({"fi": format!("{text} (fi)"), "sv": format!("{text} (sv)"), "en": text})
}

/// A company's or association's price.
pub(crate) fn price(amount: &str) -> Value {
    json!({"charging": "voucher", "price": amount})
}

/// A public unit's price.
pub(crate) fn public_price(client_fee: &str, unit_cost: &str) -> Value {
    json!({"charging": "client_fee", "client_fee": client_fee, "unit_cost": unit_cost})
}

/// Home care: the national income limits of 2026–27 for one to six persons, 7 to 34 € an hour, ceiling 48 €.
pub(crate) fn home_care_terms() -> Value {
    let household = |income_limit: &str, percent: &str| json!({"income_limit": income_limit, "percent": percent});
    let value = json!({"income_reduction": {
        "minimum": "7.00",
        "maximum": "34.00",
        "divisor": 60,
        "households": [
            household("699.00", "35"), household("1290.00", "22"), household("2025.00", "18"),
            household("2503.00", "15"), household("3030.00", "13"), household("3481.00", "11"),
        ],
        "further_person": {"income_limit_step": "416.00", "percent_step": "1"},
    }});
    terms(&value, Some("48.00"), None, "12.40", "month")
}

/// Cleaning: 25 € an hour up to an income of 3000 € a month, and no voucher above it.
pub(crate) fn cleaning_terms() -> Value {
    let refused = |reason: &str| json!({"not_eligible": {"reason": reason}});
    let value = json!({"bands": {
        "fact": "gross_income_per_month",
        "bands": [{"up_to": "3000.00", "then": {"flat": {"value": "25.00"}}}],
        "above": refused("income_above_limit"),
        "missing": refused("income_not_given"),
    }});
    terms(&value, None, None, "16.00", "voucher")
}

/// Personal assistance: 21 € an hour, free of charge by law.
pub(crate) fn assistance_terms() -> Value {
    terms(&json!({"flat": {"value": "21.00"}}), None, Some("734/1992 § 4"), "0.00", "month")
}

fn terms(value: &Value, ceiling: Option<&str>, free_by: Option<&str>, client_fee: &str, per: &str) -> Value {
    let requirement = |code: &str, expires: bool| json!({"code": code, "text": localized(code), "source": "569/2009 § 5", "expires": expires});
    json!({
        "value": value,
        "price_ceiling": ceiling.map(|amount| json!({"amount": amount})),
        "free_of_charge": free_by.map(|source| json!({"source": source})),
        "public_service": {"client_fee": client_fee, "basis": localized("The fee of the public service")},
        "grant": {"per": per, "quantity_max": "90", "validity_days_max": 365},
        "recording": {"days_after_month": 60},
        "requirements": [requirement("prepayment_register", false), requirement("liability_insurance", true)],
        "texts": {
            "status": localized("A voucher is optional and may be refused"),
            "co_payment": localized("The co-payment counts towards no cap"),
            "alternatives": localized("The county's own service; your service adviser calls you"),
            "appeal": localized("A claim for revision within 30 days"),
        },
        "sources": ["Figures of an acceptance test"],
    })
}

/// The personal identity code of the nth test person: those are numbered 900 to 999, here born in January 1950 to 1999.
pub(crate) fn identity_code(n: u32) -> String {
    const CHECKS: &[u8] = b"0123456789ABCDEFHJKLMNPRSTUVWXY";
    let (year, individual) = (50 + n / 100 % 50, 900 + n % 100);
    let date = format!("0101{year:02}");
    let number: u32 = format!("{date}{individual}").parse().unwrap();
    let check = CHECKS[usize::try_from(number % 31).unwrap()];
    format!("{date}-{individual}{}", char::from(check))
}

/// The business id of the nth business that does not exist.
pub(crate) fn business_id(n: u32) -> String {
    const WEIGHTS: [u32; 7] = [7, 9, 10, 5, 8, 4, 2];
    // A sum that leaves 1 has no check digit, so some numbers are never given out.
    let mut valid = (9_400_000_u32..).filter_map(|number| {
        let digits = number.to_string();
        let sum: u32 = digits.bytes().zip(WEIGHTS).map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
        match sum % 11 {
            0 => Some(format!("{digits}-0")),
            1 => None,
            rest => Some(format!("{digits}-{}", 11 - rest)),
        }
    });
    valid.nth(usize::try_from(n).unwrap()).unwrap()
}

/// The OID of an organisation (0) or of one of its units, by its business id.
pub(crate) fn oid(business_id: &str, number: u32) -> String {
    format!("1.2.246.10.{}.10.{number}", business_id.replace('-', "").trim_start_matches('0'))
}

/// Terms of a flat 30 € without a ceiling, with these members in place of theirs. Members of `grant` are replaced one by
/// one.
pub(crate) fn terms_with(members: &Value) -> Value {
    let mut with = terms(&json!({"flat": {"value": "30.00"}}), None, None, "12.40", "month");
    for (name, member) in members.as_object().unwrap() {
        match (name.as_str(), member.as_object()) {
            ("grant", Some(parts)) => {
                for (part, value) in parts {
                    with["grant"][part] = value.clone();
                }
            }
            _ => with[name] = member.clone(),
        }
    }
    with
}
