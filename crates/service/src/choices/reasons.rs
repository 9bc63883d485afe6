//! What people are told of the reasons why an offering cannot be chosen.

use serde::Serialize;
use valinta_domain::choice::{Reason, Why};
use valinta_domain::{Day, Localized};

use crate::http::Spoken;

/// A reason why an offering cannot be chosen.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ReasonView {
    /// Its code.
    code: Reason,
    /// The rulebook's code of the criterion that is not met, if it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 64)]
    criterion: Option<String>,
    /// Of `full`: the first day on which a place is free again, if nobody takes it before.
    #[serde(skip_serializing_if = "Option::is_none")]
    free_from: Option<Day>,
    /// The reason in words.
    #[schema(max_length = 4100)]
    text: String,
}

impl ReasonView {
    pub(super) fn of(why: &Why, spoken: &Spoken) -> Self {
        let text = match &why.criterion {
            Some(unmet) => {
                format!("{}: {}", spoken.say(&in_words(why.reason)), unmet.text.in_language(spoken.language()))
            }
            None => format!("{}.", spoken.say(&in_words(why.reason))),
        };
        Self {
            code: why.reason,
            criterion: why.criterion.as_ref().map(|unmet| unmet.code.clone()),
            free_from: why.free_from,
            text,
        }
    }
}

/// A reason, without the stop at its end.
fn in_words(reason: Reason) -> Localized {
    let [fi, sv, en] = match reason {
        Reason::NotApproved => [
            "Yksikköä ei ole hyväksytty palvelusetelipalvelun tuottajaksi sinä päivänä, jona palvelu alkaisi",
            "Enheten är inte godkänd för servicesedeln den dag då tjänsten skulle börja",
            "The unit is not approved for the voucher type on the day on which the service would begin",
        ],
        Reason::Interrupted => [
            "Yksikön hyväksyminen on keskeytynyt nyt tai palvelun alkaessa, joten yksikköä ei voi valita",
            "Enhetens godkännande är avbrutet nu eller när tjänsten börjar, så enheten kan inte väljas",
            "The unit's approval is interrupted now or when the service begins, so that the unit cannot be chosen",
        ],
        Reason::NotInArea => [
            "Yksikkö on hyväksytty vain muiden kuntien asukkaille",
            "Enheten är godkänd endast för invånare i andra kommuner",
            "The unit is approved for residents of other municipalities only",
        ],
        Reason::NoPrice => [
            "Palvelulle ei ole ilmoitettu hintaa siksi päiväksi, jona se alkaisi",
            "Inget pris har uppgetts för den dag då tjänsten skulle börja",
            "The offering has no price on the day on which the service would begin",
        ],
        Reason::NoRulebook => [
            "Palvelusetelillä ei ole voimassa olevaa sääntökirjaa sinä päivänä, jona palvelu alkaisi",
            "Servicesedeln har ingen gällande regelbok den dag då tjänsten skulle börja",
            "The voucher type has no rulebook in force on the day on which the service would begin",
        ],
        Reason::PriceNotAllowed => [
            "Hinta ei ole sääntökirjan ja palvelusetelin mukainen",
            "Priset överensstämmer inte med regelboken och servicesedeln",
            "The price is not one that the rulebook and the voucher allow",
        ],
        Reason::NotFree => [
            "Palvelu on lain mukaan maksuton, mutta tällä hinnalla asiakas joutuisi maksamaan",
            "Tjänsten är enligt lag avgiftsfri, men till detta pris skulle klienten behöva betala",
            "The service is free of charge by law, but at this price the client would have to pay",
        ],
        Reason::NotTakingClients => {
            ["Yksikkö ei ota uusia asiakkaita", "Enheten tar inte emot nya klienter", "The unit takes no new clients"]
        }
        Reason::Full => [
            "Kaikki paikat ovat varattuja sinä päivänä, jona palvelu alkaisi",
            "Alla platser är upptagna den dag då tjänsten skulle börja",
            "All places are taken on the day on which the service would begin",
        ],
        Reason::OutsideValidity => [
            "Palvelu ei voi alkaa palvelusetelin voimassaoloaikana",
            "Tjänsten kan inte börja under servicesedelns giltighetstid",
            "The service cannot begin while the voucher is valid",
        ],
        Reason::NothingGranted => [
            "Sinä päivänä voimassa olevan sääntökirjan mukaan palveluseteli ei kata palvelua",
            "Enligt den regelbok som gäller den dagen täcker servicesedeln inte tjänsten",
            "Under the rulebook in force on that day the voucher covers nothing",
        ],
        Reason::Criteria => [
            "Sääntökirjan ehto ei täyty",
            "Ett villkor i regelboken är inte uppfyllt",
            "A criterion of the rulebook is not met",
        ],
    };
    Localized::new(fi, sv, en)
}
