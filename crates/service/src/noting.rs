//! What is noted of reads, stored before they are answered: what many have read at the same time in one transaction, because
//! it is the statements and the commit that take time, and not the rows.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;
use valinta_persistence::{Db, DbError};

use crate::cx::Notes;

/// Reads whose notes are stored together.
const TOGETHER_MAX: usize = 64;

/// Notes of reads that wait to be stored.
#[derive(Default)]
pub(crate) struct Noting(Mutex<Waiting>);

#[derive(Default)]
struct Waiting {
    notes: Vec<Pending>,
    /// Whether somebody stores them: then they are taken by that one.
    is_storing: bool,
}

/// A read's notes, and who waits for them to be stored.
struct Pending {
    notes: Arc<Notes>,
    tell: oneshot::Sender<Result<(), DbError>>,
}

impl Noting {
    /// Stores what was noted of a read, with what others have noted meanwhile.
    ///
    /// # Errors
    /// The database's.
    pub(crate) async fn store(self: &Arc<Self>, db: &Db, notes: Notes) -> Result<(), DbError> {
        let (tell, stored) = oneshot::channel();
        let begins = {
            let mut waiting = self.waiting();
            waiting.notes.push(Pending { notes: Arc::new(notes), tell });
            !std::mem::replace(&mut waiting.is_storing, true)
        };
        if begins {
            // A task of its own: whoever began it may stop waiting, and the others are not to.
            let storing = Storing { noting: Arc::clone(self), db: db.clone(), has_ended: false };
            actix_web::rt::spawn(storing.all());
        }
        stored.await.unwrap_or_else(|_| Err(DbError::Internal("the notes of a read were not stored".to_owned())))
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Stores what waits until nothing does.
struct Storing {
    noting: Arc<Noting>,
    db: Db,
    /// Whether it has found that nothing waits.
    has_ended: bool,
}

impl Storing {
    async fn all(mut self) {
        while let Some(some) = self.next() {
            let together: Vec<Arc<Notes>> = some.iter().map(|pending| Arc::clone(&pending.notes)).collect();
            let outcome = self.db.write(move |c| Notes::store_reads(c, &together)).await;
            match outcome {
                // One that cannot be stored is not to keep others from it.
                Err(_) if some.len() > 1 => self.one_by_one(some).await,
                outcome => some.into_iter().for_each(|pending| pending.tell(outcome.clone())),
            }
        }
    }

    async fn one_by_one(&self, some: Vec<Pending>) {
        for pending in some {
            let notes = Arc::clone(&pending.notes);
            let outcome = self.db.write(move |c| Notes::store_reads(c, std::slice::from_ref(&notes))).await;
            pending.tell(outcome);
        }
    }

    /// Those that are stored next; where there are none, the next one to come begins anew.
    fn next(&mut self) -> Option<Vec<Pending>> {
        let mut waiting = self.noting.waiting();
        let count = waiting.notes.len().min(TOGETHER_MAX);
        let some: Vec<Pending> = waiting.notes.drain(..count).collect();
        self.has_ended = some.is_empty();
        waiting.is_storing = !self.has_ended;
        waiting.is_storing.then_some(some)
    }
}

impl Drop for Storing {
    fn drop(&mut self) {
        // Before its time: whoever waits is told by losing its sender, and whoever comes begins anew.
        if !self.has_ended {
            let mut waiting = self.noting.waiting();
            waiting.is_storing = false;
            waiting.notes.clear();
        }
    }
}

impl Pending {
    fn tell(self, outcome: Result<(), DbError>) {
        // Nobody may be waiting any more.
        let _ = self.tell.send(outcome);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use valinta_domain::choice::RULE;
    use valinta_domain::policy::{Role, Target};
    use valinta_domain::{Day, Id, Moment};
    use valinta_persistence::audit;
    use valinta_persistence::shown_lists::ShownList;
    use valinta_persistence::testing::TestDatabase;

    use super::*;
    use crate::clock::new_uuid;
    use crate::cx::Cx;
    use crate::keys::Keys;

    /// The notes of a read; where `broken`, of a list for a voucher that is not there.
    fn notes(keys: &Keys, broken: bool) -> Notes {
        let now = Moment::from_micros(1_795_000_000_000_000).unwrap();
        let cx = Cx::of_service(now, Arc::new(keys.vault().unwrap()));
        cx.audit("list_choices", ("voucher", new_uuid(now)), &Target::default(), json!({}));
        if broken {
            cx.show(ShownList {
                id: cx.id(),
                organiser: cx.id(),
                voucher: Id::new(new_uuid(now)),
                person: cx.id(),
                revision: 1,
                day: Day::ymd(2026, 11, 22).unwrap(),
                rule: RULE.to_owned(),
                asked: "{}".to_owned(),
                total: 0,
                offerings: Vec::new(),
                shown_to: "somebody".to_owned(),
                shown_as: Role::Resident,
                shown_at: now,
            });
        }
        cx.into_notes()
    }

    #[test]
    fn all_are_stored_once_and_one_that_cannot_be_is_told_alone() {
        let database = TestDatabase::create().unwrap();
        let db = database.open().unwrap();
        let (keys, noting) = (Keys::generate(), Arc::new(Noting::default()));
        actix_web::rt::System::new().block_on(async {
            let store = |n: u32| {
                let (noting, db, notes) = (Arc::clone(&noting), db.clone(), notes(&keys, n % 50 == 7));
                actix_web::rt::spawn(async move { noting.store(&db, notes).await })
            };
            let all: Vec<_> = (0..200).map(store).collect();
            for (n, one) in (0_u32..).zip(all) {
                assert_eq!(one.await.unwrap().is_ok(), n % 50 != 7, "{n}");
            }
            // Whoever stops waiting keeps nobody else from it.
            let gone = store(0);
            gone.abort();
            assert!(store(1).await.unwrap().is_ok());
        });
        let rows = db.read_blocking(audit::verify).unwrap().rows;
        assert!((197..=198).contains(&rows), "{rows}");
        assert!(noting.waiting().notes.is_empty() && !noting.waiting().is_storing);
    }
}
