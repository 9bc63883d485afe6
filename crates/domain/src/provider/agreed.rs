//! What of a provider two people must agree on, and when a change of it takes effect. Pure; stores nothing.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{Iban, Sector};
use crate::time::Day;

/// What of a provider is changed only where two people agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AgreedField {
    /// The name. A client chooses by it and a decision names it: it must be the one in the trade register or the register
    /// of associations, and an organiser's officer is the one who looks there.
    Name,
    /// The bank account. Whoever can change it alone can turn every payment to themselves, by a stolen token too: another
    /// admin of the provider or an officer must want the same.
    Iban,
    /// The sector. It decides whether a client pays a co-payment or a client fee and by which list the provider is counted:
    /// an organiser's officer confirms what the entity is by its register.
    Sector,
}

impl AgreedField {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Name, Self::Iban, Self::Sector];

    /// The name on the wire and in the database.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Iban => "iban",
            Self::Sector => "sector",
        }
    }

    /// The field of a name.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.code() == code)
    }
}

/// What is to be in force of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AgreedValue {
    /// A name.
    Name(String),
    /// An account.
    Iban(Iban),
    /// A sector.
    Sector(Sector),
}

impl AgreedValue {
    /// What it is a value of.
    pub const fn field(&self) -> AgreedField {
        match self {
            Self::Name(_) => AgreedField::Name,
            Self::Iban(_) => AgreedField::Iban,
            Self::Sector(_) => AgreedField::Sector,
        }
    }
}

/// Where a change stands that waits, or waited, for a second person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChangeState {
    /// Nobody has agreed yet.
    Waiting,
    /// A second person agreed, and it took effect.
    Confirmed,
    /// A second person refused.
    Refused,
    /// The provider took it back.
    Withdrawn,
}

impl ChangeState {
    /// All states.
    pub const ALL: [Self; 4] = [Self::Waiting, Self::Confirmed, Self::Refused, Self::Withdrawn];

    /// The name on the wire and in the database.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Confirmed => "confirmed",
            Self::Refused => "refused",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// The state of a name.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.code() == code)
    }
}

/// Whether a change waits for a second person. As long as a provider has handed in nothing to anyone, nobody relies on
/// what it says of itself, and nobody but its own admins knows it: it corrects its registration alone.
pub const fn waits(has_handed_in: bool) -> bool {
    has_handed_in
}

/// Who is asked to agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Second {
    /// An admin of the provider.
    Admin,
    /// An officer of an organiser that knows the provider.
    Officer,
}

/// A change that waits, as far as it matters to whoever decides it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waiting<'a> {
    /// What of.
    pub field: AgreedField,
    /// Where it stands.
    pub state: ChangeState,
    /// Who asked for it.
    pub proposed_by: &'a str,
}

/// Why a change is not decided so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ChangeRefused {
    /// Somebody came first.
    #[error("the change does not wait any more")]
    NotWaiting,
    /// One person is not two.
    #[error("nobody confirms or refuses a change of their own: it takes a second person")]
    OwnChange,
    /// The provider cannot vouch for what its registers say.
    #[error("a name or a sector is confirmed by an officer, who compares it with the register it stands in")]
    ForOfficer,
}

impl Waiting<'_> {
    /// Lets a second person confirm or refuse the change, or says why not.
    ///
    /// # Errors
    /// Why not.
    pub fn decide(self, second: Second, subject: &str) -> Result<(), ChangeRefused> {
        match (self.field, second) {
            (AgreedField::Name | AgreedField::Sector, Second::Admin) => return Err(ChangeRefused::ForOfficer),
            (AgreedField::Iban, Second::Admin)
            | (AgreedField::Name | AgreedField::Iban | AgreedField::Sector, Second::Officer) => {}
        }
        self.is_waiting()?;
        if self.proposed_by == subject { Err(ChangeRefused::OwnChange) } else { Ok(()) }
    }

    /// Lets the provider take the change back, or says why not.
    ///
    /// # Errors
    /// It has been decided.
    pub fn withdraw(self) -> Result<(), ChangeRefused> {
        self.is_waiting()
    }

    fn is_waiting(self) -> Result<(), ChangeRefused> {
        match self.state {
            ChangeState::Waiting => Ok(()),
            ChangeState::Confirmed | ChangeState::Refused | ChangeState::Withdrawn => Err(ChangeRefused::NotWaiting),
        }
    }
}

/// How a sector follows the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SectorStep {
    /// The one before ends, and this one begins.
    Follow,
    /// The one before was to begin on the same day, and is replaced: it has held on no day before.
    Replace,
}

/// Why a sector does not begin so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum SectorRefused {
    /// History stands.
    #[error("a sector begins today or later")]
    InThePast,
    /// Nothing would change.
    #[error("the provider is of this sector on that day")]
    Unchanged,
    /// One change after the other.
    #[error("a change of sector from a later day is agreed already")]
    LaterAgreed,
}

/// How a provider comes to be of a sector from a day on. `last` is the sector that has no end yet, and its first day.
///
/// # Errors
/// Why it does not.
pub fn sector_step(last: (Day, Sector), to: Sector, from: Day, today: Day) -> Result<SectorStep, SectorRefused> {
    let (last_from, last) = last;
    if from < today {
        Err(SectorRefused::InThePast)
    } else if from < last_from {
        Err(SectorRefused::LaterAgreed)
    } else if to == last {
        Err(SectorRefused::Unchanged)
    } else if from == last_from {
        Ok(SectorStep::Replace)
    } else {
        Ok(SectorStep::Follow)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waiting(field: AgreedField) -> Waiting<'static> {
        Waiting { field, state: ChangeState::Waiting, proposed_by: "maija" }
    }

    #[test]
    fn a_name_and_a_sector_want_an_officer_and_an_account_any_second_person() {
        for field in AgreedField::ALL {
            assert_eq!(waiting(field).decide(Second::Officer, "officer"), Ok(()), "{field:?}");
            let by_admin = waiting(field).decide(Second::Admin, "matti");
            let expected = if field == AgreedField::Iban { Ok(()) } else { Err(ChangeRefused::ForOfficer) };
            assert_eq!(by_admin, expected, "{field:?}");
        }
    }

    #[test]
    fn nobody_agrees_with_themselves_in_any_role() {
        for field in AgreedField::ALL {
            assert_eq!(waiting(field).decide(Second::Officer, "maija"), Err(ChangeRefused::OwnChange), "{field:?}");
        }
        assert_eq!(waiting(AgreedField::Iban).decide(Second::Admin, "maija"), Err(ChangeRefused::OwnChange));
    }

    #[test]
    fn what_is_decided_stands() {
        for state in [ChangeState::Confirmed, ChangeState::Refused, ChangeState::Withdrawn] {
            let decided = Waiting { state, ..waiting(AgreedField::Iban) };
            assert_eq!(decided.decide(Second::Admin, "matti"), Err(ChangeRefused::NotWaiting));
            assert_eq!(decided.withdraw(), Err(ChangeRefused::NotWaiting));
        }
        assert_eq!(waiting(AgreedField::Name).withdraw(), Ok(()));
    }

    #[test]
    fn a_sector_follows_from_today_on_and_history_stands() {
        let day = |n| Day::ymd(2026, 11, n).unwrap();
        let step = |last, to, from| sector_step(last, to, from, day(11));
        let company = (day(1), Sector::Company);
        assert_eq!(step(company, Sector::Ngo, day(11)), Ok(SectorStep::Follow));
        assert_eq!(step(company, Sector::Ngo, day(20)), Ok(SectorStep::Follow));
        assert_eq!(step(company, Sector::Ngo, day(10)), Err(SectorRefused::InThePast));
        assert_eq!(step(company, Sector::Company, day(20)), Err(SectorRefused::Unchanged));
        assert_eq!(step((day(11), Sector::Company), Sector::Ngo, day(11)), Ok(SectorStep::Replace));
        assert_eq!(step((day(20), Sector::Ngo), Sector::Public, day(15)), Err(SectorRefused::LaterAgreed));
        // What is to come can still be undone, from the day on which it was to come.
        assert_eq!(step((day(20), Sector::Ngo), Sector::Company, day(20)), Ok(SectorStep::Replace));
    }

    #[test]
    fn codes_are_read_back() {
        for field in AgreedField::ALL {
            assert_eq!(AgreedField::from_code(field.code()), Some(field));
        }
        for state in ChangeState::ALL {
            assert_eq!(ChangeState::from_code(state.code()), Some(state));
        }
    }
}
