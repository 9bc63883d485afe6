//! How a service event stands after it was recorded: whether it is accepted or contested, what of it counts still, and what
//! of that has been settled. Figures are only ever taken back; what is taken back is an act of its own.

use thiserror::Error;

use super::Charges;
use crate::money::Amount;
use crate::quantity::Quantity;

/// Where a service event stands. That it was settled and paid follows from settlements.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EventState {
    /// The organiser is to look at it before it is settled.
    Recorded,
    /// The client or the organiser has asked about it; it is not settled before that is answered.
    Contested,
    /// It counts, and is settled with the month.
    Accepted,
    /// It does not count. The entries that took it back say why.
    Withdrawn,
}

impl EventState {
    /// All states.
    pub const ALL: [Self; 4] = [Self::Recorded, Self::Contested, Self::Accepted, Self::Withdrawn];

    /// The name on the wire and in the database.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Recorded => "recorded",
            Self::Contested => "contested",
            Self::Accepted => "accepted",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// The state of a name.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.code() == code)
    }
}

/// What was done about a service event after it was recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ActKind {
    /// The service found, when it was recorded, that it may be one that was recorded already.
    Flagged,
    /// The organiser accepted it.
    Accepted,
    /// The client contested it.
    Contested,
    /// The organiser asked the provider about it.
    Queried,
    /// The provider answered.
    Answered,
    /// The organiser found that it counts as it is.
    Dismissed,
    /// The organiser found that it does not count, or not all of it.
    Upheld,
    /// The provider took it back before it was settled.
    Withdrawn,
    /// Of what had been settled some was taken back.
    Credited,
    /// Units are worth more from a day before it was recorded: of its price the organiser pays more, and the client less.
    Revalued,
}

impl ActKind {
    /// All kinds.
    pub const ALL: [Self; 10] = [
        Self::Flagged,
        Self::Accepted,
        Self::Contested,
        Self::Queried,
        Self::Answered,
        Self::Dismissed,
        Self::Upheld,
        Self::Withdrawn,
        Self::Credited,
        Self::Revalued,
    ];

    /// The name on the wire and in the database.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Flagged => "flagged",
            Self::Accepted => "accepted",
            Self::Contested => "contested",
            Self::Queried => "queried",
            Self::Answered => "answered",
            Self::Dismissed => "dismissed",
            Self::Upheld => "upheld",
            Self::Withdrawn => "withdrawn",
            Self::Credited => "credited",
            Self::Revalued => "revalued",
        }
    }

    /// The kind of a name.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }
}

/// Quantity and money of a service event, of a part of it, or of a difference between two; only the last can be below zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Figures {
    /// How much, in the voucher's unit.
    pub quantity: Quantity,
    /// Who is charged what.
    pub charges: Charges,
}

impl Figures {
    /// Nothing.
    pub const ZERO: Self = Self {
        quantity: Quantity::ZERO,
        charges: Charges {
            total: Amount::ZERO,
            organiser_pays: Amount::ZERO,
            co_payment: Amount::ZERO,
            client_fee: Amount::ZERO,
        },
    };

    /// Both together; `None` where that overflows.
    pub fn plus(self, other: Self) -> Option<Self> {
        Some(Self { quantity: self.quantity.plus(other.quantity)?, charges: self.charges.plus(other.charges)? })
    }

    /// What is left, below zero where more is taken than there is; `None` where that overflows.
    pub fn minus(self, other: Self) -> Option<Self> {
        let (of, taken) = (self.charges, other.charges);
        Some(Self {
            quantity: self.quantity.minus(other.quantity)?,
            charges: Charges {
                total: of.total.minus(taken.total)?,
                organiser_pays: of.organiser_pays.minus(taken.organiser_pays)?,
                co_payment: of.co_payment.minus(taken.co_payment)?,
                client_fee: of.client_fee.minus(taken.client_fee)?,
            },
        })
    }

    /// The first figure that is more here than there, by its name, with both.
    fn over(&self, other: &Self) -> Option<(&'static str, String, String)> {
        let (of, than) = (&self.charges, &other.charges);
        let amounts = [
            ("organiser_pays", of.organiser_pays, than.organiser_pays),
            ("co_payment", of.co_payment, than.co_payment),
            ("client_fee", of.client_fee, than.client_fee),
            ("total", of.total, than.total),
        ];
        if self.quantity > other.quantity {
            return Some(("quantity", self.quantity.to_string(), other.quantity.to_string()));
        }
        let over = amounts.into_iter().find(|(_, here, there)| here > there);
        over.map(|(name, here, there)| (name, here.to_string(), there.to_string()))
    }
}

/// How a service event stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventAccount {
    /// Where it stands.
    pub state: EventState,
    /// What of it counts: as it was recorded, without what was taken back.
    pub counted: Figures,
    /// What settlements have taken of it so far.
    pub settled: Figures,
    /// How many settlements have taken something of it.
    pub settlements: i64,
}

/// What is to be taken back of an event. What is not said follows: all, where nothing is said; else, by a quantity, its share
/// of what counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TakenBack {
    /// How much service.
    pub quantity: Option<Quantity>,
    /// Of what the organiser pays.
    pub organiser_pays: Option<Amount>,
    /// Of what the client pays to the provider.
    pub co_payment: Option<Amount>,
    /// Of what the client is charged by the organiser.
    pub client_fee: Option<Amount>,
}

/// Why a service may be one that was recorded already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Flag {
    /// Whoever gave it was giving another one at the time.
    WorkerElsewhere,
    /// Another one of the voucher is the same in all that was said of it.
    SameAsAnother,
}

impl Flag {
    /// The name on the wire and in the database.
    pub const fn code(self) -> &'static str {
        match self {
            Self::WorkerElsewhere => "worker_elsewhere",
            Self::SameAsAnother => "same_as_another",
        }
    }
}

/// Why an act is refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ActRefused {
    /// An event that stands so cannot be acted on so.
    #[error("a service event that is {} cannot be {}", .state.code(), .act.code())]
    WrongState {
        /// Where it stands.
        state: EventState,
        /// What was to be done.
        act: ActKind,
    },
    /// It was settled: withdrawing it would change a month that is frozen.
    #[error("it was settled already; what was settled is taken back by a credit")]
    Settled,
    /// It was not settled: there is nothing to credit yet.
    #[error("it was not settled yet; until then it is withdrawn")]
    NotSettled,
    /// More is taken back than counts.
    #[error("{asked} is more than the {left} that counts")]
    TooMuch {
        /// Which figure.
        figure: &'static str,
        /// How much was to be taken back.
        asked: String,
        /// How much counts.
        left: String,
    },
    /// Nothing is taken back.
    #[error("nothing is taken back")]
    Nothing,
    /// A sum is beyond the range of money.
    #[error("a figure is beyond the range of money")]
    Overflow,
}

impl EventAccount {
    /// As it is recorded; accepted at once, or to be looked at first.
    pub fn recorded(counted: Figures, accepted: bool) -> Self {
        let state = if accepted { EventState::Accepted } else { EventState::Recorded };
        Self { state, counted, settled: Figures::ZERO, settlements: 0 }
    }

    /// Whether a settlement has something to do with it: it counts and has not been settled, or not as it counts now.
    pub fn is_due(&self) -> bool {
        self.state == EventState::Accepted && (self.settlements == 0 || self.counted != self.settled)
            || self.state == EventState::Withdrawn && self.counted != self.settled
    }

    /// The organiser accepts it.
    ///
    /// # Errors
    /// It is not one that waits to be accepted.
    pub fn accept(self) -> Result<Self, ActRefused> {
        match self.state {
            EventState::Recorded => Ok(Self { state: EventState::Accepted, ..self }),
            EventState::Contested | EventState::Accepted | EventState::Withdrawn => {
                Err(self.wrong_state(ActKind::Accepted))
            }
        }
    }

    /// The client contests it, or the organiser asks about it.
    ///
    /// # Errors
    /// It is asked about already, or does not count.
    pub fn ask(self, act: ActKind) -> Result<Self, ActRefused> {
        match self.state {
            EventState::Recorded | EventState::Accepted => Ok(Self { state: EventState::Contested, ..self }),
            EventState::Contested | EventState::Withdrawn => Err(self.wrong_state(act)),
        }
    }

    /// The provider answers what was asked.
    ///
    /// # Errors
    /// Nothing was.
    pub fn answer(self) -> Result<Self, ActRefused> {
        match self.state {
            EventState::Contested => Ok(self),
            EventState::Recorded | EventState::Accepted | EventState::Withdrawn => {
                Err(self.wrong_state(ActKind::Answered))
            }
        }
    }

    /// The organiser finds that it counts as it is.
    ///
    /// # Errors
    /// Nobody asked about it.
    pub fn dismiss(self) -> Result<Self, ActRefused> {
        match self.state {
            EventState::Contested => Ok(Self { state: EventState::Accepted, ..self }),
            EventState::Recorded | EventState::Accepted | EventState::Withdrawn => {
                Err(self.wrong_state(ActKind::Dismissed))
            }
        }
    }

    /// The organiser finds that it does not count, or not all of it. Gives what is taken back.
    ///
    /// # Errors
    /// Nobody asked about it, or more is taken back than counts.
    pub fn uphold(self, back: &TakenBack) -> Result<(Self, Figures), ActRefused> {
        match self.state {
            EventState::Contested => Self { state: EventState::Accepted, ..self }.take_back(back),
            EventState::Recorded | EventState::Accepted | EventState::Withdrawn => {
                Err(self.wrong_state(ActKind::Upheld))
            }
        }
    }

    /// The provider takes all of it back before it is settled. Gives what is taken back.
    ///
    /// # Errors
    /// It was settled, or does not count any more.
    pub fn withdraw(self) -> Result<(Self, Figures), ActRefused> {
        if self.state == EventState::Withdrawn {
            return Err(self.wrong_state(ActKind::Withdrawn));
        }
        if self.settlements > 0 {
            return Err(ActRefused::Settled);
        }
        Ok((Self { state: EventState::Withdrawn, counted: Figures::ZERO, ..self }, self.counted))
    }

    /// Some of what was settled is taken back, or all. Gives what is taken back.
    ///
    /// # Errors
    /// It was not settled, does not count any more, or more is taken back than counts.
    pub fn credit(self, back: &TakenBack) -> Result<(Self, Figures), ActRefused> {
        if self.state == EventState::Withdrawn {
            return Err(self.wrong_state(ActKind::Credited));
        }
        if self.settlements == 0 {
            return Err(ActRefused::NotSettled);
        }
        self.take_back(back)
    }

    /// Of the price of what counts the organiser pays more, and the client as much less. Gives what is taken back of each:
    /// of the organiser's share less than nothing.
    ///
    /// # Errors
    /// It does not count, the client does not pay so much of it, or nothing moves.
    pub fn revalue(self, more: Amount) -> Result<(Self, Figures), ActRefused> {
        if self.state == EventState::Withdrawn {
            return Err(self.wrong_state(ActKind::Revalued));
        }
        if more <= Amount::ZERO {
            return Err(ActRefused::Nothing);
        }
        let left = self.counted.charges.co_payment;
        if more > left {
            let (asked, left) = (more.to_string(), left.to_string());
            return Err(ActRefused::TooMuch { figure: "co_payment", asked, left });
        }
        let organiser_pays = Amount::ZERO.minus(more).ok_or(ActRefused::Overflow)?;
        let charges = Charges { organiser_pays, co_payment: more, ..Charges::default() };
        let moved = Figures { quantity: Quantity::ZERO, charges };
        let counted = self.counted.minus(moved).ok_or(ActRefused::Overflow)?;
        Ok((Self { counted, ..self }, moved))
    }

    /// What a settlement takes: what counts, without what was settled before. Afterwards all that counts is settled.
    ///
    /// # Errors
    /// A difference is beyond the range of money.
    pub fn settle(self) -> Result<(Self, Figures), ActRefused> {
        let difference = self.counted.minus(self.settled).ok_or(ActRefused::Overflow)?;
        Ok((Self { settled: self.counted, settlements: self.settlements.saturating_add(1), ..self }, difference))
    }

    fn take_back(self, back: &TakenBack) -> Result<(Self, Figures), ActRefused> {
        let figures = back.figures(&self.counted)?;
        if let Some((figure, asked, left)) = figures.over(&self.counted) {
            return Err(ActRefused::TooMuch { figure, asked, left });
        }
        let counted = self.counted.minus(figures).ok_or(ActRefused::Overflow)?;
        let state = if counted == Figures::ZERO { EventState::Withdrawn } else { self.state };
        Ok((Self { state, counted, ..self }, figures))
    }

    fn wrong_state(&self, act: ActKind) -> ActRefused {
        ActRefused::WrongState { state: self.state, act }
    }
}

impl TakenBack {
    fn figures(&self, counted: &Figures) -> Result<Figures, ActRefused> {
        let charges = counted.charges;
        let amounts = [self.organiser_pays, self.co_payment, self.client_fee];
        if self.quantity.is_none() && amounts.iter().all(Option::is_none) {
            return if *counted == Figures::ZERO { Err(ActRefused::Nothing) } else { Ok(*counted) };
        }
        let quantity = self.quantity.unwrap_or(Quantity::ZERO);
        let share = |of: Amount| share_of(of, quantity, counted.quantity).ok_or(ActRefused::Overflow);
        let [organiser_pays, co_payment, client_fee] =
            [charges.organiser_pays, charges.co_payment, charges.client_fee].map(share);
        let organiser_pays = self.organiser_pays.map_or(organiser_pays, Ok)?;
        let co_payment = self.co_payment.map_or(co_payment, Ok)?;
        let client_fee = self.client_fee.map_or(client_fee, Ok)?;
        let shares = organiser_pays.plus(co_payment).ok_or(ActRefused::Overflow)?;
        let of_both = charges.organiser_pays.plus(charges.co_payment).ok_or(ActRefused::Overflow)?;
        // A provider's total is what the two pay it; a public unit's is its cost, which nobody pays it.
        let total = if charges.total == of_both { shares } else { share(charges.total)? };
        let figures = Figures { quantity, charges: Charges { total, organiser_pays, co_payment, client_fee } };
        if figures == Figures::ZERO { Err(ActRefused::Nothing) } else { Ok(figures) }
    }
}

/// The share of an amount that a part of a quantity has in it, rounded half up to the cent; of the whole quantity, the whole.
pub(super) fn share_of(of: Amount, part: Quantity, whole: Quantity) -> Option<Amount> {
    if part == Quantity::ZERO || whole == Quantity::ZERO {
        return Some(Amount::ZERO);
    }
    let (of, part, whole) = (i128::from(of.minor()), i128::from(part.e4()), i128::from(whole.e4()));
    let share = of.checked_mul(part)?.checked_mul(2)?.checked_add(whole)?.checked_div(whole.checked_mul(2)?)?;
    i64::try_from(share).ok().map(Amount::from_minor)
}

#[cfg(test)]
mod tests;
