//! What is done, as plain data: every command names what it is about by how far back it came into being, so that whatever is
//! left out of a list, the rest can be run.

use valinta_persistence::testing::faults::Death;

use crate::support::Dice;

/// The how-manieth thing, counted from the latest: of five, 5 is the latest again.
pub(super) type Back = usize;

/// One step of a simulation.
#[derive(Debug, Clone)]
pub(super) enum Command {
    Issue {
        kind: usize,
        client: usize,
        hundredths: i64,
        starts: i64,
        days: i64,
    },
    Accept(Back),
    Refuse(Back),
    Choose {
        voucher: Back,
        offering: usize,
    },
    Record(Service),
    Act {
        event: Back,
        act: Act,
        by_provider: bool,
    },
    Extend {
        voucher: Back,
        days: i64,
    },
    Raise {
        voucher: Back,
        hundredths: Option<i64>,
        cents: Option<i64>,
        from: i64,
    },
    Reduce {
        voucher: Back,
        hundredths: i64,
        from: i64,
    },
    Cancel(Back),
    Reissue {
        voucher: Back,
        days: Option<i64>,
    },
    Price {
        offering: usize,
        cents: i64,
        ahead: i64,
    },
    Adopt {
        kind: usize,
        terms: Terms,
        ahead: i64,
    },
    /// So many months before the present one.
    Settle {
        months_back: i64,
    },
    Move {
        statement: Back,
        step: Step,
        by_maker: bool,
    },
    Days(i64),
    NextMonth,
    /// What days bring about by themselves.
    Look,
    /// The call of so many calls ago once more, with its key.
    Again(Back),
    /// Its key, with another body.
    OtherBody(Back),
    /// One call that is delivered twice at the same time.
    Twice(Box<Command>),
    /// Two clients at the same time.
    AtOnce(Box<Command>, Box<Command>),
    /// The process dies while it is at it, and the client tries again.
    Crash {
        death: Death,
        survives: u32,
        of: Box<Command>,
    },
    /// The same with two clients.
    CrashOfBoth {
        death: Death,
        survives: u32,
        one: Box<Command>,
        other: Box<Command>,
    },
    /// A month's settling is interrupted after so many of its transactions, and something comes before it goes on.
    WhileSettling {
        months_back: i64,
        survives: u32,
        of: Box<Command>,
    },
}

/// A service that is recorded.
#[derive(Debug, Clone)]
pub(super) struct Service {
    pub(super) voucher: Back,
    /// Days ago; below zero, to come.
    pub(super) ago: i64,
    pub(super) hundredths: i64,
    /// Start and length, in minutes of the day.
    pub(super) span: Option<(i64, i64)>,
    pub(super) worker: Option<usize>,
    /// By one who was not chosen.
    pub(super) by_another: bool,
}

/// What is done about a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Act {
    Accept,
    Contest,
    Query,
    Answer,
    Dismiss,
    Uphold(Part),
    Withdraw,
    Credit(Part),
}

/// How much is taken back, in hundredths of what counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    All,
    Quantity(i64),
    Money(i64),
    Both(i64, i64),
    /// As much as counts, and a little more.
    TooMuch,
    BelowZero,
}

/// What a new version of a rulebook says otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Terms {
    pub(super) cents: i64,
    pub(super) days_after_month: i64,
    pub(super) up_to: Option<i64>,
    pub(super) moves: bool,
}

/// Where a statement goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Approve,
    Send,
    Pay,
}

/// So many commands, as the dice fall.
pub(super) fn drawn(dice: &mut Dice, many: usize) -> Vec<Command> {
    let mut commands = Vec::with_capacity(many);
    while commands.len() < many {
        match dice.below(100) {
            // A voucher's way to its first service, which chance alone would seldom find.
            0..8 => {
                commands.push(issued(dice));
                commands.push(Command::Accept(0));
                commands.push(Command::Choose { voucher: 0, offering: dice.below(7) });
            }
            8..16 => {
                let command = simple(dice);
                commands.push(under_stress(dice, command));
            }
            16..20 => commands.push(Command::Again(dice.below(12))),
            20 => commands.push(Command::OtherBody(dice.below(12))),
            21..23 => commands.extend(months_end(dice)),
            23 => {
                let of = simple(dice);
                commands.push(while_settling(dice, of));
            }
            _ => commands.push(simple(dice)),
        }
    }
    commands.truncate(many);
    commands
}

/// A month ends with something to settle; and while it is settled, more of it is recorded.
fn months_end(dice: &mut Dice) -> [Command; 3] {
    let [before, late] = [dice.days(0, 5), dice.days(5, 15)]
        .map(|ago| Command::Record(Service { voucher: dice.below(4), ago, ..service(dice) }));
    [before, Command::NextMonth, while_settling(dice, late)]
}

fn while_settling(dice: &mut Dice, of: Command) -> Command {
    let survives = u32::try_from(dice.below(5)).unwrap();
    Command::WhileSettling { months_back: months_back(dice), survives, of: Box::new(of) }
}

/// A command that is disturbed.
fn under_stress(dice: &mut Dice, command: Command) -> Command {
    let death = dice.pick(&[Death::BeforeCommit, Death::AfterCommit, Death::InGroup]).unwrap();
    let survives = u32::try_from(if dice.chance(70) { 0 } else { dice.below(4) }).unwrap();
    match dice.below(10) {
        0..4 => Command::Crash { death, survives, of: Box::new(command) },
        4..6 => Command::CrashOfBoth { death, survives, one: Box::new(command), other: Box::new(simple(dice)) },
        6..8 => Command::AtOnce(Box::new(command), Box::new(simple(dice))),
        _ => Command::Twice(Box::new(command)),
    }
}

fn issued(dice: &mut Dice) -> Command {
    Command::Issue {
        kind: dice.below(4),
        client: dice.below(5),
        hundredths: amount_of(dice, 2_000),
        starts: if dice.chance(80) { 0 } else { dice.days(-25, 10) },
        days: if dice.chance(90) { dice.days(5, 120) } else { dice.days(-2, 380) },
    }
}

/// A number of hundredths that a grant can have; now and then one that it cannot.
fn amount_of(dice: &mut Dice, most: i64) -> i64 {
    match dice.below(20) {
        0 => 0,
        1 => 4_001,
        2 => dice.days(1, 50),
        _ => dice.days(2, most / 100) * 100,
    }
}

/// One that is near more often than one that is long ago.
fn back(dice: &mut Dice) -> Back {
    if dice.chance(75) { dice.below(5) } else { dice.below(30) }
}

/// A day from which a change holds, from today.
fn near(dice: &mut Dice) -> i64 {
    if dice.chance(80) { dice.days(0, 25) } else { dice.days(-25, 60) }
}

fn simple(dice: &mut Dice) -> Command {
    match dice.below(100) {
        0..32 => Command::Record(service(dice)),
        32..52 => Command::Act { event: back(dice), act: act(dice), by_provider: dice.chance(60) },
        52..55 => Command::Choose { voucher: back(dice), offering: dice.below(7) },
        55..58 => Command::Extend { voucher: back(dice), days: dice.days(-3, 70) },
        58..62 => Command::Raise {
            voucher: back(dice),
            hundredths: dice.chance(60).then(|| amount_of(dice, 4_000)),
            cents: dice.chance(50).then(|| dice.days(2_500, 8_000)),
            // As often from a day that has been: services were recorded of it.
            from: dice.days(-25, 25),
        },
        62..65 => Command::Reduce { voucher: back(dice), hundredths: amount_of(dice, 1_000), from: near(dice) },
        65..67 => Command::Cancel(back(dice)),
        67..69 => Command::Reissue { voucher: back(dice), days: dice.chance(50).then(|| dice.days(-2, 90)) },
        69 => Command::Refuse(back(dice)),
        70..72 => Command::Price { offering: dice.below(7), cents: dice.days(1_500, 7_000), ahead: dice.days(-1, 15) },
        72..74 => Command::Adopt { kind: dice.below(4), terms: terms(dice), ahead: dice.days(-1, 25) },
        74..80 => Command::Settle { months_back: months_back(dice) },
        80..87 => Command::Move {
            statement: dice.below(6),
            step: dice.pick(&[Step::Approve, Step::Send, Step::Pay]).unwrap(),
            by_maker: dice.chance(35),
        },
        87..91 => Command::Days(dice.days(1, 9)),
        91..94 => Command::NextMonth,
        94..96 => Command::Look,
        96 => Command::Accept(back(dice)),
        _ => issued(dice),
    }
}

fn months_back(dice: &mut Dice) -> i64 {
    dice.pick(&[0, 1, 1, 1, 1, 2, 3]).unwrap()
}

fn service(dice: &mut Dice) -> Service {
    let hundredths = match dice.below(20) {
        0 => 0,
        1 => dice.days(2_000, 9_000),
        2 => 99_999_999_999,
        3..8 => dice.days(1, 800),
        _ => dice.days(1, 20) * 25,
    };
    // The length that the quantity makes, mostly.
    let span = dice.chance(30).then(|| {
        let minutes = hundredths * 60 / 100;
        (dice.days(4 * 4, 4 * 18) * 15, if dice.chance(85) { minutes } else { dice.days(-60, 1_600) })
    });
    Service {
        voucher: back(dice),
        ago: if dice.chance(80) { dice.days(0, 12) } else { dice.days(-2, 75) },
        hundredths,
        span,
        worker: dice.chance(40).then(|| dice.below(3)),
        by_another: dice.chance(5),
    }
}

fn act(dice: &mut Dice) -> Act {
    match dice.below(20) {
        0..3 => Act::Accept,
        3..5 => Act::Contest,
        5..7 => Act::Query,
        7 => Act::Answer,
        8..10 => Act::Dismiss,
        10..13 => Act::Uphold(part(dice)),
        13..16 => Act::Withdraw,
        _ => Act::Credit(part(dice)),
    }
}

fn part(dice: &mut Dice) -> Part {
    match dice.below(10) {
        0..3 => Part::All,
        3..6 => Part::Quantity(dice.days(1, 100)),
        6 => Part::Money(dice.days(0, 100)),
        7 => Part::Both(dice.days(0, 100), dice.days(0, 100)),
        8 => Part::TooMuch,
        _ => Part::BelowZero,
    }
}

fn terms(dice: &mut Dice) -> Terms {
    Terms {
        cents: dice.days(2_000, 5_000),
        days_after_month: dice.days(5, 40),
        up_to: dice.chance(60).then(|| dice.days(2_000, 20_000)),
        moves: dice.chance(50),
    }
}
