//! What is asked of the services: each case of the rounds, and the requests that are slow by what they ask for.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use chrono::NaiveDate;
use serde_json::{Value, json};

use crate::bare::Answer;
use crate::registry::{self, Bearers, VOUCHERS_OF_EACH};
use valinta_bench::Outcome;
use valinta_bench::load::{Requests, Round};
use valinta_bench::process::Process;

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
    /// The same after the statements that a list for a voucher reads by and leaves behind.
    pub(crate) const BARE_ROWS: &str = "bare handler after the same statements";
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

    /// Filters and orders of all kinds, of the largest registry, with pages of all lengths: so many that those are not kept
    /// which come again.
    pub(crate) fn unlike(&self) -> Outcome<Requests> {
        let first_pages: Vec<&Path> = self.mixed.iter().filter(|(path, _)| !path.contains("cursor=")).collect();
        let lengths = (10_u16..=60).map(|length| format!("&limit={length}"));
        let paths = lengths.flat_map(|length| {
            first_pages.iter().map(move |(path, token)| (format!("{path}{length}"), token.clone())).collect::<Vec<_>>()
        });
        Requests::get(&self.largest()?.url, &paths.collect::<Vec<_>>())
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

    /// The slowest that can be asked for by each parameter, one request after the other. No two of a kind are the same, so
    /// that no page is one that was kept.
    pub(crate) fn alone(&self, service: &Process, times: u16) -> Outcome<Vec<(String, Round)>> {
        let vouchers = self.vouchers(2, 0, "")?;
        let measure = |name: &str, of: &dyn Fn(u16) -> Outcome<()>| -> Outcome<(String, Round)> {
            let mut took = Vec::new();
            for n in 0..times {
                let sent = Instant::now();
                of(n)?;
                took.push(sent.elapsed());
            }
            let whole = took.iter().sum::<Duration>();
            Ok((name.to_owned(), Round::of(took, whole)?))
        };
        let mut all = Vec::new();
        for query in SLOW {
            let ask = |n: u16| service.get(&list(0, &format!("&{}{query}", unlike(n))), None).map(drop);
            all.push(measure(&format!("anonymous {query}"), &ask)?);
            let ask = |n: u16| -> Outcome<()> {
                let (path, token) = vouchers.get(usize::from(n)).ok_or("no voucher")?;
                service.get(&format!("{path}?{}{query}", unlike(n)), token.as_deref()).map(drop)
            };
            all.push(measure(&format!("my voucher {query}"), &ask)?);
        }
        let first_day = self.day(service)?;
        let day = |n: u16| first_day + chrono::Days::new(u64::from(n) + 1);
        let asked = [
            ("&gross_income={n}&household=1", "with another income each time"),
            ("&gross_income={n}&household=1&order=co_payment", "with another income each time, by co-payment"),
        ];
        for (query, name) in asked {
            let ask = |n: u16| service.get(&list(0, &query.replace("{n}", &(1_500 + n).to_string())), None).map(drop);
            all.push(measure(&format!("anonymous, {name}"), &ask)?);
        }
        for counts in ["", "&counts=true"] {
            let ask = |n: u16| service.get(&list(0, &format!("&day={}{counts}", day(n))), None).map(drop);
            all.push(measure(&format!("anonymous, as of a day that nobody has asked for{counts}"), &ask)?);
        }
        let offerings: Vec<_> = (0..5).map(|n| registry::offering(n).to_string()).collect();
        let type_and = json!({"voucher_type": registry::voucher_type(0).to_string(), "offerings": offerings});
        let ask = |_: u16| service.ask("POST", "/v1/choices/compare", None, &type_and).map(drop);
        all.push(measure("anonymous, five compared", &ask)?);
        let five = json!({"offerings": offerings});
        let ask = |n: u16| -> Outcome<()> {
            let (path, token) = vouchers.get(usize::from(n)).ok_or("no voucher")?;
            service.ask("POST", &format!("{path}/compare"), token.as_deref(), &five).map(drop)
        };
        all.push(measure("my voucher, five compared", &ask)?);
        Ok(all)
    }

    /// The day that the service has.
    fn day(&self, service: &Process) -> Outcome<NaiveDate> {
        let shown: Value = serde_json::from_slice(&service.get(&list(0, "&limit=1"), None)?.1)?;
        Ok(shown.pointer("/day").and_then(Value::as_str).ok_or("no day")?.parse()?)
    }
}

/// Filters and orders at their slowest; each is asked with another page length each time.
const SLOW: [&str; 14] = [
    "",
    "&order=price",
    "&order=name",
    "&order=earliest_start",
    "&near=61.4851,21.7974&order=distance",
    "&near=61.4851,21.7974&within_km=50&order=distance",
    "&counts=true",
    "&counts=true&sector=ngo&language=sv&mode=at_home&step_free=true",
    "&municipality=609&counts=true",
    "&sector=public&language=en&mode=remote",
    "&step_free=true",
    "&starts_by=2027-12-31",
    "&not_choosable=true",
    "&not_choosable=true&near=61.4851,21.7974&within_km=50",
];

/// A page length that is another one each time, and long.
fn unlike(n: u16) -> String {
    format!("limit={}", 100 - n % 90)
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
