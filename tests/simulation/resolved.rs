//! What a command comes to as things are: which voucher, which day, how much.

use super::asked::{Asked, Back, Delivered, Done};
use super::commands::{Act, Command, Part, Service, Step};
use super::model::{Event, EventState, Price, State, Statement, StatementState, days, month_of};
use super::scene::Scene;

impl Scene {
    /// What a command comes to as things are; nothing, where what it is about is not there.
    pub(super) fn asked(&mut self, command: &Command) -> Option<Asked> {
        let today = self.model.today;
        let of = |back: usize| latest(self.model.vouchers.len(), back);
        Some(match command {
            Command::Issue { kind, client, hundredths, starts, days: valid } => {
                let from = days(today, *starts);
                let until = days(from, *valid);
                Asked::Issue { kind: *kind, client: *client, hundredths: *hundredths, from, until }
            }
            Command::Accept(back) => {
                let voucher = of(*back)?;
                Asked::Accept { voucher, information: self.inform(voucher) }
            }
            Command::Refuse(back) => Asked::Refuse { voucher: of(*back)? },
            Command::Choose { voucher, offering } => self.chosen(of(*voucher)?, *offering),
            Command::Record(service) => self.delivered(service)?,
            Command::Act { event, act, by_provider } => {
                let event = self.fitting(*act, *event)?;
                Asked::Act { event, act: self.done(event, *act), by_provider: *by_provider }
            }
            Command::Extend { voucher, days: by } => {
                let voucher = of(*voucher)?;
                Asked::Extend { voucher, until: days(self.model.vouchers[voucher].to, by - 1) }
            }
            Command::Raise { voucher, hundredths, cents, from } => Asked::Raise {
                voucher: of(*voucher)?,
                hundredths: *hundredths,
                cents: *cents,
                from: days(today, *from),
            },
            Command::Reduce { voucher, hundredths, from } => {
                Asked::Reduce { voucher: of(*voucher)?, hundredths: *hundredths, from: days(today, *from) }
            }
            Command::Cancel(back) => Asked::Cancel { voucher: of(*back)? },
            Command::Reissue { voucher, days: by } => {
                Asked::Reissue { voucher: of(*voucher)?, until: by.map(|by| days(today, by)) }
            }
            Command::Price { offering, cents, ahead } => {
                let is_public = matches!(self.model.offerings[*offering].prices[0].1, Price::Fee { .. });
                if is_public {
                    return None;
                }
                Asked::Price { offering: *offering, cents: *cents, from: days(today, *ahead) }
            }
            Command::Adopt { kind, terms, ahead } => {
                let rulebook = self.propose(*kind, *terms);
                Asked::Adopt { kind: *kind, terms: *terms, from: days(today, *ahead), rulebook }
            }
            Command::Settle { months_back } => {
                let month = (0..*months_back).fold(month_of(today), |month, _| month_of(days(month, -1)));
                Asked::Settle { month }
            }
            Command::Move { statement, step, by_maker } => {
                let statement = self.movable(*step, *statement)?;
                Asked::Move { statement, step: *step, by_maker: *by_maker }
            }
            Command::Days(_)
            | Command::NextMonth
            | Command::Look
            | Command::Again(_)
            | Command::OtherBody(_)
            | Command::Twice(_)
            | Command::AtOnce(..)
            | Command::Crash { .. }
            | Command::CrashOfBoth { .. }
            | Command::WhileSettling { .. } => return None,
        })
    }

    /// An offering of the voucher's own kind, mostly.
    fn chosen(&self, voucher: usize, offering: usize) -> Asked {
        let kind = self.model.vouchers[voucher].kind;
        let own: Vec<usize> =
            (0..self.model.offerings.len()).filter(|place| self.model.offerings[*place].kind == kind).collect();
        let offering = if offering == 6 { offering } else { own[offering % own.len()] };
        Asked::Choose { voucher, offering }
    }

    /// A service of a voucher with which somebody was chosen, if there is one; of a day not before, where that is near.
    fn delivered(&self, service: &Service) -> Option<Asked> {
        let all = 0..self.model.vouchers.len();
        let of = |voucher: &usize| &self.model.vouchers[*voucher];
        let usable = |voucher: &usize| [State::Chosen, State::InUse].contains(&of(voucher).state);
        let chosen: Vec<usize> = all.clone().filter(usable).collect();
        let voucher = match latest(chosen.len(), service.voucher) {
            Some(place) if service.voucher < 28 => chosen[place],
            _ => latest(all.len(), service.voucher)?,
        };
        let wanted = days(self.model.today, -service.ago);
        let first = of(&voucher).choices.first().map_or(wanted, |choice| choice.from);
        let day = if (0..=12).contains(&service.ago) { wanted.max(first.min(self.model.today)) } else { wanted };
        let chosen = self.model.chosen_on(voucher, day).map_or(0, |choice| choice.provider);
        Some(Asked::Record(Delivered {
            voucher,
            provider: if service.by_another { (chosen + 1) % 3 } else { chosen },
            day,
            hundredths: service.hundredths,
            span: service.span.map(|(start, minutes)| (start, start + minutes)),
            worker: service.worker,
        }))
    }

    /// An event that stands so that it can be acted on so; now and then any.
    fn fitting(&self, act: Act, back: usize) -> Option<usize> {
        let all = &self.model.events;
        let fits = |event: &Event| match act {
            Act::Accept => event.state == EventState::Recorded,
            Act::Contest | Act::Query => [EventState::Recorded, EventState::Accepted].contains(&event.state),
            Act::Answer | Act::Dismiss | Act::Uphold(_) => event.state == EventState::Contested,
            Act::Withdraw => event.state != EventState::Withdrawn && event.settlements == 0,
            Act::Credit(_) => event.state != EventState::Withdrawn && event.settlements > 0,
        };
        let fitting: Vec<usize> = (0..all.len()).filter(|place| fits(&all[*place])).collect();
        match latest(fitting.len(), back) {
            Some(place) if back % 4 != 3 => Some(fitting[place]),
            _ => latest(all.len(), back),
        }
    }

    /// The same of statements.
    fn movable(&self, step: Step, back: usize) -> Option<usize> {
        let all = &self.model.statements;
        let fits = |statement: &Statement| match step {
            Step::Approve => statement.state == StatementState::Made,
            Step::Send => [StatementState::Made, StatementState::Approved].contains(&statement.state),
            Step::Pay => statement.state == StatementState::Sent,
        };
        let fitting: Vec<usize> = (0..all.len()).filter(|place| fits(&all[*place])).collect();
        match latest(fitting.len(), back) {
            Some(place) if back % 4 != 3 => Some(fitting[place]),
            _ => latest(all.len(), back),
        }
    }

    fn done(&self, event: usize, act: Act) -> Done {
        match act {
            Act::Accept => Done::Accept,
            Act::Contest => Done::Contest,
            Act::Query => Done::Query,
            Act::Answer => Done::Answer,
            Act::Dismiss => Done::Dismiss,
            Act::Withdraw => Done::Withdraw,
            Act::Uphold(part) => Done::Uphold(self.back(event, part)),
            Act::Credit(part) => Done::Credit(self.back(event, part)),
        }
    }

    fn back(&self, event: usize, part: Part) -> Back {
        let counts = self.model.events[event].counts;
        let share = |of: i64, hundredths: i64| of * hundredths / 100;
        match part {
            Part::All => Back::default(),
            Part::Quantity(of) => Back { quantity: Some(share(counts.quantity, of)), ..Back::default() },
            Part::Money(of) => Back { pays: Some(share(counts.pays, of)), ..Back::default() },
            Part::Both(quantity, money) => Back {
                quantity: Some(share(counts.quantity, quantity)),
                pays: Some(share(counts.pays, money)),
                co_payment: Some(share(counts.co_payment, 100 - money)),
                fee: Some(share(counts.fee, money)),
            },
            Part::TooMuch => Back { quantity: Some(counts.quantity + 1), ..Back::default() },
            Part::BelowZero => Back { pays: Some(-1), ..Back::default() },
        }
    }
}

/// The place of the how-manieth of so many, counted from the latest.
pub(super) fn latest(many: usize, back: usize) -> Option<usize> {
    (many > 0).then(|| many - 1 - back % many)
}
