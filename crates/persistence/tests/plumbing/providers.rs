//! Providers as they are stored: sectors by day, members, what is sealed, and what two people must agree on.

use valinta_domain::id::kind;
use valinta_domain::provider::{
    AgreedField, AgreedValue, ChangeState, Contact, ContactPurpose, Iban, MemberRole, Sector,
};
use valinta_domain::registry_change::RegistryKind;
use valinta_domain::{Id, Moment};
use valinta_persistence::provider_changes::{self, Decided, ProviderChange};
use valinta_persistence::providers::{self, Member};
use valinta_persistence::registry_versions::{self, keep};
use valinta_persistence::{Db, DbError};

use super::county::{PROVIDER, UNIT, day, found, vault};
use super::support::{moment, on_each, tell, uuid};

fn provider() -> Id<kind::Provider> {
    Id::new(uuid(PROVIDER))
}

fn iban() -> Iban {
    "FI2112345600000785".parse().unwrap()
}

fn change(n: u128, value: AgreedValue) -> ProviderChange {
    ProviderChange {
        id: Id::new(uuid(n)),
        provider: provider(),
        value,
        valid_from: day(1, 1),
        state: ChangeState::Waiting,
        reason: None,
        proposed_by: "maija".into(),
        proposed_at: moment(1),
        decided: None,
    }
}

fn insert(db: &Db, change: ProviderChange) -> Result<(), DbError> {
    db.write_blocking(move |c| provider_changes::insert(c, &vault(), &change))
}

fn decided(mut change: ProviderChange, by: &str, at: Moment) -> ProviderChange {
    change.state = ChangeState::Confirmed;
    change.decided = Some(Decided { by: by.into(), organiser: None, at });
    change
}

#[test]
fn a_sector_follows_another_and_two_never_hold_on_one_day() {
    on_each(|_, db| {
        found(db);
        db.write_blocking(|c| providers::follow_sector(c, uuid(2), provider(), (Sector::Ngo, day(5, 1)))).unwrap();
        let sectors = db.read_blocking(|c| providers::sectors(c, provider())).unwrap();
        assert_eq!(sectors.as_of(day(4, 30)), Some(&Sector::Company));
        assert_eq!(sectors.as_of(day(5, 1)), Some(&Sector::Ngo));
        let last = db.read_blocking(|c| providers::last_sector(c, provider())).unwrap();
        assert_eq!(last, Some((day(5, 1), Sector::Ngo)));
        // The domain refuses it first; the database is the last to.
        let earlier =
            db.write_blocking(|c| providers::follow_sector(c, uuid(3), provider(), (Sector::Public, day(4, 1))));
        assert!(matches!(earlier, Err(DbError::Check { .. })), "{earlier:?}");
        db.write_blocking(|c| providers::replace_sector(c, provider(), Sector::Public)).unwrap();
        let last = db.read_blocking(|c| providers::last_sector(c, provider())).unwrap();
        assert_eq!(last, Some((day(5, 1), Sector::Public)));
    });
}

#[test]
fn members_are_counted_changed_and_removed() {
    on_each(|_, db| {
        found(db);
        let member = |subject: &str, role| Member {
            subject: subject.into(),
            role,
            added_by: Some("member".into()),
            added_for: None,
            created_at: moment(1),
        };
        let (a, z) = (member("a", MemberRole::Worker), member("z", MemberRole::Admin));
        let added = [a.clone(), z];
        db.write_blocking(move |c| added.iter().try_for_each(|one| providers::insert_member(c, provider(), one)))
            .unwrap();
        assert_eq!(db.read_blocking(|c| providers::count_members(c, provider())).unwrap(), (3, 2));
        let page = db.read_blocking(|c| providers::members_of(c, provider(), Some("a"), 1)).unwrap();
        assert_eq!(page.iter().map(|one| one.subject.as_str()).collect::<Vec<_>>(), ["member"]);
        assert_eq!(db.read_blocking(|c| providers::member(c, provider(), "a")).unwrap(), Some(a.clone()));
        let again = db.write_blocking(move |c| providers::insert_member(c, provider(), &a));
        assert!(matches!(again, Err(DbError::Unique { .. })), "{again:?}");
        db.write_blocking(|c| providers::store_role(c, provider(), "member", MemberRole::Clerk)).unwrap();
        db.write_blocking(|c| providers::remove_member(c, provider(), "a")).unwrap();
        assert_eq!(db.read_blocking(|c| providers::count_members(c, provider())).unwrap(), (2, 1));
        assert_eq!(db.read_blocking(|c| providers::memberships(c, "a")).unwrap(), []);
    });
}

#[test]
fn contacts_and_accounts_are_sealed_each_in_its_place() {
    on_each(|_, db| {
        found(db);
        assert_eq!(db.read_blocking(|c| providers::iban(c, &vault(), provider())).unwrap(), None);
        assert_eq!(db.read_blocking(|c| providers::contacts(c, &vault(), provider())).unwrap(), []);
        let contacts = vec![Contact {
            purpose: ContactPurpose::County,
            function: "Palvelupäällikkö".into(),
            email: Some("a@b.example".into()),
            phone: None,
        }];
        let given = contacts.clone();
        db.write_blocking(move |c| {
            providers::store_contacts(c, &vault(), provider(), &given)?;
            providers::store_iban(c, &vault(), provider(), &iban())
        })
        .unwrap();
        assert_eq!(db.read_blocking(|c| providers::iban(c, &vault(), provider())).unwrap(), Some(iban()));
        assert_eq!(db.read_blocking(|c| providers::contacts(c, &vault(), provider())).unwrap(), contacts);
        // What was sealed for one column opens in no other.
        tell(db, "UPDATE providers SET iban = contacts").unwrap();
        let moved = db.read_blocking(|c| providers::iban(c, &vault(), provider()));
        assert!(matches!(moved, Err(DbError::Corrupt { .. })), "{moved:?}");
    });
}

#[test]
fn one_change_of_a_field_waits_and_nobody_confirms_their_own() {
    on_each(|_, db| {
        found(db);
        insert(db, change(20, AgreedValue::Iban(iban()))).unwrap();
        let second = insert(db, change(21, AgreedValue::Iban(iban())));
        assert!(second.as_ref().is_err_and(|error| error.is_unique("provider_changes_open")), "{second:?}");
        insert(db, change(22, AgreedValue::Name("New".into()))).unwrap();
        insert(db, change(23, AgreedValue::Sector(Sector::Ngo))).unwrap();

        let own = decided(change(20, AgreedValue::Iban(iban())), "maija", moment(2));
        let refused = db.write_blocking(move |c| provider_changes::store_decision(c, &own));
        assert!(matches!(refused, Err(DbError::Check { .. })), "{refused:?}");
        let other = decided(change(20, AgreedValue::Iban(iban())), "matti", moment(2));
        db.write_blocking(move |c| provider_changes::store_decision(c, &other)).unwrap();

        let read = db.read_blocking(|c| provider_changes::find(c, &vault(), Id::new(uuid(20)))).unwrap().unwrap();
        assert_eq!((read.value, read.state), (AgreedValue::Iban(iban()), ChangeState::Confirmed));
        let waiting = db.read_blocking(|c| provider_changes::waiting_of(c, &vault(), provider())).unwrap();
        let fields: Vec<AgreedField> = waiting.iter().map(|change| change.value.field()).collect();
        assert_eq!(fields, [AgreedField::Name, AgreedField::Sector]);
        let page = db
            .read_blocking(|c| provider_changes::of_provider(c, &vault(), provider(), Some(Id::new(uuid(23))), 1))
            .unwrap();
        assert_eq!(page.iter().map(|change| change.id).collect::<Vec<_>>(), [Id::new(uuid(22))]);
        // What was decided makes room for the next.
        insert(db, change(24, AgreedValue::Iban(iban()))).unwrap();
    });
}

#[test]
fn a_taken_provider_or_unit_is_the_next_version_and_every_version_is_kept() {
    on_each(|_, db| {
        found(db);
        db.write_blocking(|c| {
            let mut taken = providers::take(c, provider())?.unwrap();
            taken.details.oid = Some("1.2.246.10.2012566.10.0".parse().unwrap());
            providers::store_details(c, taken.id, &taken.details)?;
            keep(c, (RegistryKind::Provider, taken.id.uuid()), taken.version, &taken.details, ("a", moment(1)))?;
            let mut unit = providers::take_unit(c, Id::new(uuid(UNIT)))?.unwrap();
            unit.details.name = "new".into();
            unit.details.closed_from = Some(day(12, 1));
            providers::store_unit(c, &unit)
        })
        .unwrap();
        let read = db.read_blocking(|c| providers::find(c, provider())).unwrap().unwrap();
        let locked = db.write_blocking(|c| providers::lock(c, provider())).unwrap().unwrap();
        assert_eq!((read.version, locked.version), (2, 2));
        let oid = read.details.oid.clone().unwrap();
        assert!(db.read_blocking(|c| providers::oid_is_taken(c, &oid)).unwrap());
        let unit = db.read_blocking(|c| providers::find_unit(c, Id::new(uuid(UNIT)))).unwrap().unwrap();
        assert_eq!((unit.version, unit.details.name.as_str(), unit.details.closed_from), (2, "new", Some(day(12, 1))));
        let of = (RegistryKind::Provider, uuid(PROVIDER));
        let kept = db.read_blocking(|c| registry_versions::of(c, of, None, 10)).unwrap();
        assert_eq!(kept.first().map(|version| (version.version, &version.document)), Some((2, &read.details)));
    });
}
