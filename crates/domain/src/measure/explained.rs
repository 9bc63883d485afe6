//! How a decision on a measure came about, step by step and in words: the ladder, the hearing, and what follows. The words
//! are the same for every provider.

use super::{Effect, Grounds, Measure, MeasureStep};
use crate::approval::VouchersInUse;
use crate::explain::{Step, days};
use crate::rulebook::SupervisionTerms;
use crate::text::Localized;
use crate::time::Day;

/// The steps by which a measure was imposed with an effect, or dropped where there is none. `lapsed` are the codes of the
/// requirements that had lapsed on the day.
pub fn steps(
    measure: &Measure,
    effect: Option<&Effect>,
    terms: &SupervisionTerms,
    lapsed: &[String],
    today: Day,
) -> Vec<Step> {
    let ladder = ladder(measure, terms, lapsed);
    let heard = hearing(measure, terms, today);
    let outcome = match effect {
        Some(effect) => imposed(effect),
        None => Step::new(
            "",
            "dropped",
            Localized::new("Toimenpidettä ei määrätä.", "Åtgärden vidtas inte.", "The measure is not imposed."),
        ),
    };
    vec![ladder, heard, outcome.input("step", measure.step.code())]
}

fn ladder(measure: &Measure, terms: &SupervisionTerms, lapsed: &[String]) -> Step {
    let months = terms.ladder_months;
    let step = measure.step;
    match measure.grounds {
        Grounds::Breach => match step.after() {
            None => Step::new(
                "/supervision/ladder_months",
                "first_step",
                Localized::new(
                    "Huomautus on ensimmäinen seuraamus sääntökirjan rikkomisesta.",
                    "En anmärkning är den första påföljden av ett brott mot regelboken.",
                    "A notice is the first step on a breach of the rulebook.",
                ),
            ),
            Some(after) => {
                let ([fi, sv, en], [after_fi, after_sv, after_en]) = (name(step), name(after));
                Step::new(
                    "/supervision/ladder_months",
                    "follows",
                    Localized::new(
                        format!("{after_fi} on annettu {months} kuukauden sisällä. Seuraava seuraamus: {fi}."),
                        format!("{after_sv} har meddelats inom {months} månader. Följande påföljd: {sv}."),
                        format!("{after_en} was imposed within {months} months. The next step: {en}."),
                    ),
                )
                .input("after", after.code())
            }
        },
        Grounds::ConditionsLost => Step::new(
            "/requirements",
            "conditions_lost",
            Localized::new(
                "Hyväksymisen edellytystä ei ole osoitettu täyttyväksi.",
                "En förutsättning för godkännandet har inte visats vara uppfylld.",
                "A condition of the approval is not shown to hold.",
            ),
        )
        .input("requirements", lapsed.join(", "))
        .source("569/2009 § 5"),
        Grounds::Danger => Step::new(
            "",
            "danger",
            Localized::new(
                "Asiakkaiden turvallisuus on vaarassa: toimenpide määrätään heti ja tuottajaa kuullaan sen jälkeen.",
                "Klienternas säkerhet är i fara: åtgärden vidtas genast och producenten hörs därefter.",
                "Clients are in danger: the measure is imposed at once, and the provider is heard afterwards.",
            ),
        )
        .source("434/2003 § 34"),
    }
    .input("grounds", measure.grounds.code())
    .input("ladder_months", months)
}

fn hearing(measure: &Measure, terms: &SupervisionTerms, today: Day) -> Step {
    let until = measure.hear_until;
    let [fi, sv, en] = days::in_languages(until);
    let (code, text) = if measure.grounds == Grounds::Danger {
        let text = Localized::new(
            format!("Tuottaja voi antaa selityksensä {fi} asti."),
            format!("Producenten kan ge sin förklaring till och med {sv}."),
            format!("The provider can give its explanation until {en}."),
        );
        ("heard_afterwards", text)
    } else if measure.reply.is_some() {
        let text = Localized::new(
            "Tuottajaa on kuultu, ja sen selitys on otettu huomioon.",
            "Producenten har hörts, och dess förklaring har beaktats.",
            "The provider was heard, and its explanation was considered.",
        );
        ("heard", text)
    } else {
        let text = Localized::new(
            format!("Tuottajalle varattiin tilaisuus tulla kuulluksi {fi} asti. Se ei antanut selitystä."),
            format!("Producenten gavs tillfälle att bli hörd till och med {sv}. Den gav ingen förklaring."),
            format!("The provider could be heard until {en}. It gave no explanation."),
        );
        ("no_reply", text)
    };
    Step::new("/supervision/hearing_days", code, text)
        .input("hear_until", until)
        .input("hearing_days", terms.hearing_days)
        .input("decided_on", today)
        .source("434/2003 § 34")
}

fn imposed(effect: &Effect) -> Step {
    match effect {
        Effect::Notice => Step::new(
            "",
            "notice",
            Localized::new(
                "Tuottajalle annetaan huomautus. Hyväksyminen on voimassa.",
                "Producenten får en anmärkning. Godkännandet gäller.",
                "The provider is given a notice. The approval stays in force.",
            ),
        ),
        Effect::Warning { deadline } => {
            let [fi, sv, en] = days::in_languages(*deadline);
            let text = Localized::new(
                format!("Tuottajalle annetaan varoitus. Asiat on korjattava viimeistään {fi}."),
                format!("Producenten får en varning. Saken ska rättas till senast {sv}."),
                format!("The provider is warned. It puts things right by {en}."),
            );
            Step::new("", "warning", text).input("deadline", deadline)
        }
        Effect::Suspension { period, vouchers_in_use } => {
            let from = period.from();
            let [from_fi, from_sv, from_en] = days::in_languages(from);
            let (fi, sv, en) = match vouchers_in_use {
                VouchersInUse::MayFinish => (
                    "Yksikön jo valinneet asiakkaat saavat palvelunsa loppuun.",
                    "Klienter som redan har valt enheten får sin service till slut.",
                    "Clients who have chosen the unit are served to the end.",
                ),
                VouchersInUse::MustMove => (
                    "Yksikön valinneet asiakkaat valitsevat toisen tuottajan.",
                    "Klienter som har valt enheten väljer en annan producent.",
                    "Clients who have chosen the unit choose another provider.",
                ),
            };
            let step = Step::new(
                "",
                "suspension",
                Localized::new(
                    format!("Hyväksyminen keskeytetään {from_fi} alkaen: yksikköä ei voi valita. {fi}"),
                    format!("Godkännandet avbryts från och med {from_sv}: enheten kan inte väljas. {sv}"),
                    format!("The approval is suspended from {from_en} on: the unit cannot be chosen. {en}"),
                ),
            )
            .input("from", from)
            .input("vouchers_in_use", vouchers_in_use.code());
            match period.to() {
                Some(_) => step.input("until", period.last_day()),
                None => step,
            }
        }
        Effect::Cancellation { from } => {
            let [fi, sv, en] = days::in_languages(*from);
            let text = Localized::new(
                format!(
                    "Hyväksyminen peruutetaan {fi} alkaen. Yksikön valinneet asiakkaat valitsevat toisen tuottajan."
                ),
                format!(
                    "Godkännandet återkallas från och med {sv}. Klienter som har valt enheten väljer en annan producent."
                ),
                format!(
                    "The approval is cancelled from {en} on. Clients who have chosen the unit choose another provider."
                ),
            );
            Step::new("", "cancellation", text).input("from", from).source("569/2009 § 5")
        }
    }
}

fn name(step: MeasureStep) -> [&'static str; 3] {
    match step {
        MeasureStep::Notice => ["Huomautus", "Anmärkning", "A notice"],
        MeasureStep::Warning => ["Varoitus", "Varning", "A warning"],
        MeasureStep::Suspension => ["Keskeytys", "Avbrott", "A suspension"],
        MeasureStep::Cancellation => ["Peruuttaminen", "Återkallelse", "A cancellation"],
    }
}
