//! What the rows of every kind have in common when they are stored: whose they are, what is called how, and who may
//! change what.

use std::collections::{HashMap, HashSet};

use uuid::Uuid;
use valinta_domain::id::kind;
use valinta_domain::{Day, Id, Moment};
use valinta_persistence::organisers::Organiser;
use valinta_persistence::source_ids::{self, NamedKind, SourceName};
use valinta_persistence::{Conn, DbError, bulk};

use super::progress::Watch;
use super::read::Record;
use super::report::{Became, RowErrors};
use crate::cx::Cx;
use crate::http::Problem;

/// Whose file it is: whose names stand in it.
#[derive(Debug, Clone)]
pub(crate) enum Source {
    /// An organiser's, brought in by an officer.
    Organiser(Box<Organiser>),
    /// A provider's own.
    Provider(Id<kind::Provider>),
}

impl Source {
    pub(crate) fn id(&self) -> Uuid {
        match self {
            Self::Organiser(organiser) => organiser.id.uuid(),
            Self::Provider(provider) => provider.uuid(),
        }
    }

    pub(crate) fn organiser(&self) -> Option<&Organiser> {
        match self {
            Self::Organiser(organiser) => Some(organiser),
            Self::Provider(_) => None,
        }
    }
}

/// Who brings in, in which transaction.
pub(super) struct Bringing<'a> {
    pub(super) cx: &'a Cx,
    pub(super) source: &'a Source,
    /// Today in the registry of all organisers.
    pub(super) today: Day,
    /// Whether there is time, and somebody waits.
    pub(super) watch: &'a Watch,
}

/// Rows between two looks at whether there is time, and somebody waits.
const ROWS_BETWEEN_LOOKS: usize = 50;

/// What became of a row.
pub(super) type Applied = Result<Became, RowErrors>;

/// A kind of row that can be stored.
pub(super) trait Apply: Record + Send + Sync + 'static {
    /// Stores rows that are sound by themselves, with as few queries as it takes, and says what became of each.
    fn apply(c: &mut Conn, bringing: &Bringing<'_>, rows: &[&Self]) -> Result<Vec<Applied>, Problem>;
}

impl Bringing<'_> {
    /// What becomes of each row, as long as there is time and somebody waits.
    pub(super) fn each<T>(&self, rows: &[&T], mut row: impl FnMut(&T) -> Applied) -> Result<Vec<Applied>, Problem> {
        let mut applied = Vec::with_capacity(rows.len());
        for some in rows.chunks(ROWS_BETWEEN_LOOKS) {
            self.watch.look()?;
            applied.extend(some.iter().map(|one| row(one)));
        }
        Ok(applied)
    }

    /// Who did it, and when.
    pub(super) fn by(&self) -> (&str, Moment) {
        (self.cx.actor().subject.as_str(), self.cx.now())
    }

    /// What the source's names stand for.
    pub(super) fn named<'n>(
        &self,
        c: &mut Conn,
        kind: NamedKind,
        names: impl IntoIterator<Item = &'n str>,
    ) -> Result<HashMap<String, SourceName>, DbError> {
        source_ids::of_names(c, self.source.id(), kind, &distinct(names))
    }

    /// What the source calls things.
    pub(super) fn names_of(
        &self,
        c: &mut Conn,
        kind: NamedKind,
        subjects: &[Uuid],
    ) -> Result<HashMap<Uuid, SourceName>, DbError> {
        source_ids::of_subjects(c, self.source.id(), kind, subjects)
    }

    /// Adds names.
    pub(super) fn add_names(&self, c: &mut Conn, kind: NamedKind, names: &[SourceName]) -> Result<(), DbError> {
        source_ids::insert_all(c, self.source.id(), kind, names, self.cx.now()).map_err(overtaken)
    }

    /// How the source stands to providers.
    pub(super) fn standings(&self, c: &mut Conn, providers: &[Id<kind::Provider>]) -> Result<Standings, DbError> {
        match self.source {
            Source::Provider(own) => {
                Ok(Standings { named: HashMap::new(), mine: HashSet::from([*own]), own: Some(*own) })
            }
            Source::Organiser(_) => {
                let ids: Vec<Uuid> = providers.iter().map(|id| id.uuid()).collect();
                let named = self.names_of(c, NamedKind::Provider, &ids)?;
                let admins = bulk::with_an_admin(c, providers)?;
                let brought_in = |id: &Id<kind::Provider>| named.get(&id.uuid()).is_some_and(|name| !name.linked);
                let mine = providers.iter().copied().filter(|id| brought_in(id) && !admins.contains(id)).collect();
                Ok(Standings { named, mine, own: None })
            }
        }
    }
}

/// How a source stands to providers.
pub(super) struct Standings {
    named: HashMap<Uuid, SourceName>,
    mine: HashSet<Id<kind::Provider>>,
    own: Option<Id<kind::Provider>>,
}

impl Standings {
    /// Whether the source may change what is the provider's.
    pub(super) fn is_mine(&self, provider: Id<kind::Provider>) -> bool {
        self.mine.contains(&provider)
    }

    /// Whether the source has brought the provider in or points to it.
    pub(super) fn knows(&self, provider: Id<kind::Provider>) -> bool {
        self.own == Some(provider) || self.named.contains_key(&provider.uuid())
    }
}

/// Each of them once.
pub(super) fn distinct<'n>(names: impl IntoIterator<Item = &'n str>) -> Vec<&'n str> {
    let mut seen = HashSet::new();
    names.into_iter().filter(|name| seen.insert(*name)).collect()
}

/// The names that are ids: what has no name of the source's is called by its own id in files that are handed out.
pub(super) fn ids_among<'n, K>(names: impl IntoIterator<Item = &'n str>) -> Vec<Id<K>> {
    names.into_iter().filter_map(own_id).collect()
}

/// The id that a name is, if it is one.
pub(super) fn own_id<K>(name: &str) -> Option<Id<K>> {
    if name.len() == 36 { name.parse().ok() } else { None }
}

/// Where another transaction has just registered the same: begun again, it is there to be seen.
pub(super) fn overtaken(error: DbError) -> DbError {
    if matches!(error, DbError::Unique { .. }) { DbError::Serialization } else { error }
}

/// Goes on where a version was the one that was read.
pub(super) fn not_overtaken(updated: bool) -> Result<(), DbError> {
    if updated { Ok(()) } else { Err(DbError::Serialization) }
}

/// It belongs to somebody who looks after it.
pub(super) fn not_yours(column: &str) -> RowErrors {
    let why = "what somebody else has registered, or whose provider has an admin of its own by now, is not changed";
    RowErrors::one(column, "not_yours", why)
}

/// The row and what is registered do not mean the same thing.
pub(super) fn means_another(column: &str, why: &str) -> RowErrors {
    RowErrors::one(column, "duplicate", why)
}
