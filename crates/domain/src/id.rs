//! Typed identifiers: a provider's id cannot be passed where a voucher's is asked for.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use uuid::Uuid;

/// An id of one kind of thing, `K`: a UUID, made by the service as version 7.
pub struct Id<K> {
    uuid: Uuid,
    kind: PhantomData<fn() -> K>,
}

impl<K> Id<K> {
    /// Names a UUID as the id of a `K`.
    pub const fn new(uuid: Uuid) -> Self {
        Self { uuid, kind: PhantomData }
    }

    /// The bare UUID.
    pub const fn uuid(self) -> Uuid {
        self.uuid
    }
}

impl<K> Clone for Id<K> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<K> Copy for Id<K> {}
impl<K> PartialEq for Id<K> {
    fn eq(&self, other: &Self) -> bool {
        self.uuid == other.uuid
    }
}
impl<K> Eq for Id<K> {}
impl<K> PartialOrd for Id<K> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl<K> Ord for Id<K> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.uuid.cmp(&other.uuid)
    }
}
impl<K> Hash for Id<K> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.uuid.hash(state);
    }
}
impl<K> fmt::Display for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.uuid.fmt(f)
    }
}
impl<K> fmt::Debug for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.uuid.fmt(f)
    }
}
impl<K> FromStr for Id<K> {
    type Err = uuid::Error;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        Uuid::from_str(s).map(Self::new)
    }
}
impl<K> Serialize for Id<K> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.uuid.serialize(serializer)
    }
}
impl<'de, K> Deserialize<'de> for Id<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(|_| de::Error::custom("an id is a UUID, such as 01990000-0000-7000-8000-000000000000"))
    }
}

fn uuid_schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
    utoipa::openapi::ObjectBuilder::new()
        .schema_type(utoipa::openapi::schema::Type::String)
        .format(Some(utoipa::openapi::SchemaFormat::KnownFormat(utoipa::openapi::KnownFormat::Uuid)))
        .into()
}

// utoipa describes a generic type by composing it; `PartialSchema` follows.
impl<K> utoipa::__dev::ComposeSchema for Id<K> {
    fn compose(
        _: Vec<utoipa::openapi::RefOr<utoipa::openapi::schema::Schema>>,
    ) -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        uuid_schema()
    }
}
impl<K> utoipa::ToSchema for Id<K> {
    fn name() -> std::borrow::Cow<'static, str> {
        "Id".into()
    }
}

/// The kinds of thing that have ids. Each is only a name.
pub mod kind {
    macro_rules! kinds {
        ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {
            $(
                $(#[$doc])*
                #[derive(Debug)]
                pub enum $name {}
                impl utoipa::PartialSchema for $name {
                    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                        super::uuid_schema()
                    }
                }
                impl utoipa::ToSchema for $name {}
            )+
        };
    }
    kinds! {
        /// A payer of vouchers (*järjestäjä*): a wellbeing services county.
        Organiser,
        /// A kind of voucher an organiser uses (*palvelusetelilaji*).
        VoucherType,
        /// One version of the common rules of a voucher type (*sääntökirja*).
        Rulebook,
        /// A legal entity that produces services (*palveluntuottaja*).
        Provider,
        /// A unit of a provider (*palveluyksikkö*).
        ServiceUnit,
        /// A list of choices that was shown for a voucher.
        ShownList,
        /// A unit's application for approval (*hakemus*).
        Application,
        /// A unit's approval for a voucher type (*hyväksyminen*).
        Approval,
        /// What an approved unit offers for a voucher type, with its prices.
        Offering,
        /// One dated price of an offering.
        OfferingPrice,
        /// A person, known by a keyed hash only, who may be a client of several organisers.
        Person,
        /// A person's client relation to one organiser (*asiakas*).
        Client,
        /// A service voucher (*palveluseteli*).
        Voucher,
        /// Many vouchers that were asked for at once.
        VoucherBatch,
        /// A part of a voucher's grant that is usable within one period.
        Allotment,
        /// A change of a grant.
        GrantChange,
        /// The record that a client was told what the law wants told.
        Information,
        /// A pick of a provider for a voucher (*valinta*).
        Choice,
        /// A client's request to be taken by a provider, where the provider answers.
        ChoiceRequest,
        /// A service delivered (*palvelutapahtuma*).
        ServiceEvent,
        /// A service that a provider has begun to record.
        EventDraft,
        /// Many services that a provider has sent at once.
        EventBatch,
        /// What was done about a service event after it was recorded.
        EventAct,
        /// The settling of a month (*tilitys*).
        Settlement,
        /// What one provider is paid for a month (*tilityserittely*).
        Statement,
        /// How an organiser settles, from a day on.
        SettlementSettings,
        /// One balanced entry of a voucher's ledger.
        LedgerEntry,
        /// A decision with its reasons (*päätös*).
        Decision,
        /// A row of the audit trail.
        AuditRow,
        /// Something that has happened, as others are told of it.
        OutboxMessage,
        /// An address at which somebody is told what happens.
        Webhook,
        /// By what such an address knows who calls.
        WebhookSecret,
        /// One thing that is handed over to one place.
        Delivery,
        /// What a process has taken for a while.
        Lease,
        /// A program that gets tokens from the service itself.
        MachineClient,
        /// By what such a program proves who it is: a public key or a secret.
        MachineCredential,
        /// What a provider states of a condition of approval (*selvitys*).
        Evidence,
        /// An organiser's look at a piece of evidence.
        EvidenceCheck,
        /// A file that a provider has handed in.
        Attachment,
        /// Something that happened to an application.
        ApplicationEvent,
        /// Days on which an approval takes no new choices.
        Interruption,
        /// What supervision has found.
        Finding,
        /// A step of the sanctions ladder.
        Measure,
        /// A change of a provider's details that two people must agree on.
        ProviderChange,
        /// What lets a person act for an organiser's client (*valtuus*).
        Mandate,
        /// What was done about a voucher for its holder.
        ActOnBehalf,
    }
}
