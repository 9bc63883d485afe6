//! What must come of every command: plain figures and days, with arithmetic of their own. Nothing here asks the product's
//! rules; where both are wrong in the same way, a person has to see it.

mod granting;
mod serving;
mod settling;

use chrono::{Datelike, Days, Months, NaiveDate};
use serde_json::Value;

use super::asked::Asked;

pub(super) use self::settling::StatementState;

pub(super) type Day = NaiveDate;
/// Whole cents.
pub(super) type Cents = i64;
/// Hundredths of a unit; of a purse, cents.
pub(super) type Hundredths = i64;

/// Days within which a client contests a service.
pub(super) const CONTEST_DAYS: i64 = 14;
/// Most that is granted per period.
pub(super) const QUANTITY_MAX: Hundredths = 4_000;
/// Longest validity of a voucher that is issued, and of one that is extended, in days.
pub(super) const VALIDITY_DAYS_MAX: [i64; 2] = [365, 1_830];
/// Above it a second person approves a statement.
pub(super) const APPROVAL_LIMIT: Cents = 10_000;

/// Everything that there is.
#[derive(Debug, Clone)]
pub(super) struct Model {
    pub(super) today: Day,
    pub(super) kinds: Vec<Kind>,
    pub(super) offerings: Vec<Offering>,
    pub(super) vouchers: Vec<Voucher>,
    pub(super) events: Vec<Event>,
    pub(super) statements: Vec<Statement>,
    /// The latest month that is settled.
    pub(super) frozen: Option<Day>,
    /// Whether half a cent is rounded down, which is wrong: a fault that is planted.
    pub(super) rounds_down: bool,
}

/// A voucher type.
#[derive(Debug, Clone)]
pub(super) struct Kind {
    pub(super) id: String,
    pub(super) per_month: bool,
    pub(super) carries_over: bool,
    pub(super) is_purse: bool,
    /// How far back a decision reaches, in days.
    pub(super) retroactive: i64,
    /// By their first days.
    pub(super) versions: Vec<Version>,
}

/// A version of its rulebook.
#[derive(Debug, Clone)]
pub(super) struct Version {
    pub(super) from: Day,
    pub(super) value: Cents,
    pub(super) days_after_month: i64,
    pub(super) up_to: Option<Cents>,
    pub(super) moves: bool,
}

/// What a unit of service costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Price {
    Paid(Cents),
    /// A public unit's.
    Fee {
        fee: Cents,
        cost: Cents,
    },
}

#[derive(Debug, Clone)]
pub(super) struct Offering {
    pub(super) id: String,
    pub(super) kind: usize,
    pub(super) provider: usize,
    /// By their first days.
    pub(super) prices: Vec<(Day, Price)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Offered,
    Accepted,
    Refused,
    Chosen,
    InUse,
    UsedUp,
    Cancelled,
}

#[derive(Debug, Clone)]
pub(super) struct Voucher {
    pub(super) id: String,
    pub(super) kind: usize,
    pub(super) client: usize,
    /// The version that it was issued under, and its value.
    pub(super) version: usize,
    pub(super) value: Cents,
    pub(super) state: State,
    pub(super) from: Day,
    /// The day after its last one.
    pub(super) to: Day,
    pub(super) issued: Hundredths,
    /// What each period grants from the one of a day on.
    pub(super) changes: Vec<(Day, Hundredths)>,
    pub(super) raises: Vec<(Day, Cents)>,
    pub(super) parts: Vec<Grant>,
    pub(super) choices: Vec<Choice>,
    pub(super) is_replaced: bool,
}

/// What is granted of a period.
#[derive(Debug, Clone, Copy)]
pub(super) struct Grant {
    pub(super) from: Day,
    pub(super) to: Day,
    pub(super) granted: Hundredths,
    pub(super) used: Hundredths,
    pub(super) reduced: Hundredths,
    /// Returned with the voucher's end, or expired.
    pub(super) gone: Hundredths,
}

impl Grant {
    pub(super) fn left(&self) -> Hundredths {
        self.granted - self.used - self.reduced - self.gone
    }

    fn has(&self, day: Day) -> bool {
        self.from <= day && day < self.to
    }
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Choice {
    pub(super) provider: usize,
    pub(super) price: Price,
    pub(super) from: Day,
    pub(super) to: Option<Day>,
}

impl Choice {
    fn has(&self, day: Day) -> bool {
        self.from <= day && self.to.is_none_or(|to| day < to)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Figures {
    pub(super) quantity: Hundredths,
    pub(super) total: Cents,
    pub(super) pays: Cents,
    pub(super) co_payment: Cents,
    pub(super) fee: Cents,
}

impl Figures {
    fn minus(self, other: Self) -> Self {
        Self {
            quantity: self.quantity - other.quantity,
            total: self.total - other.total,
            pays: self.pays - other.pays,
            co_payment: self.co_payment - other.co_payment,
            fee: self.fee - other.fee,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EventState {
    Recorded,
    Contested,
    Accepted,
    Withdrawn,
}

#[derive(Debug, Clone)]
pub(super) struct Event {
    pub(super) id: String,
    pub(super) voucher: usize,
    pub(super) provider: usize,
    pub(super) day: Day,
    pub(super) quantity: Hundredths,
    /// Start and end, in minutes of its day.
    pub(super) span: Option<(i64, i64)>,
    pub(super) worker: Option<usize>,
    pub(super) price: Price,
    pub(super) is_public: bool,
    pub(super) state: EventState,
    pub(super) recorded: Figures,
    pub(super) counts: Figures,
    pub(super) settled: Figures,
    pub(super) settlements: usize,
    pub(super) contested_until: Day,
    /// By the parts' places, what it has used of them.
    pub(super) used: Vec<(usize, Hundredths)>,
}

impl Event {
    pub(super) fn status(&self) -> &'static str {
        match (self.state, self.settlements) {
            (EventState::Recorded, _) => "recorded",
            (EventState::Contested, _) => "contested",
            (EventState::Accepted, 0) => "accepted",
            (EventState::Accepted, _) => "settled",
            (EventState::Withdrawn, 0) => "withdrawn",
            (EventState::Withdrawn, _) => "credited",
        }
    }
}

#[derive(Debug, Clone)]
pub(super) struct Statement {
    pub(super) id: String,
    pub(super) month: Day,
    pub(super) provider: usize,
    pub(super) lines: usize,
    pub(super) sums: Figures,
    pub(super) carried_in: Cents,
    pub(super) payable: Cents,
    pub(super) carried_out: Cents,
    pub(super) state: StatementState,
}

/// What was answered.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    pub(super) done: bool,
    pub(super) body: Value,
}

/// What an answer is to hold, by JSON pointer.
pub(super) type Expected = Vec<(String, Figure)>;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Figure {
    Money(Cents),
    Quantity(Hundredths),
    Text(String),
    Count(usize),
}

/// Why a command is to be refused.
pub(super) type No = &'static str;

impl Model {
    /// Lets a command happen here, and compares what was answered with what is to come of it. Why it is refused, where it is.
    pub(super) fn play(&mut self, asked: &Asked, seen: &Seen) -> Result<Option<No>, String> {
        match (self.happen(asked, &seen.body), seen.done) {
            (Ok(expected), true) => {
                compare(&seen.body, &expected).map_err(|what| format!("{asked:?}: {what}, in {}", seen.body))?;
                Ok(None)
            }
            (Err(why), false) => Ok(Some(why)),
            (Ok(_), false) => Err(format!("{asked:?} is to be done, and was refused: {}", seen.body)),
            (Err(why), true) => Err(format!("{asked:?} is to be refused ({why}), and was done: {}", seen.body)),
        }
    }

    fn happen(&mut self, asked: &Asked, body: &Value) -> Result<Expected, No> {
        match asked {
            Asked::Issue { kind, client, hundredths, from, until } => {
                self.issue(*kind, *client, *hundredths, (*from, *until), body)
            }
            Asked::Accept { voucher, .. } => self.accept(*voucher),
            Asked::Refuse { voucher } => self.refuse(*voucher),
            Asked::Choose { voucher, offering } => self.choose(*voucher, *offering),
            Asked::Record(delivered) => self.record(delivered, body),
            Asked::Act { event, act, .. } => self.act(*event, act),
            Asked::Extend { voucher, until } => self.extend(*voucher, *until),
            Asked::Raise { voucher, hundredths, cents, from } => self.raise(*voucher, *hundredths, *cents, *from),
            Asked::Reduce { voucher, hundredths, from } => self.reduce(*voucher, *hundredths, *from),
            Asked::Cancel { voucher } => self.cancel(*voucher),
            Asked::Reissue { voucher, until } => self.reissue(*voucher, *until, body),
            Asked::Price { offering, cents, from } => self.set_price(*offering, *cents, *from),
            Asked::Adopt { kind, terms, from, .. } => self.adopt(*kind, *terms, *from),
            Asked::Settle { month } => self.settle(*month, body),
            Asked::Move { statement, step, by_maker } => self.move_on(*statement, *step, *by_maker),
        }
    }

    fn kind_of(&self, voucher: usize) -> &Kind {
        &self.kinds[self.vouchers[voucher].kind]
    }

    /// The product of a price and a quantity: half a cent and more is a cent.
    fn times(&self, cents: Cents, hundredths: Hundredths) -> Cents {
        let half = if self.rounds_down { 0 } else { 50 };
        i64::try_from((i128::from(cents) * i128::from(hundredths) + half) / 100).unwrap()
    }
}

impl Kind {
    /// The version in force on a day.
    fn on(&self, day: Day) -> Option<&Version> {
        self.versions.iter().rev().find(|version| version.from <= day)
    }

    /// The last day on which anything of some days can be recorded.
    fn recorded_until(&self, from: Day, to: Day) -> Day {
        let ends = self.versions.iter().enumerate().filter_map(|(place, version)| {
            let end = self.versions.get(place + 1).map_or(to, |next| next.from.min(to));
            (version.from.max(from) < end).then(|| deadline(version, days(end, -1)))
        });
        ends.max().unwrap_or_else(|| days(to, -1))
    }
}

/// The last day on which a service of a day is recorded.
fn deadline(version: &Version, day: Day) -> Day {
    days(next_month(day), version.days_after_month - 1)
}

/// A day some days later, or earlier.
pub(super) fn days(day: Day, by: i64) -> Day {
    let far = Days::new(by.unsigned_abs());
    if by < 0 { day - far } else { day + far }
}

/// The first day of a day's month.
pub(super) fn month_of(day: Day) -> Day {
    day.with_day(1).unwrap()
}

/// The first day of the month after a day's.
pub(super) fn next_month(day: Day) -> Day {
    month_of(day) + Months::new(1)
}

/// Compares an answer with what it is to hold.
pub(super) fn compare(body: &Value, expected: &Expected) -> Result<(), String> {
    for (pointer, wanted) in expected {
        let found = body.pointer(pointer);
        let text = found.and_then(Value::as_str).map(str::to_owned);
        let agrees = match wanted {
            Figure::Money(cents) => text.as_deref().and_then(|text| scaled(text, 2)) == Some(*cents),
            Figure::Quantity(hundredths) => text.as_deref().and_then(|text| scaled(text, 2)) == Some(*hundredths),
            Figure::Text(wanted) => text.as_ref() == Some(wanted),
            Figure::Count(many) => found.and_then(Value::as_u64) == u64::try_from(*many).ok(),
        };
        if !agrees {
            let found = found.map_or_else(|| "nothing".to_owned(), ToString::to_string);
            return Err(format!("{pointer} is {found} and not {wanted:?}"));
        }
    }
    Ok(())
}

/// A decimal number as a whole number of its last places; none where it has more.
pub(super) fn scaled(text: &str, places: usize) -> Option<i64> {
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |digits| (-1, digits));
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let part = part.trim_end_matches('0');
    if part.len() > places {
        return None;
    }
    let number: i64 = format!("{whole}{part:0<places$}").parse().ok()?;
    Some(sign * number)
}

/// A whole number of hundredths, as a decimal.
pub(super) fn decimal(hundredths: i64) -> String {
    let sign = if hundredths < 0 { "-" } else { "" };
    format!("{sign}{}.{:02}", hundredths.abs() / 100, hundredths.abs() % 100)
}
