//! How inputs are varied: most often as JSON, so that what comes out still gets past the parser, and now and then as
//! plain bytes, so that the parser is tried too.

use libfuzzer_sys::fuzzer_mutate;
use serde_json::{Map, Value};

/// One variation in so many is of bytes.
const BYTES_ONE_IN: u32 = 8;
/// Most variations of one input at once.
const CHANGES_MAX: u32 = 4;

/// Figures at and beyond the edges of what is allowed.
const FIGURES: &str = "0 0.00 0.01 0.0001 1 1.00 1.15 2 12 100 365 900.00 900.01 9999999.99 10000000.00 10000000.01 \
    1000000 1000001 1000000000 99999999999999999999 0.00000000000000001 -1 007 1. .";

/// Words that mean something somewhere.
const WORDS: &str = "gross_income_per_month net_income_per_month household_size individual_value item age hours \
    form_of_care procedures at_home sunday public_holiday eve monday saturday half_up up down amounts numbers money \
    number whole flag word words with_request with_service true false 00:00 07:00 23:59 24:00 christmas_day may_day \
    2026-12-24 2028-02-29 9999-12-31 day month quarter year voucher quantity lapses carries_over keep move included";

/// Blocks that can stand wherever a rule can.
const BLOCKS: &[&str] = &[
    r#"{"flat":{"value":"36.00"}}"#,
    r#"{"number":{"is":"1.15"}}"#,
    r#"{"number":{"is":"365","over":"12"}}"#,
    r#"{"fact":{"name":"hours","missing":{"number":{"is":"1"}}}}"#,
    r#"{"price":{"at_most":"45.00"}}"#,
    r#"{"sum":{"of":[{"flat":{"value":"1.00"}},{"flat":{"value":"2.00"}}]}}"#,
    r#"{"difference":{"of":{"flat":{"value":"9.00"}},"less":[{"flat":{"value":"2.00"}}]}}"#,
    r#"{"product":{"of":[{"flat":{"value":"36.00"}},{"number":{"is":"1.15"}}]}}"#,
    r#"{"least":{"of":[{"flat":{"value":"1.00"}},{"price":{"at_most":"2.00"}}]}}"#,
    r#"{"greatest":{"of":[{"flat":{"value":"1.00"}},{"flat":{"value":"2.00"}}]}}"#,
    r#"{"clamp":{"of":{"flat":{"value":"36.00"}},"minimum":"7.00","maximum":"40.00"}}"#,
    r#"{"round":{"of":{"flat":{"value":"36.02"}},"to":"0.05","how":"half_up"}}"#,
    r#"{"individual":{"minimum":"5.00","maximum":"50.00","missing":{"flat":{"value":"5.00"}}}}"#,
    r#"{"not_eligible":{"reason":"income_above_limit"}}"#,
    r#"{"named":{"text":{"fi":"hoitomaksu","sv":"vårdavgift","en":"care fee"},"source":"569/2009","of":{"flat":{"value":"3.00"}}}}"#,
    r#"{"bands":{"fact":"household_size","bands":[{"below":"3","then":{"flat":{"value":"1.00"}}}],"above":{"flat":{"value":"2.00"}},"missing":{"flat":{"value":"3.00"}}}}"#,
    r#"{"time_bands":{"eves_of":["christmas_day"],"bands":[{"on":["sunday","public_holiday","eve"],"then":{"number":{"is":"2"}}}],"otherwise":{"number":{"is":"1"}},"missing":{"number":{"is":"1"}}}}"#,
];

/// Varies an input in place and returns its new length.
pub fn document(data: &mut [u8], size: usize, max_size: usize, seed: u32) -> usize {
    let mut chance = Chance(u64::from(seed) | 1);
    if chance.below(BYTES_ONE_IN) != 0
        && let Some(Ok(mut value)) = data.get(..size).map(serde_json::from_slice::<Value>)
    {
        for _ in 0..=chance.below(CHANGES_MAX) {
            change(&mut value, &mut chance);
        }
        let written = value.to_string();
        if written.len() <= max_size.min(data.len()) {
            data[..written.len()].copy_from_slice(written.as_bytes());
            return written.len();
        }
    }
    fuzzer_mutate(data, size, max_size)
}

/// Numbers that depend on the seed alone, so that a run can be repeated.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: u32) -> u32 {
        // xorshift64*
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let high = (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 32) as u32;
        high % bound.max(1)
    }

    fn place(&mut self, length: usize) -> usize {
        self.below(u32::try_from(length).unwrap_or(u32::MAX)) as usize
    }

    fn of<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.place(list.len())]
    }

    fn word<'w>(&mut self, words: &'w str) -> &'w str {
        let at = self.place(words.split(' ').count());
        words.split(' ').nth(at).unwrap_or_default()
    }
}

/// Changes one place of a document.
fn change(value: &mut Value, chance: &mut Chance) {
    let count = count(value);
    let mut left = chance.place(count);
    let donor = nth(value, &mut chance.place(count)).cloned().unwrap_or(Value::Null);
    if let Some(place) = nth_mut(value, &mut left) {
        change_at(place, donor, chance);
    }
}

fn change_at(place: &mut Value, donor: Value, chance: &mut Chance) {
    match (chance.below(6), &mut *place) {
        (0, _) => *place = donor,
        (1, Value::Object(_)) => *place = serde_json::from_str(chance.of(BLOCKS)).expect("the blocks are JSON"),
        (2, Value::Object(members)) if members.len() == 1 => {
            // Another rule around or in place of a rule.
            let inner = place.take();
            *place = around(inner, chance);
        }
        (_, Value::Object(members)) => change_members(members, donor, chance),
        (_, Value::Array(items)) => change_items(items, donor, chance),
        (_, Value::String(text)) => change_text(text, chance),
        (_, Value::Number(_)) => {
            *place = chance.of(&[0_u64, 1, 2, 12, 30, 31, 60, 1000, 1001, 65_535, u64::MAX]).into();
        }
        (_, Value::Bool(truth)) => *truth = !*truth,
        (_, Value::Null) => *place = Value::from(chance.word(FIGURES)),
    }
}

fn around(inner: Value, chance: &mut Chance) -> Value {
    match chance.below(6) {
        0 => serde_json::json!({"clamp": {"of": inner, "maximum": chance.word(FIGURES)}}),
        1 => serde_json::json!({"product": {"of": [inner, {"number": {"is": chance.word(FIGURES)}}]}}),
        2 => serde_json::json!({"round": {"of": inner, "to": "0.05", "how": "down"}}),
        3 => serde_json::json!({"sum": {"of": [inner.clone(), inner]}}),
        4 => serde_json::json!({"difference": {"of": inner, "less": [{"flat": {"value": chance.word(FIGURES)}}]}}),
        _ => serde_json::json!({"least": {"of": [inner, {"price": {"at_most": chance.word(FIGURES)}}]}}),
    }
}

fn change_members(members: &mut Map<String, Value>, donor: Value, chance: &mut Chance) {
    let Some(key) = members.keys().nth(chance.place(members.len())).cloned() else { return };
    match chance.below(4) {
        0 => {
            members.remove(&key);
        }
        1 => {
            members.insert(key, donor);
        }
        2 => {
            let value = members.remove(&key).unwrap_or(Value::Null);
            members.insert(chance.word(WORDS).to_owned(), value);
        }
        _ => {
            members.insert(chance.word(WORDS).to_owned(), chance.word(FIGURES).into());
        }
    }
}

fn change_items(items: &mut Vec<Value>, donor: Value, chance: &mut Chance) {
    if items.is_empty() {
        items.push(donor);
        return;
    }
    let (one, other) = (chance.place(items.len()), chance.place(items.len()));
    match chance.below(4) {
        0 => {
            items.remove(one);
        }
        1 => items.swap(one, other),
        2 => items.insert(one, items[other].clone()),
        _ => items.insert(one, donor),
    }
}

fn change_text(text: &mut String, chance: &mut Chance) {
    let is_figure = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    *text = match chance.below(5) {
        0 | 1 if is_figure => digit_changed(text, chance),
        2 if is_figure => chance.word(FIGURES).to_owned(),
        0..=2 => chance.word(WORDS).to_owned(),
        3 => chance.word(FIGURES).to_owned(),
        _ => digit_changed(text, chance),
    };
}

/// The text with one of its digits replaced.
fn digit_changed(text: &str, chance: &mut Chance) -> String {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let (mut left, new) = (chance.place(digits), chance.of(&['0', '1', '5', '9']));
    text.chars()
        .map(|c| match c.is_ascii_digit() {
            true if left == 0 => {
                left = usize::MAX;
                new
            }
            true => {
                left -= 1;
                c
            }
            false => c,
        })
        .collect()
}

fn children(value: &Value) -> Box<dyn Iterator<Item = &Value> + '_> {
    match value {
        Value::Array(items) => Box::new(items.iter()),
        Value::Object(members) => Box::new(members.values()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Box::new(std::iter::empty()),
    }
}

fn count(value: &Value) -> usize {
    children(value).map(count).sum::<usize>() + 1
}

fn nth<'v>(value: &'v Value, left: &mut usize) -> Option<&'v Value> {
    if *left == 0 {
        return Some(value);
    }
    *left -= 1;
    children(value).find_map(|child| nth(child, left))
}

fn nth_mut<'v>(value: &'v mut Value, left: &mut usize) -> Option<&'v mut Value> {
    if *left == 0 {
        return Some(value);
    }
    *left -= 1;
    match value {
        Value::Array(items) => items.iter_mut().find_map(|child| nth_mut(child, left)),
        Value::Object(members) => members.values_mut().find_map(|child| nth_mut(child, left)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}
