//! A resident's journey over real HTTP, told as a story. Every figure comes from an answer; every step is checked.

use chrono_tz::Tz;
use serde_json::{Value, json};
use valinta_domain::id::kind;
use valinta_domain::identifiers::{BusinessId, PersonalIdentityCode};
use valinta_domain::policy::Role;
use valinta_domain::{Amount, Day, Id, Quantity};

use super::http_client::{Client, StepFailed};
use super::people::{Bearer, member_of, token};
use crate::clock::{Clock, new_uuid};
use crate::console::say;
use crate::tokens::Tokens;

type Step<T> = Result<T, StepFailed>;

/// Pori: the municipality the resident of the story lives in.
const MUNICIPALITY: &str = "609";

struct Journey<'a> {
    client: Client,
    tokens: &'a Tokens,
    clock: Clock,
    organiser: Id<kind::Organiser>,
    time_zone: Tz,
}

/// Walks the journey at a running service that holds the demo county.
///
/// # Errors
/// The first step that does not hold.
pub(crate) fn walk(url: &str, tokens: &Tokens) -> Result<(), StepFailed> {
    let client = Client::new(url);
    let organisers = client.get("/v1/organisers", None, 200)?;
    let organiser = first(&organisers, "/items")?;
    let journey = Journey {
        organiser: parsed(organiser, "/id")?,
        time_zone: parsed(organiser, "/time_zone")?,
        client,
        tokens,
        clock: Clock::system(),
    };
    title(&format!("A resident's journey at {url}"));
    say(format_args!("The payer: {}.", text(organiser, "/name/en")?));
    let home_care = journey.published_rules()?;
    journey.anonymous_comparison(&home_care)?;
    let issued = journey.issue(&home_care)?;
    journey.inform_and_accept(&issued)?;
    let choice = journey.choose(&issued)?;
    journey.deliver(&issued, &choice)?;
    journey.ledger(&issued)?;
    journey.who_sees_what(&issued)?;
    title("Every step held.");
    Ok(())
}

struct Issued {
    voucher: String,
    number: String,
    value: Amount,
    person: Id<kind::Person>,
}

struct Chosen {
    member: String,
    price: Amount,
}

impl Journey<'_> {
    fn staff(&self, role: Role) -> String {
        let bearer = Bearer { organiser: Some(self.organiser), ..Bearer::default() };
        token(self.tokens, role, bearer, self.clock.now())
    }

    fn resident(&self, person: Id<kind::Person>) -> String {
        let bearer = Bearer { person: Some(person), ..Bearer::default() };
        token(self.tokens, Role::Resident, bearer, self.clock.now())
    }

    fn key(&self) -> String {
        new_uuid(self.clock.now()).to_string()
    }

    fn published_rules(&self) -> Step<Value> {
        title("1. What the county has published");
        let types = self.client.get(&format!("/v1/voucher-types?organiser={}&limit=100", self.organiser), None, 200)?;
        for voucher_type in items(&types, "/items")? {
            say(format_args!("   {:<36} per {}", text(voucher_type, "/name/en")?, text(voucher_type, "/unit")?));
        }
        let home_care = items(&types, "/items")?
            .iter()
            .find(|voucher_type| voucher_type.pointer("/code") == Some(&json!("home-care")))
            .ok_or_else(|| unexpected("there is no voucher type home-care"))?;
        let rulebook =
            self.client.get(&format!("/v1/voucher-types/{}/rulebook", text(home_care, "/id")?), None, 200)?;
        let rule = field(&rulebook, "/terms/value/income_reduction")?;
        say(format_args!(
            "   Home care: {} to {} an hour by income; a provider may ask at most {}.",
            text(rule, "/minimum")?,
            text(rule, "/maximum")?,
            text(&rulebook, "/terms/price_ceiling/amount")?,
        ));
        Ok(home_care.clone())
    }

    fn anonymous_comparison(&self, home_care: &Value) -> Step<()> {
        title("2. Anyone compares, without logging in");
        let id = text(home_care, "/id")?;
        let path =
            format!("/v1/choices?voucher_type={id}&municipality={MUNICIPALITY}&gross_income=1650.00&household=1");
        let list = self.client.get(&path, None, 200)?;
        say(format_args!(
            "   With 1,650.00 a month, one person in the household: about {} an hour; {} choices in Pori.",
            text(&list, "/estimated_value/amount")?,
            field(&list, "/total")?,
        ));
        Ok(())
    }

    fn issue(&self, home_care: &Value) -> Step<Issued> {
        title("3. A case worker's system registers a client and issues a voucher");
        let worker = self.staff(Role::CaseWorker);
        let registered = self.register(&worker)?;
        let today = Day::new(self.clock.now().utc().with_timezone(&self.time_zone).date_naive());
        let body = json!({
            "client": text(&registered, "/id")?,
            "voucher_type": text(home_care, "/id")?,
            "facts": {"gross_income_per_month": "1650.00", "household_size": 1},
            "quantity": "20",
            "valid_from": today,
            "valid_until": today.plus_days(180),
        });
        let key = self.key();
        let answer = self.client.post("/v1/vouchers", &worker, &key, &body, 201)?;
        let again = self.client.post("/v1/vouchers", &worker, &key, &body, 201)?;
        ensure(answer == again, "the same call with the same Idempotency-Key is answered alike")?;
        ensure(answer.pointer("/outcome") == Some(&json!("granted")), "the voucher is granted")?;
        for step in items(&answer, "/steps")? {
            say(format_args!("   - {}", text(step, "/text/en")?));
        }
        let value = parsed(&answer, "/voucher/value/amount")?;
        say(format_args!("   Granted: 20 hours a month, worth {value} an hour. Sending it twice made one voucher."));
        Ok(Issued {
            voucher: text(&answer, "/voucher/id")?.to_owned(),
            number: text(&answer, "/voucher/number")?.to_owned(),
            value,
            person: parsed(&registered, "/person")?,
        })
    }

    /// Registers a person who does not exist: a new identity code from the range set apart for tests.
    fn register(&self, worker: &str) -> Step<Value> {
        let mut last = None;
        for _ in 0..5 {
            let body = json!({
                "personal_identity_code": self.test_code()?.as_str(),
                "name": "Mielikki Esimerkki",
                "municipality": MUNICIPALITY,
                "language": "fi",
            });
            match self.client.post("/v1/clients", worker, &self.key(), &body, 201) {
                Ok(registered) => return Ok(registered),
                // Somebody walked here before with the same code; there are not many of them.
                Err(StepFailed::Status { status: 409, body, .. }) => last = Some(body),
                Err(failed) => return Err(failed),
            }
        }
        Err(unexpected(&format!("no unused test identity code was found: {last:?}")))
    }

    fn test_code(&self) -> Step<PersonalIdentityCode> {
        let random = new_uuid(self.clock.now()).as_u64_pair().1;
        let (day, month, year) = (random % 28 + 1, random / 28 % 12 + 1, random / 336 % 30 + 30);
        let stem = format!("{day:02}{month:02}{year:02}-{}", 900 + random / 10_080 % 100);
        "0123456789ABCDEFHJKLMNPRSTUVWXY"
            .chars()
            .find_map(|check| format!("{stem}{check}").parse().ok())
            .ok_or_else(|| unexpected("no check character fits a test identity code"))
    }

    fn inform_and_accept(&self, issued: &Issued) -> Step<()> {
        title("4. The resident is told what the law wants told, and accepts");
        let resident = self.resident(issued.person);
        let voucher = &issued.voucher;
        let early = json!({"information": new_uuid(self.clock.now())});
        self.client.post(&format!("/v1/vouchers/{voucher}/accept"), &resident, &self.key(), &early, 422)?;
        let path = format!("/v1/vouchers/{voucher}/information");
        let told = self.client.post(&path, &resident, &self.key(), &json!({"language": "en"}), 201)?;
        let information = field(&told, "/information")?;
        say(format_args!("   {}", text(information, "/status/en")?));
        say(format_args!(
            "   Prices {} to {} an hour at {} choices; you would pay {} to {} an hour.",
            text(information, "/prices/price_lowest/amount")?,
            text(information, "/prices/price_highest/amount")?,
            field(information, "/prices/choices")?,
            text(information, "/prices/co_payment_lowest/amount")?,
            text(information, "/prices/co_payment_highest/amount")?,
        ));
        say(format_args!(
            "   The county's own home care would cost {} an hour.",
            text(information, "/public_client_fee/amount")?
        ));
        let body = json!({"information": text(&told, "/id")?});
        let path = format!("/v1/vouchers/{voucher}/accept");
        let accepted = self.client.post(&path, &resident, &self.key(), &body, 200)?;
        ensure(accepted.pointer("/status") == Some(&json!("accepted")), "the voucher is accepted")?;
        say("   Accepted. (Accepting before having been told was refused.)");
        Ok(())
    }

    fn choose(&self, issued: &Issued) -> Step<Chosen> {
        title("5. The resident sees every choice and what it costs, and picks");
        let resident = self.resident(issued.person);
        let path = format!("/v1/vouchers/{}/choices?municipality={MUNICIPALITY}&limit=100", issued.voucher);
        let list = self.client.get(&path, Some(&resident), 200)?;
        ensure(list == self.client.get(&path, Some(&resident), 200)?, "the order of a voucher's list stays the same")?;
        say(format_args!("   {}", text(&list, "/ordered/rule")?));
        say(format_args!("   {:<44} {:<8} {:>8} {:>9} {:>8}", "", "sector", "price", "county", "you"));
        let options = items(&list, "/items")?;
        for option in options {
            self.tell_option(option, issued.value)?;
        }
        let private: Vec<&Value> = options
            .iter()
            .filter(|option| option.pointer("/sector") != Some(&json!("public")) && at_once(option))
            .collect();
        let [first, second, ..] = private.as_slice() else {
            return Err(unexpected("there are fewer than two private providers to choose from"));
        };
        self.pick(issued, &resident, first)?;
        say(format_args!("   Picked: {}.", text(first, "/unit_name")?));
        let chosen = self.pick(issued, &resident, second)?;
        say(format_args!("   Changed to: {}.", text(second, "/unit_name")?));
        Ok(chosen)
    }

    /// Shows one option, and recomputes its shares.
    fn tell_option(&self, option: &Value, value: Amount) -> Step<()> {
        let total: Amount = parsed(option, "/per_unit/total/amount")?;
        let county: Amount = parsed(option, "/per_unit/organiser_pays/amount")?;
        let you: Amount = parsed(option, "/per_unit/client_pays/amount")?;
        let sector = text(option, "/sector")?;
        if sector != "public" {
            ensure(county == value.min(total), "the organiser pays the lower of value and price")?;
            ensure(county.plus(you) == Some(total), "value and co-payment make the price")?;
        }
        let name: String = text(option, "/unit_name")?.chars().take(44).collect();
        say(format_args!("   {name:<44} {sector:<8} {total:>8} {county:>9} {you:>8}"));
        Ok(())
    }

    fn pick(&self, issued: &Issued, resident: &str, option: &Value) -> Step<Chosen> {
        let body = json!({"offering": text(option, "/offering")?});
        let path = format!("/v1/vouchers/{}/choice", issued.voucher);
        let chosen = self.client.put(&path, resident, &self.key(), &body, 200)?;
        ensure(chosen.pointer("/status") == Some(&json!("chosen")), "a provider is chosen")?;
        let provider = self.client.get(&format!("/v1/providers/{}", text(option, "/provider")?), None, 200)?;
        let business_id: BusinessId = parsed(&provider, "/business_id")?;
        Ok(Chosen { member: member_of(&business_id), price: parsed(&chosen, "/choice/price/price/amount")? })
    }

    fn deliver(&self, issued: &Issued, chosen: &Chosen) -> Step<()> {
        title("6. The provider opens the voucher by its number and records an hour");
        let bearer = Bearer { subject: Some(chosen.member.clone()), ..Bearer::default() };
        let provider = token(self.tokens, Role::Provider, bearer, self.clock.now());
        let typed = issued.number.to_lowercase().replace('-', " ");
        let opened = self.client.post("/v1/vouchers/lookup", &provider, &self.key(), &json!({"number": typed}), 200)?;
        ensure(opened.pointer("/id") == Some(&json!(issued.voucher)), "the number opens the voucher")?;
        say(format_args!("   Read over the phone as {typed:?}, it opens voucher {}.", issued.voucher));
        let day = text(&opened, "/valid_from")?;
        let record = |quantity: &str, key: &str, wanted: u16| {
            let body = json!({"voucher": issued.voucher, "day": day, "quantity": quantity});
            self.client.post("/v1/service-events", &provider, key, &body, wanted)
        };
        let refused = record("21", &self.key(), 422)?;
        say(format_args!("   21 hours are refused: {}", text(&refused, "/detail")?));
        let key = self.key();
        let recorded = record("1", &key, 201)?;
        ensure(recorded == record("1", &key, 201)?, "recording twice with one key records once")?;
        for step in items(&recorded, "/event/steps")? {
            say(format_args!("   - {}", text(step, "/text/en")?));
        }
        let total: Amount = parsed(&recorded, "/event/total/amount")?;
        ensure(total == chosen.price, "the price is the one agreed by the choice")?;
        let left: Quantity = parsed(&recorded, "/available")?;
        ensure(left.to_string() == "19", "nineteen hours are left")?;
        Ok(())
    }

    fn ledger(&self, issued: &Issued) -> Step<()> {
        title("7. The voucher's ledger");
        let resident = self.resident(issued.person);
        let ledger = self.client.get(&format!("/v1/vouchers/{}/ledger", issued.voucher), Some(&resident), 200)?;
        for entry in items(&ledger, "/entries")?.iter().filter(|entry| entry.pointer("/service_event").is_some()) {
            say(format_args!(
                "   {:<16} {:>10} -> {:<10} {:>5} h {:>8}",
                text(entry, "/kind")?,
                text(entry, "/from")?,
                text(entry, "/to")?,
                text(entry, "/quantity")?,
                text(entry, "/amount/amount")?,
            ));
        }
        let mut paid = Amount::ZERO;
        for entry in items(&ledger, "/entries")?.iter().filter(|entry| entry.pointer("/to") == Some(&json!("provider")))
        {
            paid = paid.plus(parsed(entry, "/amount/amount")?).ok_or_else(|| unexpected("the amounts overflow"))?;
        }
        say(format_args!("   The provider receives {paid} in all. Of this month's 20 hours, 19 are left."));
        Ok(())
    }

    fn who_sees_what(&self, issued: &Issued) -> Step<()> {
        title("8. Everyone sees their own side, and nobody another's");
        let path = format!("/v1/vouchers/{}", issued.voucher);
        let stranger = self.resident(Id::new(new_uuid(self.clock.now())));
        self.client.get(&path, Some(&stranger), 404)?;
        say("   Another resident asking for the voucher is told that there is nothing.");
        self.client.get(&path, None, 401)?;
        let log = self.client.get("/v1/me/access-log?limit=100", Some(&self.resident(issued.person)), 200)?;
        let seen = items(&log, "/items")?
            .iter()
            .filter(|row| row.pointer("/role") != Some(&json!("resident")))
            .map(|row| Ok(format!("{} ({})", text(row, "/action")?, text(row, "/role")?)))
            .collect::<Step<Vec<String>>>()?;
        ensure(!seen.is_empty(), "the access log names who looked")?;
        say(format_args!("   The resident's access log, apart from their own looks: {}.", seen.join(", ")));
        let audit =
            self.client.get(&format!("/v1/audit?target={}", issued.voucher), Some(&self.staff(Role::Auditor)), 200)?;
        say(format_args!(
            "   The auditor sees {} rows about this voucher, chained by hash.",
            items(&audit, "/items")?.len()
        ));
        Ok(())
    }
}

/// Whether the provider can start at once, so that the story can go on today.
fn at_once(option: &Value) -> bool {
    option.pointer("/earliest_start").is_none()
}

fn title(text: &str) {
    say("");
    say(text);
}

fn unexpected(what: &str) -> StepFailed {
    StepFailed::Unexpected(what.to_owned())
}

fn ensure(held: bool, what: &str) -> Step<()> {
    if held { Ok(()) } else { Err(unexpected(&format!("it does not hold that {what}"))) }
}

fn field<'a>(value: &'a Value, pointer: &str) -> Step<&'a Value> {
    value.pointer(pointer).ok_or_else(|| unexpected(&format!("the answer has no {pointer}: {value}")))
}

fn text<'a>(value: &'a Value, pointer: &str) -> Step<&'a str> {
    field(value, pointer)?.as_str().ok_or_else(|| unexpected(&format!("{pointer} is no text: {value}")))
}

fn parsed<T: std::str::FromStr>(value: &Value, pointer: &str) -> Step<T> {
    let found = text(value, pointer)?;
    found.parse().map_err(|_| unexpected(&format!("{pointer} is malformed: {found}")))
}

fn items<'a>(value: &'a Value, pointer: &str) -> Step<&'a Vec<Value>> {
    field(value, pointer)?.as_array().ok_or_else(|| unexpected(&format!("{pointer} is no list: {value}")))
}

fn first<'a>(value: &'a Value, pointer: &str) -> Step<&'a Value> {
    items(value, pointer)?.first().ok_or_else(|| unexpected(&format!("{pointer} is empty")))
}
