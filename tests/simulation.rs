//! Money, driven at random: whatever is issued, recorded, taken back, settled, retried, lost with a process or asked for twice
//! at once, in whatever order, every figure is what a small model beside it says.
//!
//! `VALINTA_SIM_SEED`, `VALINTA_SIM_STEPS` and `VALINTA_SIM_SECONDS` repeat a sequence or go through many; a failure tells its
//! seed and the shortest list of commands that fails. `VALINTA_SIM_TELL` has each sequence told.

mod asked;
mod checks;
mod commands;
mod model;
mod resolved;
mod scene;
mod shrink;
mod turns;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use self::commands::{Command, drawn};
use self::scene::{Planted, Scene};
use self::shrink::shrunk;
use self::turns::Violation;
use crate::support::{Dice, setting};

/// The first sequence where no other is asked for.
const SEED: u64 = 1;
/// Commands of one sequence.
const STEPS: u64 = 250;
/// How long sequences are begun.
const SECONDS: u64 = 18;
/// Commands of a sequence that looks for a planted fault.
const PLANTED_STEPS: usize = 30;
/// After so many steps everything is looked at.
const CHECK_EVERY: usize = 40;

/// A sequence that failed.
struct Failed {
    /// After so many commands.
    at: usize,
    what: Violation,
}

/// How often each command was done, and refused for which reason.
type Told = BTreeMap<String, usize>;

/// Runs a list of commands in a world of its own.
fn run(commands: &[Command], planted: Option<Planted>) -> Result<Told, Failed> {
    let mut at = 0;
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        let mut scene = Scene::set(planted);
        for command in commands {
            at += 1;
            scene.step(command)?;
            if at % CHECK_EVERY == 0 {
                scene.check_all()?;
            }
        }
        scene.check_all()?;
        Ok(std::mem::take(&mut scene.told))
    }));
    match outcome {
        Ok(outcome) => outcome.map_err(|what| Failed { at, what }),
        Err(panicked) => {
            let words = panicked.downcast_ref::<String>().cloned();
            let words = words.or_else(|| panicked.downcast_ref::<&str>().map(|words| (*words).to_owned()));
            Err(Failed { at, what: format!("a panic: {}", words.unwrap_or_default()) })
        }
    }
}

/// The shortest list that fails, and how.
fn shortest(commands: &[Command], failed: Failed, planted: Option<Planted>) -> (Vec<Command>, Violation) {
    let mut what = failed.what;
    let list = shrunk(&commands[..failed.at], |some| match run(some, planted) {
        Ok(_) => false,
        Err(failed) => {
            what = failed.what;
            true
        }
    });
    (list, what)
}

fn told(commands: &[Command]) -> String {
    commands.iter().map(|command| format!("    {command:?}\n")).collect()
}

#[test]
fn whatever_is_done_in_whatever_order_the_figures_are_those_of_the_model() {
    let (first, steps) = (setting("VALINTA_SIM_SEED", SEED), setting("VALINTA_SIM_STEPS", STEPS));
    let seconds = Duration::from_secs(setting("VALINTA_SIM_SECONDS", SECONDS));
    let tells = std::env::var_os("VALINTA_SIM_TELL").is_some();
    let began = Instant::now();
    let (mut seeds, mut in_all) = (0, Told::new());
    while seeds == 0 || began.elapsed() < seconds {
        let seed = first + seeds;
        println!("simulation: seed {seed}, {steps} steps");
        let commands = drawn(&mut Dice::of(seed), usize::try_from(steps).unwrap());
        if tells {
            println!("{}", told(&commands));
        }
        let failed = match run(&commands, None) {
            Ok(told) => {
                for (what, times) in told {
                    *in_all.entry(what).or_default() += times;
                }
                None
            }
            Err(failed) => Some(failed),
        };
        if let Some(failed) = failed {
            let (at, first_seen) = (failed.at, failed.what.clone());
            println!("simulation: seed {seed} fails at step {at}: {first_seen}");
            let (list, what) = shortest(&commands, failed, None);
            panic!(
                "simulation: seed {seed} fails at step {at}: {first_seen}\nThe shortest list that fails, of {}:\n{}{what}\n\
                 Again: VALINTA_SIM_SEED={seed} VALINTA_SIM_STEPS={steps} VALINTA_SIM_SECONDS=0",
                list.len(),
                told(&list)
            );
        }
        seeds += 1;
    }
    println!("simulation: {seeds} seeds from {first} of {steps} steps each in {:?}", began.elapsed());
    println!("simulation: {in_all:#?}");
}

/// Looks for a planted fault in one sequence after the other. The shortest list that shows it.
fn found(planted: Planted) -> (Vec<Command>, Violation) {
    for seed in 1..40 {
        let commands = drawn(&mut Dice::of(seed), PLANTED_STEPS);
        if let Err(failed) = run(&commands, Some(planted)) {
            return shortest(&commands, failed, Some(planted));
        }
    }
    panic!("{planted:?} was not found");
}

#[test]
fn keys_that_are_forgotten_with_the_process_are_found_out() {
    let (list, what) = found(Planted::KeysAreForgotten);
    assert!(list.len() <= 6, "{what}\n{}", told(&list));
    let dies = |told: &str| told.contains("Crash") || told.contains("WhileSettling");
    assert!(dies(&told(&list)), "{what}\n{}", told(&list));
}

#[test]
fn half_a_cent_that_is_rounded_wrongly_is_found_out() {
    let (list, what) = found(Planted::ModelRoundsDown);
    assert!(list.len() <= 6, "{what}\n{}", told(&list));
    assert!(told(&list).contains("Record"), "{what}\n{}", told(&list));
}
