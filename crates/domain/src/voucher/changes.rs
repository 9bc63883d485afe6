//! What a decision changes of a voucher that was issued: its last day, what it grants, or all of it by another voucher.

use super::{Voucher, VoucherRefusal, VoucherState, VoucherStatus};
use crate::time::{Day, Period};

impl Voucher {
    /// The voucher is valid for longer. One whose time is over is not: nobody was chosen for the days between; another
    /// is issued in its place. One that is used up goes on where its periods do: `grants_anew` says so.
    ///
    /// # Errors
    /// The voucher's life is over, or it would grant no more for being valid longer.
    pub fn extend(self, day: Day, validity: Period, grants_anew: bool) -> Result<Self, VoucherRefusal> {
        let state = match self.status_on(day) {
            VoucherStatus::Offered | VoucherStatus::Accepted | VoucherStatus::Chosen | VoucherStatus::InUse => {
                self.state.clone()
            }
            VoucherStatus::UsedUp if grants_anew => VoucherState::InUse,
            VoucherStatus::UsedUp | VoucherStatus::Refused | VoucherStatus::Expired | VoucherStatus::Cancelled => {
                return Err(self.wrong(day, "extended"));
            }
        };
        Ok(Self { state, validity, ..self })
    }

    /// The voucher grants more, or is worth more. Where it is used up, it is in use again by what it is granted
    /// besides.
    ///
    /// # Errors
    /// The voucher's life is over.
    pub fn raise(self, day: Day, grants_more: bool) -> Result<Self, VoucherRefusal> {
        match self.status_on(day) {
            VoucherStatus::Offered | VoucherStatus::Accepted | VoucherStatus::Chosen | VoucherStatus::InUse => Ok(self),
            VoucherStatus::UsedUp if self.validity.contains(day) => {
                Ok(if grants_more { self.moved(VoucherState::InUse) } else { self })
            }
            VoucherStatus::UsedUp | VoucherStatus::Refused | VoucherStatus::Expired | VoucherStatus::Cancelled => {
                Err(self.wrong(day, "raised"))
            }
        }
    }

    /// The voucher grants less. Where nothing is left of it then, it is used up.
    ///
    /// # Errors
    /// The voucher's life is over.
    pub fn reduce(self, day: Day, nothing_left: bool) -> Result<Self, VoucherRefusal> {
        match self.status_on(day) {
            VoucherStatus::InUse if nothing_left => Ok(self.moved(VoucherState::UsedUp)),
            VoucherStatus::Offered | VoucherStatus::Accepted | VoucherStatus::Chosen | VoucherStatus::InUse => Ok(self),
            VoucherStatus::UsedUp | VoucherStatus::Refused | VoucherStatus::Expired | VoucherStatus::Cancelled => {
                Err(self.wrong(day, "reduced"))
            }
        }
    }

    /// Another voucher is issued in its place: it is cancelled, if it is not so already.
    ///
    /// # Errors
    /// It was refused, or nothing is left of it to be issued anew.
    pub fn replace(self, day: Day, reason: String) -> Result<Self, VoucherRefusal> {
        match self.status_on(day) {
            VoucherStatus::Offered
            | VoucherStatus::Accepted
            | VoucherStatus::Chosen
            | VoucherStatus::InUse
            | VoucherStatus::Expired => Ok(self.moved(VoucherState::Cancelled { reason })),
            VoucherStatus::Cancelled => Ok(self),
            VoucherStatus::UsedUp | VoucherStatus::Refused => Err(self.wrong(day, "replaced by another one")),
        }
    }
}
