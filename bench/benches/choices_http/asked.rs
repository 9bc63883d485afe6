//! What is asked of the services: each case of the rounds, and the requests that are slow by what they ask for.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::Outcome;
use crate::bare::Answer;
use crate::load::{Requests, Round};
use crate::registry::{self, Bearers, VOUCHERS_OF_EACH};
use crate::service::Process;

/// Queries in the mix.
const MIXED: u64 = 400;
/// Pages that are gone through for the mix's cursors.
const PAGES: usize = 20;
/// An income, for lists with an estimate.
const INCOME: &str = "&gross_income=1650.00&household=1";

/// Names of the cases, as the report finds them again.
pub(crate) mod name {
    /// The bytes of an anonymous list from a bare handler.
    pub(crate) const BARE: &str = "bare handler, anonymous bytes";
    /// The bytes of a list with an estimate.
    pub(crate) const BARE_ESTIMATE: &str = "bare handler, estimate's bytes";
    /// The bytes of a voucher's list.
    pub(crate) const BARE_VOUCHER: &str = "bare handler, my voucher's bytes";
    /// The same after a transaction.
    pub(crate) const BARE_ROWS: &str = "bare handler after bare rows";
    /// The transaction alone, in groups.
    pub(crate) const GROUPED: &str = "bare rows, committed in groups";
    /// The transaction alone.
    pub(crate) const UNGROUPED: &str = "bare rows, committed one by one";
    /// The first page.
    pub(crate) const FIRST: &str = "anonymous, first page";
    /// Filters, orders and pages of all kinds.
    pub(crate) const MIX: &str = "anonymous, filters and pages";
    /// With an estimate.
    pub(crate) const ESTIMATE: &str = "anonymous, with income";
    /// In order of the estimate.
    pub(crate) const BY_ESTIMATE: &str = "anonymous, by co-payment";
    /// A voucher's.
    pub(crate) const VOUCHER: &str = "my voucher";
    /// A voucher's in order of what its holder pays.
    pub(crate) const BY_CO_PAYMENT: &str = "my voucher, by co-payment";
    /// The anonymous list by matching offerings and size of the registry.
    pub(crate) const SIZED: [&str; 4] = ["1,000 of 1,000", "1,000 of 10,000", "1,000 of 100,000", "5,000 of 10,000"];
    /// A voucher's list alike.
    pub(crate) const VOUCHER_SIZED: [&str; 2] = ["my voucher, 1,000 of 1,000", "my voucher, 1,000 of 100,000"];
}

/// What a case does.
pub(crate) enum Work {
    /// Asks over HTTP.
    Requests(Requests),
    /// Commits in groups.
    Grouped,
    /// Commits one by one.
    Ungrouped,
}

/// What is measured in rounds.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) work: Work,
}

/// Whom is asked, and by whom.
pub(crate) struct Asked<'a> {
    services: &'a [Process],
    bearers: &'a [Bearers],
    mixed: Vec<(String, Option<String>)>,
}

type Path = (String, Option<String>);

fn list(of_type: u32, query: &str) -> String {
    format!("/v1/choices?voucher_type={}{query}", registry::voucher_type(of_type))
}

impl<'a> Asked<'a> {
    pub(crate) fn of(services: &'a [Process], bearers: &'a [Bearers]) -> Outcome<Self> {
        let mut asked = Self { services, bearers, mixed: Vec::new() };
        asked.mixed = mix(asked.largest()?)?;
        Ok(asked)
    }

    fn largest(&self) -> Outcome<&'a Process> {
        self.services.last().ok_or_else(|| "no service".into())
    }

    /// The answers whose bytes the bare handler gives.
    pub(crate) fn answers(&self) -> Outcome<BTreeMap<&'static str, Answer>> {
        let service = self.largest()?;
        let vouchers = self.vouchers(2, 0, "")?;
        let (path, token) = vouchers.first().ok_or("no voucher")?;
        let asked = [
            ("anonymous", (list(0, ""), None)),
            ("estimate", (list(0, INCOME), None)),
            ("voucher", (path.clone(), token.clone())),
        ];
        let answer = |(name, (path, token)): (&'static str, Path)| -> Outcome<(&'static str, Answer)> {
            let (headers, body) = service.get(&path, token.as_deref())?;
            Ok((name, Answer { headers, body: String::from_utf8(body)? }))
        };
        asked.into_iter().map(answer).collect()
    }

    /// The lists of all vouchers of a type in a registry.
    fn vouchers(&self, registry: usize, of_type: u32, query: &str) -> Outcome<Vec<Path>> {
        let token = &self.bearers.get(registry).ok_or("no token")?.resident;
        let path = |n| {
            let voucher = registry::voucher(of_type, n);
            (format!("/v1/vouchers/{voucher}/choices{query}"), Some(token.clone()))
        };
        Ok((0..VOUCHERS_OF_EACH).map(path).collect())
    }

    /// Filters, orders and pages of all kinds, of the largest registry.
    pub(crate) fn mixed(&self) -> Outcome<Requests> {
        Requests::get(&self.largest()?.url, &self.mixed)
    }

    /// All cases, in the order in which they take turns.
    pub(crate) fn cases(&self, bare: &Process) -> Outcome<Vec<Case>> {
        let at_bare =
            |path: &str| -> Outcome<Work> { Ok(Work::Requests(Requests::get(&bare.url, &[(path.to_owned(), None)])?)) };
        let at = |registry: usize, paths: &[Path]| -> Outcome<Work> {
            let service = self.services.get(registry).ok_or("no service")?;
            Ok(Work::Requests(Requests::get(&service.url, paths)?))
        };
        let anonymous = |registry, of_type, query: &str| at(registry, &[(list(of_type, query), None)]);
        let vouchers = |registry, of_type, query: &str| at(registry, &self.vouchers(registry, of_type, query)?);
        let by_estimate = format!("{INCOME}&order=co_payment");
        let [one, two, three, four] = name::SIZED;
        let [first, second] = name::VOUCHER_SIZED;
        let cases: Vec<(&'static str, Outcome<Work>)> = vec![
            (name::BARE, at_bare("/bytes/anonymous")),
            (name::FIRST, anonymous(2, 0, "")),
            (name::MIX, at(2, &self.mixed)),
            (name::BARE_ESTIMATE, at_bare("/bytes/estimate")),
            (name::ESTIMATE, anonymous(2, 0, INCOME)),
            (name::BY_ESTIMATE, anonymous(2, 0, &by_estimate)),
            (name::BARE_VOUCHER, at_bare("/bytes/voucher")),
            (name::BARE_ROWS, at_bare("/rows/voucher")),
            (name::VOUCHER, vouchers(2, 0, "")),
            (name::BY_CO_PAYMENT, vouchers(2, 0, "?order=co_payment")),
            (name::GROUPED, Ok(Work::Grouped)),
            (name::UNGROUPED, Ok(Work::Ungrouped)),
            (one, anonymous(0, 1, "")),
            (two, anonymous(1, 1, "")),
            (three, anonymous(2, 1, "")),
            (four, anonymous(1, 0, "")),
            (first, vouchers(0, 1, "")),
            (second, vouchers(2, 1, "")),
        ];
        cases.into_iter().map(|(name, work)| Ok(Case { name, work: work? })).collect()
    }

    /// The slowest that can be asked for by each parameter, one request after the other.
    pub(crate) fn alone(&self, service: &Process, times: usize) -> Outcome<Vec<(String, Round)>> {
        let vouchers = self.vouchers(2, 0, "")?;
        let mut all: Vec<(String, Path)> = Vec::new();
        let queries = [
            "",
            "&limit=100",
            "&limit=100&order=price",
            "&limit=100&order=name",
            "&limit=100&order=earliest_start",
            "&limit=100&municipality=609",
            "&limit=100&sector=ngo",
            "&limit=100&language=sv",
            "&limit=100&mode=at_home",
            "&limit=100&municipality=609&sector=public&language=en&mode=remote",
            "&limit=100&order=co_payment&gross_income=1650.00&household=1",
        ];
        for query in queries {
            all.push((format!("anonymous {query}"), (list(0, query), None)));
        }
        let last = self.mixed.iter().rev().find(|(path, _)| path.contains("cursor=")).cloned();
        all.extend(last.map(|path| ("anonymous, a late page".to_owned(), path)));
        for query in
            ["?limit=100", "?limit=100&order=co_payment", "?limit=100&order=price", "?limit=100&municipality=609"]
        {
            let (path, token) = vouchers.first().cloned().ok_or("no voucher")?;
            all.push((format!("my voucher {query}"), (format!("{path}{query}"), token)));
        }
        let measure = |(name, (path, token)): (String, Path)| -> Outcome<(String, Round)> {
            let mut took = Vec::new();
            for _ in 0..times {
                let sent = Instant::now();
                service.get(&path, token.as_deref())?;
                took.push(sent.elapsed());
            }
            let whole = took.iter().sum::<Duration>();
            Ok((name, Round::of(took, whole)?))
        };
        all.into_iter().map(measure).collect()
    }
}

/// Queries of all kinds, drawn by a generator with a seed.
fn mix(service: &Process) -> Outcome<Vec<Path>> {
    let facets = serde_json::from_slice::<Value>(&service.get(&list(0, "&limit=100"), None)?.1)?;
    let items = facets.pointer("/items").and_then(Value::as_array).ok_or("no list")?;
    let municipalities: Vec<&str> = items.iter().filter_map(|item| item.pointer("/municipality")?.as_str()).collect();
    let mut seed = 20_261_122_u64;
    let mut draw = |among: &[&str]| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let n = usize::try_from(seed >> 33).unwrap_or_default().checked_rem(among.len());
        n.and_then(|n| among.get(n)).copied().unwrap_or_default().to_owned()
    };
    let mut paths = Vec::new();
    for n in 0..MIXED {
        let mut query = draw(&["", "&order=neutral", "&order=price", "&order=name", "&order=earliest_start"]);
        query += &draw(&["", "", "&sector=company", "&sector=ngo", "&sector=public"]);
        query += &draw(&["", "", "&language=fi", "&language=sv", "&language=en"]);
        query += &draw(&["", "", "&mode=at_home", "&mode=on_site", "&mode=remote"]);
        if n % 2 == 0 {
            query += &format!("&municipality={}", draw(&municipalities));
        }
        paths.push((list(0, &query), None));
    }
    let mut path = list(0, "");
    for _ in 0..PAGES {
        let page: Value = serde_json::from_slice(&service.get(&path, None)?.1)?;
        let next = page.pointer("/next").and_then(Value::as_str).ok_or("no further page")?;
        path = list(0, &format!("&cursor={next}"));
        paths.push((path.clone(), None));
    }
    Ok(paths)
}
