//! What the registry must say of every unit on every day, worked out anew from what the service has acknowledged.
//!
//! Shares nothing with the service but the calendar. It is told of acknowledged commands alone, and speaks of today and
//! the days to come: the past is kept only where a service of a past day may still be recorded.

use valinta_domain::Day;

/// How far ahead it is looked whether a unit may serve: farther than anything of a sequence reaches.
const DAYS_KNOWN: i64 = 120;

/// Days from the first up to, but not including, the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) from: Day,
    pub(super) to: Option<Day>,
}

impl Span {
    pub(super) fn holds(self, day: Day) -> bool {
        self.from <= day && self.to.is_none_or(|to| day < to)
    }

    pub(super) fn reaches(self, day: Day) -> bool {
        self.to.is_none_or(|to| day < to) && !self.is_empty()
    }

    pub(super) fn is_empty(self) -> bool {
        self.to.is_some_and(|to| to <= self.from)
    }

    pub(super) fn shares_a_day_with(self, other: Self) -> bool {
        !self.is_empty() && !other.is_empty() && self.reaches(other.from) && other.reaches(self.from)
    }

    /// Ends on a day, if it does not end before.
    pub(super) fn cut(&mut self, day: Day) {
        let end = day.max(self.from);
        self.to = Some(self.to.map_or(end, |to| to.min(end)));
    }
}

/// What a unit must show: a code, and whether it expires.
pub(super) type Requirement = (&'static str, bool);

/// What a voucher type asks for, by the first day on which it does.
#[derive(Debug)]
pub(super) struct VoucherType {
    pub(super) county: usize,
    pub(super) versions: Vec<(Day, Vec<Requirement>)>,
}

/// Something shown.
#[derive(Debug)]
pub(super) struct Piece {
    pub(super) id: String,
    pub(super) provider: usize,
    /// For one unit; for all of the provider's where none is named.
    pub(super) unit: Option<usize>,
    pub(super) code: &'static str,
    pub(super) valid_from: Option<Day>,
    pub(super) valid_until: Option<Day>,
    pub(super) withdrawn: bool,
    /// County, day, accepted; in the order in which they were made.
    pub(super) checks: Vec<(usize, Day, bool)>,
}

impl Piece {
    pub(super) fn latest_check(&self, county: usize) -> Option<bool> {
        self.checks.iter().rev().find(|(by, ..)| *by == county).map(|(.., accepted)| *accepted)
    }

    /// Whether a county takes it as shown on a day, today or later.
    fn holds(&self, county: usize, day: Day) -> bool {
        !self.withdrawn
            && self.valid_from.is_none_or(|first| first <= day)
            && self.valid_until.is_none_or(|last| day <= last)
            && self.latest_check(county) == Some(true)
    }
}

/// A suspension that was imposed.
#[derive(Debug)]
pub(super) struct Suspension {
    pub(super) span: Span,
    pub(super) must_move: bool,
}

/// An approval that was given.
#[derive(Debug)]
pub(super) struct Approval {
    pub(super) id: String,
    pub(super) unit: usize,
    pub(super) voucher_type: usize,
    pub(super) span: Span,
    pub(super) suspensions: Vec<Suspension>,
}

/// Something offered.
#[derive(Debug)]
pub(super) struct Offering {
    pub(super) id: String,
    pub(super) unit: usize,
    pub(super) voucher_type: usize,
    pub(super) priced_from: Day,
    pub(super) takes_clients: bool,
    pub(super) starts: Option<Day>,
}

/// A choice of an offering.
#[derive(Debug)]
pub(super) struct Choice {
    pub(super) offering: usize,
    pub(super) span: Span,
}

/// A voucher that its holder has accepted.
#[derive(Debug)]
pub(super) struct Voucher {
    pub(super) id: String,
    pub(super) holder: usize,
    pub(super) voucher_type: usize,
    pub(super) first: Day,
    pub(super) last: Day,
    pub(super) choices: Vec<Choice>,
    pub(super) in_use: bool,
}

impl Voucher {
    pub(super) fn holding_on(&self, day: Day) -> Option<&Choice> {
        self.choices.iter().rev().find(|choice| choice.span.holds(day))
    }

    /// The first day of a choice made today: not one on which another may have served already.
    pub(super) fn next_choice_on(&self, today: Day) -> Day {
        match self.holding_on(today) {
            Some(now) if now.span.from < today || self.in_use => today.plus_days(1),
            _ => today,
        }
    }
}

/// How a unit stands for a voucher type on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    NotApproved,
    Suspended,
    Lapsed,
    Approved,
}

/// The registry as it must be.
#[derive(Debug, Default)]
pub(super) struct Model {
    pub(super) types: Vec<VoucherType>,
    /// The provider of each unit.
    pub(super) units: Vec<usize>,
    /// The first day on which each unit is closed.
    pub(super) closed_from: Vec<Option<Day>>,
    pub(super) pieces: Vec<Piece>,
    pub(super) approvals: Vec<Approval>,
    pub(super) offerings: Vec<Offering>,
    pub(super) vouchers: Vec<Voucher>,
}

impl Model {
    /// What a voucher type asks for on a day.
    pub(super) fn requirements(&self, voucher_type: usize, day: Day) -> &[Requirement] {
        let versions = &self.types[voucher_type].versions;
        versions.iter().rev().find(|(from, _)| *from <= day).map_or(&[], |(_, requirements)| requirements)
    }

    fn pieces_for<'a>(&'a self, unit: usize, code: &'a str) -> impl Iterator<Item = &'a Piece> {
        let provider = self.units[unit];
        self.pieces
            .iter()
            .filter(move |p| p.provider == provider && p.code == code && p.unit.is_none_or(|own| own == unit))
    }

    /// Whether a condition is not shown to hold on a day, today or later. One that does not expire lapses only where it
    /// was shown before.
    pub(super) fn lapsed(&self, unit: usize, voucher_type: usize, day: Day) -> bool {
        let county = self.types[voucher_type].county;
        self.requirements(voucher_type, day).iter().any(|(code, expires)| {
            let mut ever = self.pieces_for(unit, code).flat_map(|piece| &piece.checks);
            !self.holds(unit, code, county, day)
                && (*expires || ever.any(|(by, _, accepted)| *by == county && *accepted))
        })
    }

    /// Whether a county takes a condition as shown on a day, today or later.
    pub(super) fn holds(&self, unit: usize, code: &str, county: usize, day: Day) -> bool {
        self.pieces_for(unit, code).any(|piece| piece.holds(county, day))
    }

    pub(super) fn approval_on(&self, unit: usize, voucher_type: usize, day: Day) -> Option<&Approval> {
        self.approvals.iter().find(|a| a.unit == unit && a.voucher_type == voucher_type && a.span.holds(day))
    }

    /// How a unit stands on a day, today or later.
    pub(super) fn standing(&self, unit: usize, voucher_type: usize, day: Day) -> Standing {
        match self.approval_on(unit, voucher_type, day) {
            None => Standing::NotApproved,
            Some(approval) if approval.suspensions.iter().any(|s| s.span.holds(day)) => Standing::Suspended,
            Some(_) if self.lapsed(unit, voucher_type, day) => Standing::Lapsed,
            Some(_) => Standing::Approved,
        }
    }

    /// Whether services of a day can be recorded by those who have been chosen, on any day.
    pub(super) fn may_serve(&self, unit: usize, voucher_type: usize, day: Day) -> bool {
        if self.closed_from[unit].is_some_and(|closed| closed <= day) {
            return false;
        }
        let approval = self.approval_on(unit, voucher_type, day);
        approval.is_some_and(|a| !a.suspensions.iter().any(|s| s.must_move && s.span.holds(day)))
    }

    /// Whether an offering can be chosen from a day on, by someone in time for its start.
    pub(super) fn choosable(&self, offering: usize, day: Day) -> bool {
        let offer = &self.offerings[offering];
        let first = self.first_day(offering, day);
        offer.takes_clients
            && offer.priced_from <= first
            && self.closed_from[offer.unit].is_none_or(|closed| first < closed)
            && self.standing(offer.unit, offer.voucher_type, first) == Standing::Approved
            && !self.takes_a_rest(offer, day)
    }

    /// Whether a unit takes no new choices on a day, though it is approved.
    fn takes_a_rest(&self, offer: &Offering, day: Day) -> bool {
        matches!(self.standing(offer.unit, offer.voucher_type, day), Standing::Suspended | Standing::Lapsed)
    }

    /// The first day of a choice that could begin on a day.
    pub(super) fn first_day(&self, offering: usize, day: Day) -> Day {
        self.offerings[offering].starts.map_or(day, |starts| starts.max(day))
    }

    /// The first day from another on, on which a unit may not serve, as far as is known.
    fn served_until(&self, unit: usize, voucher_type: usize, from: Day) -> Option<Day> {
        (0..DAYS_KNOWN).map(|days| from.plus_days(days)).find(|day| !self.may_serve(unit, voucher_type, *day))
    }

    /// A choice was acknowledged.
    pub(super) fn chosen(&mut self, voucher: usize, offering: usize, from: Day) {
        let offer = &self.offerings[offering];
        let end = self.served_until(offer.unit, offer.voucher_type, from);
        let voucher = &mut self.vouchers[voucher];
        for choice in &mut voucher.choices {
            if choice.span.reaches(from) {
                choice.span.cut(from);
            }
        }
        voucher.choices.push(Choice { offering, span: Span { from, to: end } });
    }

    /// Those who have chosen a unit choose another on these days.
    pub(super) fn must_move(&mut self, unit: usize, voucher_type: usize, days: Span) {
        let (offerings, vouchers) = (&self.offerings, &mut self.vouchers);
        let there =
            |offering: usize| offerings[offering].unit == unit && offerings[offering].voucher_type == voucher_type;
        for choice in vouchers.iter_mut().flat_map(|voucher| &mut voucher.choices) {
            if there(choice.offering) && choice.span.shares_a_day_with(days) {
                choice.span.cut(days.from);
            }
        }
    }

    /// An approval was suspended.
    pub(super) fn suspended(&mut self, approval: usize, span: Span, must_move: bool) {
        let kept = &mut self.approvals[approval];
        kept.suspensions.push(Suspension { span, must_move });
        let (unit, voucher_type) = (kept.unit, kept.voucher_type);
        if must_move {
            self.must_move(unit, voucher_type, span);
        }
    }

    /// The suspension that holds on a day, or the next one, was lifted from that day on.
    pub(super) fn lifted(&mut self, approval: usize, day: Day) {
        let mut suspensions: Vec<&mut Suspension> =
            self.approvals[approval].suspensions.iter_mut().filter(|s| s.span.reaches(day)).collect();
        suspensions.sort_by_key(|suspension| suspension.span.from);
        suspensions.first_mut().expect("only what is suspended is lifted").span.cut(day);
    }

    /// It was said when a unit closes, or that it does not.
    pub(super) fn closes(&mut self, unit: usize, closes: Option<Day>) {
        let before = std::mem::replace(&mut self.closed_from[unit], closes);
        let Some(from) = closes.filter(|from| before.is_none_or(|before| *from < before)) else { return };
        let mut approved: Vec<usize> =
            self.approvals.iter().filter(|a| a.unit == unit && a.span.reaches(from)).map(|a| a.voucher_type).collect();
        approved.dedup();
        for voucher_type in approved {
            self.must_move(unit, voucher_type, Span { from, to: None });
        }
    }

    /// An approval ends before a day.
    pub(super) fn ended(&mut self, approval: usize, day: Day) {
        let kept = &mut self.approvals[approval];
        kept.span.cut(day);
        let (unit, voucher_type, from) = (kept.unit, kept.voucher_type, day.max(kept.span.from));
        self.must_move(unit, voucher_type, Span { from, to: None });
    }
}
