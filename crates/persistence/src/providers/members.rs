//! Who acts for providers.

use diesel::prelude::*;
use valinta_domain::id::kind;
use valinta_domain::policy::Membership;
use valinta_domain::provider::MemberRole;
use valinta_domain::{Id, Moment};

use crate::convert::coded;
use crate::dialect::{Conn, on};
use crate::error::DbError;
use crate::schema::provider_members;
use crate::types::{DbId, DbMoment};

const TABLE: &str = "provider_members";

/// One who acts for a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The subject of their tokens.
    pub subject: String,
    /// As what.
    pub role: MemberRole,
    /// Who let them in; nobody, where they registered the provider.
    pub added_by: Option<String>,
    /// For which organiser; nobody's, where it was an admin of the provider.
    pub added_for: Option<Id<kind::Organiser>>,
    /// Since when.
    pub created_at: Moment,
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = provider_members, treat_none_as_default_value = false)]
struct Row {
    provider_id: DbId,
    subject: String,
    created_at: DbMoment,
    role: String,
    added_by: Option<String>,
    added_for: Option<DbId>,
}

impl Row {
    fn member(self) -> Result<Member, DbError> {
        Ok(Member {
            subject: self.subject,
            role: coded(TABLE, &self.role, MemberRole::from_code)?,
            added_by: self.added_by,
            added_for: self.added_for.map(DbId::id),
            created_at: self.created_at.moment(),
        })
    }
}

/// What a token's subject is a member of, and as what.
///
/// # Errors
/// The database's.
pub fn memberships(c: &mut Conn, subject: &str) -> Result<Vec<Membership>, DbError> {
    let rows: Vec<(DbId, String)> = on!(c, c => provider_members::table
        .filter(provider_members::subject.eq(subject))
        .order(provider_members::provider_id)
        .limit(1_000)
        .select((provider_members::provider_id, provider_members::role))
        .load(c))?;
    rows.into_iter()
        .map(|(provider, role)| {
            let role = coded("provider_members", &role, MemberRole::from_code)?;
            Ok(Membership { provider: provider.id(), role })
        })
        .collect()
}

/// A provider's members, in order of their subjects.
///
/// # Errors
/// The database's.
pub fn members_of(
    c: &mut Conn,
    provider: Id<kind::Provider>,
    after: Option<&str>,
    limit: i64,
) -> Result<Vec<Member>, DbError> {
    let mut query = provider_members::table
        .filter(provider_members::provider_id.eq(DbId::from(provider)))
        .order(provider_members::subject)
        .limit(limit)
        .select(Row::as_select())
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(provider_members::subject.gt(after));
    }
    query.load::<Row>(c)?.into_iter().map(Row::member).collect()
}

/// A member of a provider.
///
/// # Errors
/// The database's.
pub fn member(c: &mut Conn, provider: Id<kind::Provider>, subject: &str) -> Result<Option<Member>, DbError> {
    let row = provider_members::table.find((DbId::from(provider), subject)).select(Row::as_select()).first(c);
    row.optional()?.map(Row::member).transpose()
}

/// How many members a provider has, and how many of them are admins.
///
/// # Errors
/// The database's.
pub fn count_members(c: &mut Conn, provider: Id<kind::Provider>) -> Result<(i64, i64), DbError> {
    let members = provider_members::table.filter(provider_members::provider_id.eq(DbId::from(provider)));
    let all = members.count().get_result(c)?;
    let admins = members.filter(provider_members::role.eq(MemberRole::Admin.code())).count().get_result(c)?;
    Ok((all, admins))
}

/// Lets someone act for a provider.
///
/// # Errors
/// [`DbError::Unique`] where they do already.
pub fn insert_member(c: &mut Conn, provider: Id<kind::Provider>, member: &Member) -> Result<(), DbError> {
    let row = Row {
        provider_id: provider.into(),
        subject: member.subject.clone(),
        created_at: member.created_at.into(),
        role: member.role.code().to_owned(),
        added_by: member.added_by.clone(),
        added_for: member.added_for.map(DbId::from),
    };
    diesel::insert_into(provider_members::table).values(&row).execute(c)?;
    Ok(())
}

/// Lets a member be something else there.
///
/// # Errors
/// The database's.
pub fn store_role(c: &mut Conn, provider: Id<kind::Provider>, subject: &str, role: MemberRole) -> Result<(), DbError> {
    diesel::update(provider_members::table.find((DbId::from(provider), subject)))
        .set(provider_members::role.eq(role.code()))
        .execute(c)?;
    Ok(())
}

/// Lets a member act no longer.
///
/// # Errors
/// The database's.
pub fn remove_member(c: &mut Conn, provider: Id<kind::Provider>, subject: &str) -> Result<(), DbError> {
    diesel::delete(provider_members::table.find((DbId::from(provider), subject))).execute(c)?;
    Ok(())
}
