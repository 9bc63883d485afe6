//! One step after the other: what a command comes to as things are, the call, and whether the answer is the model's.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};
use valinta_service::deadlines;

use super::asked::Asked;
use valinta_persistence::testing::faults::Death;

use super::commands::Command;
use super::model::{Day, No, Seen, days, next_month};
use super::resolved::latest;
use super::scene::{Call, Called, KEYS_KEPT_DAYS, Scene, Who, send};
use crate::support::{Answer, User};

/// How long a settling is waited for.
const WAIT_MAX: Duration = Duration::from_secs(30);
/// Calls that may be repeated.
const HISTORY: usize = 40;
/// The clock goes no further: the days of the scene are enough for so many.
const DAYS_MAX: i64 = 330;

/// What is wrong.
pub(super) type Violation = String;

impl Scene {
    /// Takes one step.
    pub(super) fn step(&mut self, command: &Command) -> Result<(), Violation> {
        match command {
            Command::Days(by) => self.wait_until(days(self.model.today, *by)),
            Command::NextMonth => self.wait_until(days(next_month(self.model.today), 4)),
            Command::Look => self.look()?,
            Command::Again(back) => self.again(*back)?,
            Command::OtherBody(back) => self.other_body(*back)?,
            Command::Twice(of) => self.twice(of)?,
            Command::AtOnce(one, other) => self.both(one, other, None)?,
            Command::Crash { death, survives, of } => self.crash(of, (*death, *survives))?,
            Command::CrashOfBoth { death, survives, one, other } => self.both(one, other, Some((*death, *survives)))?,
            Command::WhileSettling { months_back, survives, of } => self.while_settling(*months_back, *survives, of)?,
            Command::Issue { .. }
            | Command::Accept(_)
            | Command::Refuse(_)
            | Command::Choose { .. }
            | Command::Record(_)
            | Command::Act { .. }
            | Command::Extend { .. }
            | Command::Raise { .. }
            | Command::Reduce { .. }
            | Command::Cancel(_)
            | Command::Reissue { .. }
            | Command::Price { .. }
            | Command::Adopt { .. }
            | Command::Settle { .. }
            | Command::Move { .. } => self.once(command)?,
        }
        self.check_counts()
    }

    /// An ordinary call.
    fn once(&mut self, command: &Command) -> Result<(), Violation> {
        let Some(asked) = self.asked(command) else { return Ok(()) };
        let call = self.call(&asked);
        let before = self.footprint();
        let answer = self.send(&call)?;
        self.hear(Called { on: self.model.today, asked, call, answer }, Some(before))
    }

    fn wait_until(&mut self, day: Day) {
        if (day - self.began()).num_days() <= DAYS_MAX {
            self.come_to(day);
        }
    }

    fn began(&self) -> Day {
        self.model.kinds[0].versions[0].from
    }

    /// What days bring about is looked at; and what is being settled goes on.
    pub(super) fn look(&mut self) -> Result<(), Violation> {
        let app = self.world.apps.last().unwrap().clone();
        deadlines::run_once(&app).map_err(|problem| format!("what the day brings: {}", problem.detail()))?;
        self.model.expire();
        Ok(())
    }

    /// Compares an answer with the model, and looks at what it was about.
    fn hear(&mut self, called: Called, before: Option<Vec<(&'static str, i64)>>) -> Result<(), Violation> {
        let seen = self.seen(&called)?;
        let refused = self.model.play(&called.asked, &seen)?;
        self.note(&called.asked, refused);
        if let Some(before) = before.filter(|_| !seen.done) {
            let after = self.footprint();
            if before != after {
                return Err(format!("{:?} was refused, and left something: {before:?} and {after:?}", called.asked));
            }
        }
        self.look_at(&called.asked)?;
        self.remember(called);
        Ok(())
    }

    fn note(&mut self, asked: &Asked, refused: Option<No>) {
        let what = refused.map_or_else(|| asked.name().to_owned(), |why| format!("{} refused: {why}", asked.name()));
        *self.told.entry(what).or_default() += 1;
    }

    /// What an answer says, when all that it began has ended.
    fn seen(&mut self, called: &Called) -> Result<Seen, Violation> {
        let done = called.answer.status < 300;
        let settles = done && matches!(called.asked, Asked::Settle { .. });
        let body = if settles { self.settled(&called.answer)? } else { called.answer.body.clone() };
        Ok(Seen { done, body })
    }

    /// Waits until a month is frozen. Its statements, by provider.
    fn settled(&mut self, begun: &Answer) -> Result<Value, Violation> {
        let id = begun.body["id"].as_str().ok_or("a settling has no id")?.to_owned();
        let user = self.user(Who::Maker);
        let began = Instant::now();
        loop {
            let shown = user.get(&format!("/v1/settlements/{id}"));
            if shown.body["state"] == "frozen" {
                break;
            }
            if began.elapsed() > WAIT_MAX {
                return Err(format!("a settling does not end: {}", shown.text));
            }
            thread::sleep(Duration::from_millis(3));
        }
        let listed = user.get(&format!("/v1/statements?settlement={id}&limit=100")).ok();
        let items = listed["items"].as_array().cloned().unwrap_or_default();
        let by_provider: Map<String, Value> = items
            .iter()
            .map(|item| (self.provider_of(item["provider"].as_str().unwrap()).to_string(), item.clone()))
            .collect();
        Ok(json!({"many": items.len(), "statements": by_provider}))
    }

    fn remember(&mut self, called: Called) {
        if let Asked::Settle { month } = called.asked
            && called.answer.status < 300
        {
            let lines = self.lines_of(month);
            self.frozen.insert(month, lines);
        }
        self.history.push(called);
        if self.history.len() > HISTORY {
            self.history.remove(0);
        }
    }

    /// The same call with the same key: what was done is answered as before, and what was refused is tried anew.
    fn again(&mut self, back: usize) -> Result<(), Violation> {
        // Older answers may have been forgotten.
        let today = self.model.today;
        self.history.retain(|called| (today - called.on).num_days() < KEYS_KEPT_DAYS);
        let Some(place) = latest(self.history.len(), back) else { return Ok(()) };
        let Called { asked, call, answer, .. } = self.history[place].clone();
        let before = self.footprint();
        let now = self.send(&call)?;
        if answer.status < 300 {
            return same(&call, &answer, &now);
        }
        self.hear(Called { on: self.model.today, asked, call, answer: now }, Some(before))
    }

    fn other_body(&mut self, back: usize) -> Result<(), Violation> {
        // Older answers may have been forgotten.
        let today = self.model.today;
        self.history.retain(|called| (today - called.on).num_days() < KEYS_KEPT_DAYS);
        let Some(place) = latest(self.history.len(), back) else { return Ok(()) };
        let Called { asked, mut call, answer, .. } = self.history[place].clone();
        let (Asked::Record(mut delivered), ..300) = (asked, answer.status) else { return Ok(()) };
        delivered.hundredths += 1;
        call.body = self.delivery(&delivered);
        let before = self.footprint();
        let answer = self.send(&call)?;
        if answer.status != 422 || self.footprint() != before {
            return Err(format!("the key of another call was taken: {}", answer.text));
        }
        Ok(())
    }

    /// One call that arrives twice at once.
    fn twice(&mut self, of: &Command) -> Result<(), Violation> {
        let Some(asked) = self.asked(of) else { return Ok(()) };
        let call = self.call(&asked);
        let user = self.user(call.who);
        let [one, other] = at_once([(&user, &call), (&user, &call)]);
        let (one, other) = (one?, other?);
        let (first, second) = if is_repeated(&one) { (other, one) } else { (one, other) };
        if first.status < 300 {
            same(&call, &first, &second)?;
        } else if second.status < 300 {
            return Err(format!("{call:?} was refused and done at once: {} {}", first.text, second.text));
        }
        self.hear(Called { on: self.model.today, asked, call, answer: first }, None)
    }

    /// Two calls of two clients at once: what comes of them is what would come of one after the other.
    fn both(&mut self, one: &Command, other: &Command, crash: Option<(Death, u32)>) -> Result<(), Violation> {
        // What is begun or expires by itself has no order that the model could know.
        let alone = |asked: &Asked| matches!(asked, Asked::Adopt { .. });
        let (Some(first), Some(second)) = (self.asked(one), self.asked(other)) else { return Ok(()) };
        if alone(&first) || alone(&second) {
            return Ok(());
        }
        let calls = [self.call(&first), self.call(&second)];
        let users = [self.user(calls[0].who), self.user(calls[1].who)];
        if let Some((death, survives)) = crash {
            self.look()?;
            self.world.faults.arm(death, survives);
        }
        let answers = at_once([(&users[0], &calls[0]), (&users[1], &calls[1])]);
        let answers = if crash.is_some() {
            self.after_crash(&calls, answers)?
        } else {
            [answers[0].clone()?, answers[1].clone()?]
        };
        self.hear_both([first, second], calls, answers, crash.is_some())
    }

    /// A settling dies after some of its transactions, and what comes before it goes on is as if it had come before or after.
    fn while_settling(&mut self, months_back: i64, survives: u32, of: &Command) -> Result<(), Violation> {
        let asked = (self.asked(&Command::Settle { months_back }), self.asked(of));
        let (Some(settle), Some(other)) = asked else { return Ok(()) };
        // What would be refused because of the settling, and what begins by itself.
        if matches!(other, Asked::Settle { .. } | Asked::Move { .. } | Asked::Adopt { .. }) {
            return Ok(());
        }
        self.look()?;
        let calls = [self.call(&settle), self.call(&other)];
        self.world.faults.arm(Death::AfterCommit, survives);
        let begun = self.send(&calls[0]);
        self.wait_for_death();
        self.begin_anew();
        let answer = self.send(&calls[1])?;
        self.settle_down();
        let settled = self.send(&calls[0])?;
        if let Ok(begun) = begun.as_ref()
            && begun.status < 300
        {
            same(&calls[0], begun, &settled)?;
        }
        self.hear_both([settle, other], calls, [settled, answer], true)
    }

    /// Compares two answers with what the model has of one call after the other, in whichever order.
    fn hear_both(
        &mut self,
        [first, second]: [Asked; 2],
        [one, other]: [Call; 2],
        [first_answer, second_answer]: [Answer; 2],
        looks: bool,
    ) -> Result<(), Violation> {
        let on = self.model.today;
        let one = Called { on, asked: first, call: one, answer: first_answer };
        let other = Called { on, asked: second, call: other, answer: second_answer };
        let seen = [self.seen(&one)?, self.seen(&other)?];
        let before = self.model.clone();
        let parts = [(&one.asked, &seen[0]), (&other.asked, &seen[1])];
        if let Err(in_order) = self.play_both(parts) {
            self.model = before;
            let reversed = self.play_both([parts[1], parts[0]]);
            reversed.map_err(|reversed| format!("at once, in no order: {in_order}; {reversed}"))?;
        }
        if looks {
            self.look()?;
        }
        for called in [one, other] {
            self.look_at(&called.asked)?;
            self.remember(called);
        }
        Ok(())
    }

    fn play_both(&mut self, parts: [(&Asked, &Seen); 2]) -> Result<(), Violation> {
        let mut refused = Vec::new();
        for (asked, seen) in parts {
            refused.push((asked, self.model.play(asked, seen)?));
        }
        for (asked, refused) in refused {
            self.note(asked, refused);
        }
        Ok(())
    }

    /// The process dies while a call is under way; the client asks once more, with the same key.
    fn crash(&mut self, of: &Command, (death, survives): (Death, u32)) -> Result<(), Violation> {
        if matches!(of, Command::Look) {
            self.world.faults.arm(death, survives);
            let app = self.world.apps.last().unwrap().clone();
            let _ = deadlines::run_once(&app);
            drop(app);
            self.restart();
            return self.look();
        }
        let Some(asked) = self.asked(of) else { return Ok(()) };
        let call = self.call(&asked);
        // What days bring is done by each service that begins: all of it is done before, and what comes of the call after.
        self.look()?;
        self.world.faults.arm(death, survives);
        let answer = self.send(&call);
        let [answer] = self.after_crash(std::array::from_ref(&call), [answer])?;
        let called = Called { on: self.model.today, asked, call, answer };
        let seen = self.seen(&called)?;
        let refused = self.model.play(&called.asked, &seen)?;
        self.note(&called.asked, refused);
        self.look()?;
        self.look_at(&called.asked)?;
        self.remember(called);
        Ok(())
    }

    /// What goes on after the answer to a settling may die, too.
    fn wait_for_death(&self) {
        let began = Instant::now();
        while !self.world.faults.is_dead() && began.elapsed() < Duration::from_millis(60) {
            thread::sleep(Duration::from_millis(2));
        }
    }

    /// What clients are answered who ask once more after a crash. What had been answered stays.
    fn after_crash<const N: usize>(
        &mut self,
        calls: &[Call; N],
        answers: [Result<Answer, String>; N],
    ) -> Result<[Answer; N], Violation> {
        if calls.iter().any(|call| call.path == "/v1/settlements") {
            self.wait_for_death();
        }
        self.restart();
        let mut now = Vec::new();
        for (call, before) in calls.iter().zip(answers) {
            let answer = self.send(call)?;
            if let Ok(before) = before.as_ref()
                && before.status < 300
            {
                same(call, before, &answer)?;
            }
            now.push(answer);
        }
        now.try_into().map_err(|_| "an answer is missing".to_owned())
    }
}

/// Sends two calls at the same time.
fn at_once(calls: [(&User, &Call); 2]) -> [Result<Answer, String>; 2] {
    thread::scope(|scope| {
        let sent = calls.map(|(user, call)| scope.spawn(move || send(user, call)));
        sent.map(|sent| sent.join().unwrap())
    })
}

fn is_repeated(answer: &Answer) -> bool {
    answer.header("idempotent-replayed").is_some()
}

/// That what was done is answered as it was, and not done again.
fn same(call: &Call, first: &Answer, again: &Answer) -> Result<(), Violation> {
    if (first.status, &first.text) == (again.status, &again.text) && is_repeated(again) {
        return Ok(());
    }
    Err(format!("{call:?} was answered {} {}; once more, {} {}", first.status, first.text, again.status, again.text))
}
