//! The table of an impact: sectors and their total, what they cost before and after, and how many clients pay how much
//! more or less. Keeps back what would tell of single clients.

use std::collections::HashMap;

use super::suppress::{Line, kept_back};
use crate::id::{Id, kind};
use crate::money::Amount;
use crate::provider::Sector;
use crate::service_event::Charges;

/// Sizes of a change from which it belongs to the next bucket, in cents.
const STEPS_MINOR: [i64; 3] = [1_000, 5_000, 10_000];
/// Buckets: four of those who pay less, one of those who pay the same, four of those who pay more.
const BUCKETS: usize = 9;
/// The bucket of those who pay the same.
const UNCHANGED: usize = 4;

/// A figure as it was, and as it would have been.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BeforeAfter {
    /// As recorded.
    pub before: Amount,
    /// Under the draft.
    pub after: Amount,
}

impl BeforeAfter {
    fn add(&mut self, before: Amount, after: Amount) -> Option<()> {
        self.before = self.before.plus(before)?;
        self.after = self.after.plus(after)?;
        Some(())
    }

    fn sum(rows: impl Iterator<Item = Self>) -> Self {
        let total = |minor: i64| Amount::from_minor(minor);
        let (before, after) = rows.fold((0_i64, 0_i64), |(before, after), row| {
            (before.saturating_add(row.before.minor()), after.saturating_add(row.after.minor()))
        });
        Self { before: total(before), after: total(after) }
    }
}

/// How many clients pay so much more or less in the window. A change of the size of an edge is in the bucket that is
/// further from nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bucket {
    /// The lower edge; none below the lowest.
    pub from: Option<Amount>,
    /// The upper edge; none above the highest.
    pub to: Option<Amount>,
    /// How many, unless that is kept back.
    pub clients: Option<u64>,
}

/// One row of the table. What is `None` is kept back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SectorImpact {
    /// Of which sector; of all together if of none.
    pub sector: Option<Sector>,
    /// Clients who were served.
    pub clients: Option<u64>,
    /// Services that were valued anew.
    pub events: Option<u64>,
    /// Of these, services whose price is above what the draft lets be charged. They are valued at the highest price it does.
    pub events_over_ceiling: Option<u64>,
    /// What the organiser pays to providers.
    pub organiser_cost: Option<BeforeAfter>,
    /// What clients pay: co-payments, and client fees of public units.
    pub client_pays: Option<BeforeAfter>,
    /// Clients who pay less.
    pub gain: Option<u64>,
    /// Clients who pay the same.
    pub unchanged: Option<u64>,
    /// Clients who pay more.
    pub lose: Option<u64>,
    /// How much less or more, from much less to much more.
    pub changes: Vec<Bucket>,
}

impl SectorImpact {
    /// A row of nobody.
    pub(super) fn nothing() -> Self {
        let nobody = Some(0);
        Self {
            sector: None,
            clients: nobody,
            events: nobody,
            events_over_ceiling: nobody,
            organiser_cost: Some(BeforeAfter::default()),
            client_pays: Some(BeforeAfter::default()),
            gain: nobody,
            unchanged: nobody,
            lose: nobody,
            changes: Vec::new(),
        }
    }

    /// Whether something is kept back.
    pub fn is_suppressed(&self) -> bool {
        let counts = [self.clients, self.events_over_ceiling, self.gain, self.unchanged, self.lose];
        counts.contains(&None) || self.changes.iter().any(|bucket| bucket.clients.is_none())
    }
}

#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    events: u64,
    over_ceiling: u64,
    organiser_cost: BeforeAfter,
    client_pays: BeforeAfter,
}

/// What is kept while services come in: sums by sector, and one figure for each client and sector.
#[derive(Debug, Default)]
pub(super) struct Table {
    sums: [Sums; Sector::ALL.len()],
    changes: HashMap<Id<kind::Client>, [Option<i64>; Sector::ALL.len()]>,
}

/// Columns of counts: the buckets, and what they add up to.
const GAIN: usize = BUCKETS;
const LOSE: usize = BUCKETS + 1;
const CLIENTS: usize = BUCKETS + 2;
const COLUMNS: usize = BUCKETS + 3;
/// Rows: the sectors, and all together.
const ROWS: usize = Sector::ALL.len() + 1;

fn row_of(sector: Sector) -> usize {
    match sector {
        Sector::Public => 0,
        Sector::Company => 1,
        Sector::Ngo => 2,
    }
}

fn client_pays(charges: &Charges) -> Option<Amount> {
    charges.co_payment.plus(charges.client_fee)
}

impl Table {
    /// Adds a service. `None` where the figures overflow: then it is not added.
    pub(super) fn add(
        &mut self,
        client: Id<kind::Client>,
        sector: Sector,
        before: &Charges,
        after: &Charges,
        over_ceiling: bool,
    ) -> Option<()> {
        let place = row_of(sector);
        let sums = self.sums.get_mut(place)?;
        let (paid, pays) = (client_pays(before)?, client_pays(after)?);
        let mut with = *sums;
        with.organiser_cost.add(before.organiser_pays, after.organiser_pays)?;
        with.client_pays.add(paid, pays)?;
        with.events += 1;
        with.over_ceiling += u64::from(over_ceiling);
        *sums = with;
        let change = self.changes.entry(client).or_default().get_mut(place)?;
        *change = Some(change.unwrap_or(0).saturating_add(pays.minor()).saturating_sub(paid.minor()));
        Some(())
    }

    /// The rows, those of the sectors first and then that of all together.
    pub(super) fn rows(&self) -> Vec<SectorImpact> {
        let cells = self.cells();
        let hidden = kept_back(&cells, &lines(), |_| false);
        let told = |row: usize, column: usize| {
            let place = row * COLUMNS + column;
            let is_hidden = hidden.get(place).copied().unwrap_or(true);
            if is_hidden { None } else { cells.get(place).copied() }
        };
        let over = self.over_ceiling(|row| told(row, CLIENTS).is_none());
        let sectors = Sector::ALL.into_iter().map(|sector| (row_of(sector), Some(sector)));
        let rows = sectors.chain([(ROWS - 1, None)]);
        rows.map(|(row, sector)| {
            let sums = self.sums_of(row);
            let clients = told(row, CLIENTS);
            // Sums are told of those rows whose number of clients is.
            SectorImpact {
                sector,
                clients,
                events: clients.map(|_| sums.events),
                events_over_ceiling: over.get(row).copied().flatten(),
                organiser_cost: clients.map(|_| sums.organiser_cost),
                client_pays: clients.map(|_| sums.client_pays),
                gain: told(row, GAIN),
                unchanged: told(row, UNCHANGED),
                lose: told(row, LOSE),
                changes: edges()
                    .into_iter()
                    .enumerate()
                    .map(|(column, (from, to))| Bucket { from, to, clients: told(row, column) })
                    .collect(),
            }
        })
        .collect()
    }

    fn sums_of(&self, row: usize) -> Sums {
        self.sums.get(row).copied().unwrap_or_else(|| Sums {
            events: self.sums.iter().map(|sums| sums.events).sum(),
            over_ceiling: self.sums.iter().map(|sums| sums.over_ceiling).sum(),
            organiser_cost: BeforeAfter::sum(self.sums.iter().map(|sums| sums.organiser_cost)),
            client_pays: BeforeAfter::sum(self.sums.iter().map(|sums| sums.client_pays)),
        })
    }

    /// Services above the ceiling, by row.
    fn over_ceiling(&self, besides: impl Fn(usize) -> bool) -> Vec<Option<u64>> {
        let cells: Vec<u64> = (0..ROWS).map(|row| self.sums_of(row).over_ceiling).collect();
        let hidden = kept_back(&cells, &[column(0, 1)], besides);
        cells.iter().zip(hidden).map(|(count, hidden)| (!hidden).then_some(*count)).collect()
    }

    /// The counts of clients, row after row.
    fn cells(&self) -> Vec<u64> {
        let mut cells = vec![0; ROWS * COLUMNS];
        for by_sector in self.changes.values() {
            let in_all = by_sector.iter().flatten().fold(0_i64, |sum, change| sum.saturating_add(*change));
            for (row, change) in by_sector.iter().copied().chain([Some(in_all)]).enumerate() {
                let Some(change) = change else { continue };
                let bucket = bucket_of(change);
                let side = match bucket.cmp(&UNCHANGED) {
                    std::cmp::Ordering::Less => Some(GAIN),
                    std::cmp::Ordering::Equal => None,
                    std::cmp::Ordering::Greater => Some(LOSE),
                };
                for column in [Some(bucket), side, Some(CLIENTS)].into_iter().flatten() {
                    if let Some(cell) = cells.get_mut(row * COLUMNS + column) {
                        *cell += 1;
                    }
                }
            }
        }
        cells
    }
}

fn bucket_of(change_minor: i64) -> usize {
    let size = change_minor.saturating_abs();
    let steps = STEPS_MINOR.iter().filter(|step| size >= **step).count();
    match change_minor.signum() {
        0 => UNCHANGED,
        -1 => UNCHANGED - 1 - steps,
        _ => UNCHANGED + 1 + steps,
    }
}

/// The edges of the buckets.
fn edges() -> Vec<(Option<Amount>, Option<Amount>)> {
    let upwards = [0].into_iter().chain(STEPS_MINOR);
    let above: Vec<(i64, Option<i64>)> = upwards.zip(STEPS_MINOR.into_iter().map(Some).chain([None])).collect();
    let below = above.iter().rev().map(|(near, far)| (far.map(|far| -far), Some(-near)));
    let all = below.chain([(Some(0), Some(0))]).chain(above.iter().map(|(near, far)| (Some(*near), *far)));
    all.map(|(from, to)| (from.map(Amount::from_minor), to.map(Amount::from_minor))).collect()
}

/// The line of a column: the sectors add up to all together, but for clients who were served by two.
fn column(column: usize, columns: usize) -> Line {
    let place = |row: usize| row * columns + column;
    Line { parts: (0..ROWS - 1).map(place).collect(), whole: place(ROWS - 1) }
}

/// What adds up to what: along the rows, the buckets of those who pay less, the same and more; down the columns, sectors.
fn lines() -> Vec<Line> {
    let of_row = |row: usize| {
        let at = move |column: usize| row * COLUMNS + column;
        [
            Line { parts: (0..UNCHANGED).map(at).collect(), whole: at(GAIN) },
            Line { parts: (UNCHANGED + 1..BUCKETS).map(at).collect(), whole: at(LOSE) },
            Line { parts: vec![at(GAIN), at(UNCHANGED), at(LOSE)], whole: at(CLIENTS) },
        ]
    };
    (0..ROWS).flat_map(of_row).chain((0..COLUMNS).map(|place| column(place, COLUMNS))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn charges(organiser_pays: i64, co_payment: i64) -> Charges {
        Charges {
            total: Amount::from_minor(organiser_pays + co_payment),
            organiser_pays: Amount::from_minor(organiser_pays),
            co_payment: Amount::from_minor(co_payment),
            client_fee: Amount::ZERO,
        }
    }

    /// A client of a sector whose co-payment changes by so much.
    fn add(table: &mut Table, client: u128, sector: Sector, change: i64) {
        let before = charges(50_000, 20_000);
        table
            .add(Id::new(Uuid::from_u128(client)), sector, &before, &charges(50_000 - change, 20_000 + change), false)
            .unwrap();
    }

    #[test]
    fn changes_fall_into_buckets_by_their_size_and_edges_belong_to_the_outer_one() {
        let buckets = [
            (-10_000, 0),
            (-9_999, 1),
            (-5_000, 1),
            (-4_999, 2),
            (-1_000, 2),
            (-999, 3),
            (-1, 3),
            (0, 4),
            (1, 5),
            (999, 5),
            (1_000, 6),
            (4_999, 6),
            (5_000, 7),
            (9_999, 7),
            (10_000, 8),
            (i64::MIN, 0),
            (i64::MAX, 8),
        ];
        for (change, bucket) in buckets {
            assert_eq!(bucket_of(change), bucket, "{change}");
        }
        let edges: Vec<String> = edges()
            .into_iter()
            .map(|(from, to)| {
                let text = |edge: Option<Amount>| edge.map_or_else(String::new, |edge| edge.to_string());
                format!("{}..{}", text(from), text(to))
            })
            .collect();
        assert_eq!(
            edges,
            [
                "..-100.00",
                "-100.00..-50.00",
                "-50.00..-10.00",
                "-10.00..0.00",
                "0.00..0.00",
                "0.00..10.00",
                "10.00..50.00",
                "50.00..100.00",
                "100.00.."
            ]
        );
    }

    #[test]
    fn a_sector_of_few_clients_is_kept_back_with_the_next_larger_one() {
        let mut table = Table::default();
        for client in 0..3 {
            add(&mut table, client, Sector::Ngo, 500);
        }
        for client in 10..18 {
            add(&mut table, client, Sector::Company, 0);
        }
        for client in 20..40 {
            add(&mut table, client, Sector::Public, 0);
        }
        let rows = table.rows();
        assert_eq!(rows.iter().map(|row| row.clients).collect::<Vec<_>>(), [Some(20), None, None, Some(31)]);
        assert_eq!(rows.iter().map(|row| row.events).collect::<Vec<_>>(), [Some(20), None, None, Some(31)]);
        assert_eq!(rows.iter().map(|row| row.client_pays.is_some()).collect::<Vec<_>>(), [true, false, false, true]);
        // Three pay more, in all: neither they nor those who pay the same are told, or the three would follow.
        let all = rows.last().unwrap();
        assert_eq!((all.gain, all.unchanged, all.lose), (Some(0), None, None));
        assert!(all.is_suppressed());
    }

    #[test]
    fn many_clients_are_told_to_the_cent() {
        let mut table = Table::default();
        for client in 0..6 {
            add(&mut table, client, Sector::Company, -2_000);
            add(&mut table, client, Sector::Company, -4_000);
        }
        for client in 10..15 {
            add(&mut table, client, Sector::Company, 500);
        }
        let rows = table.rows();
        let [company, all] = [1, 3].map(|place: usize| rows[place].clone());
        assert_eq!((all.gain, all.unchanged, all.lose), (Some(6), Some(0), Some(5)));
        assert_eq!(
            all.changes.iter().map(|bucket| bucket.clients).collect::<Vec<_>>(),
            [0, 6, 0, 0, 0, 5, 0, 0, 0].map(Some)
        );
        assert_eq!(
            all.client_pays,
            Some(BeforeAfter { before: Amount::from_minor(340_000), after: Amount::from_minor(306_500) })
        );
        assert_eq!(SectorImpact { sector: None, ..company }, all.clone());
        assert!(!all.is_suppressed());
    }
}
