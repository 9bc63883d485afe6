//! Who may make whom a member of a provider. Pure: who is one now is told.

use thiserror::Error;

use super::MemberRole;

/// Most members of one provider.
pub const MEMBERS_MAX: u64 = 1_000;

/// How a provider stands before a change of its members.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MembersNow {
    /// What the one who is to be changed is there, if anything.
    pub present: Option<MemberRole>,
    /// How many members there are.
    pub members: u64,
    /// How many of them are admins.
    pub admins: u64,
}

/// What is to be made of someone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MemberChange {
    /// A member in this role, from whatever they were.
    Put(MemberRole),
    /// No member any longer.
    Remove,
}

/// Who changes members.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MembersBy {
    /// An admin of the provider.
    Admin,
    /// An organiser's officer.
    Officer {
        /// Whether the organiser brought the provider into the registry.
        brought_in: bool,
    },
}

/// Why members are not changed so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum MembersRefused {
    /// Nobody could act for the provider any more, nor let anyone in again.
    #[error("a provider keeps at least one admin: name another one first")]
    LastAdmin,
    /// The provider's own affair.
    #[error(
        "the provider's admins decide who its members are; an officer names only the first admin of a provider that \
             the organiser has brought in"
    )]
    NotForOfficer,
    /// Enough.
    #[error("a provider has at most {MEMBERS_MAX} members")]
    TooMany,
    /// There is nobody to remove.
    #[error("this is no member of the provider")]
    NoMember,
}

/// Lets the change of members be made, or says why not.
///
/// An admin decides everything, but for the last admin. An officer lets in the first admin of a provider that came into
/// the registry without members, brought in by the officer's organiser, and nobody else: from then on it governs itself.
///
/// # Errors
/// Why not.
pub fn change_members(by: MembersBy, now: MembersNow, change: MemberChange) -> Result<(), MembersRefused> {
    if let MembersBy::Officer { brought_in } = by {
        let first_admin = brought_in && now.admins == 0 && change == MemberChange::Put(MemberRole::Admin);
        if !first_admin {
            return Err(MembersRefused::NotForOfficer);
        }
    }
    let stays_admin = change == MemberChange::Put(MemberRole::Admin);
    if now.present == Some(MemberRole::Admin) && now.admins <= 1 && !stays_admin {
        return Err(MembersRefused::LastAdmin);
    }
    match (change, now.present) {
        (MemberChange::Remove, None) => Err(MembersRefused::NoMember),
        (MemberChange::Put(_), None) if now.members >= MEMBERS_MAX => Err(MembersRefused::TooMany),
        (MemberChange::Put(_) | MemberChange::Remove, _) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn now(present: Option<MemberRole>, members: u64, admins: u64) -> MembersNow {
        MembersNow { present, members, admins }
    }

    #[test]
    fn the_last_admin_stays_one() {
        let alone = now(Some(MemberRole::Admin), 3, 1);
        for change in
            [MemberChange::Remove, MemberChange::Put(MemberRole::Clerk), MemberChange::Put(MemberRole::Worker)]
        {
            assert_eq!(change_members(MembersBy::Admin, alone, change), Err(MembersRefused::LastAdmin), "{change:?}");
            let one_of_two = now(Some(MemberRole::Admin), 3, 2);
            assert_eq!(change_members(MembersBy::Admin, one_of_two, change), Ok(()), "{change:?}");
        }
        assert_eq!(change_members(MembersBy::Admin, alone, MemberChange::Put(MemberRole::Admin)), Ok(()));
        assert_eq!(change_members(MembersBy::Admin, now(Some(MemberRole::Clerk), 3, 1), MemberChange::Remove), Ok(()));
    }

    #[test]
    fn an_officer_names_the_first_admin_of_what_the_organiser_brought_in_and_nothing_else() {
        let officer = MembersBy::Officer { brought_in: true };
        let admin = MemberChange::Put(MemberRole::Admin);
        assert_eq!(change_members(officer, now(None, 0, 0), admin), Ok(()));
        let refused = Err(MembersRefused::NotForOfficer);
        assert_eq!(change_members(officer, now(None, 1, 1), admin), refused);
        assert_eq!(change_members(officer, now(None, 0, 0), MemberChange::Put(MemberRole::Clerk)), refused);
        assert_eq!(change_members(officer, now(Some(MemberRole::Clerk), 2, 1), MemberChange::Remove), refused);
        assert_eq!(change_members(MembersBy::Officer { brought_in: false }, now(None, 0, 0), admin), refused);
    }

    #[test]
    fn nobody_is_removed_who_is_not_there_and_there_is_a_limit() {
        let stranger = now(None, MEMBERS_MAX, 1);
        assert_eq!(change_members(MembersBy::Admin, stranger, MemberChange::Remove), Err(MembersRefused::NoMember));
        let put = MemberChange::Put(MemberRole::Worker);
        assert_eq!(change_members(MembersBy::Admin, stranger, put), Err(MembersRefused::TooMany));
        assert_eq!(change_members(MembersBy::Admin, now(Some(MemberRole::Clerk), MEMBERS_MAX, 1), put), Ok(()));
    }
}
