//! The lives of approvals, driven at random: whatever providers, officers and residents do in whatever order, no unit is
//! chosen on a day on which it is not approved, and no two approvals hold on one day.
//!
//! `VALINTA_SEED` and `VALINTA_ROUNDS` repeat a sequence or go through many; a failure tells its seed. `VALINTA_TELL` has
//! every sequence told.

mod applying;
mod checks;
mod model;
mod races;
mod scene;
mod supervising;
mod turns;

use std::collections::BTreeMap;
use std::process::Command;

use valinta_service::approvals::lapse_faults;

use self::scene::Scene;
use crate::support::{World, setting};

/// The sequences that are played where no others are asked for: together they come to everything.
const SEEDS: [u64; 3] = [8, 12, 22];
/// Commands of one sequence.
const STEPS: usize = 100;
/// What every run as it stands must have come to: commands that were carried out, and what was found out beside them.
const COMMANDS: [&str; 36] = [
    "give_evidence",
    "withdraw_evidence",
    "accept_evidence",
    "reject_evidence",
    "begin",
    "edit",
    "submit",
    "ask_for_information",
    "approve",
    "reject",
    "withdraw_application",
    "publish",
    "set_price",
    "change_offering",
    "adopt",
    "open_measure",
    "reply_to_measure",
    "warn",
    "suspend",
    "cancel",
    "danger",
    "drop_measure",
    "resume",
    "end",
    "close_unit",
    "choose",
    "choose_not_approved",
    "choose_suspended",
    "choose_lapsed",
    "choose_not_taken",
    "choose_no_price",
    "choose_closed",
    "record",
    "record_owed_after_the_end",
    "record_while_interrupted",
    "record_refused",
];

#[test]
fn no_unit_is_chosen_on_a_day_on_which_it_is_not_approved() {
    let asked = std::env::var_os("VALINTA_SEED").is_some() || std::env::var_os("VALINTA_ROUNDS").is_some();
    let first = setting("VALINTA_SEED", SEEDS[0]);
    let range = (first..first + setting("VALINTA_ROUNDS", 1)).collect();
    let mut done = BTreeMap::new();
    for seed in if asked { range } else { SEEDS.to_vec() } {
        for (what, times) in play(seed) {
            *done.entry(what).or_insert(0) += times;
        }
    }
    if !asked {
        let never: Vec<&str> = COMMANDS.into_iter().filter(|what| !done.contains_key(what)).collect();
        assert!(never.is_empty(), "never done: {never:?} of {done:#?}");
    }
}

/// Plays one sequence. How often each command was carried out.
fn play(seed: u64) -> BTreeMap<&'static str, usize> {
    let mut scene = Scene::set(seed);
    for unit in 0..scene.units.len() {
        for voucher_type in 0..scene.types.len() {
            if scene.dice.chance(50) {
                scene.come_in(unit, voucher_type);
            }
        }
    }
    scene.compare();
    for _ in 0..STEPS {
        scene.step();
        scene.compare();
    }
    verify(&scene.world);
    let done = std::mem::take(&mut scene.done);
    scene.story.tell(format!("{done:?}"));
    done
}

/// That `valinta verify` finds everything as it was written.
fn verify(world: &World) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_valinta-under-test"));
    let inherited = std::env::vars_os().map(|(name, _)| name);
    for name in inherited.filter(|name| name.to_string_lossy().starts_with("VALINTA_")) {
        command.env_remove(name);
    }
    let verified = command.arg("verify").env("DATABASE_URL", world.database.setting()).output().unwrap();
    let told = String::from_utf8_lossy(&verified.stderr);
    assert!(verified.status.success(), "{told}");
    world.ledger_balances();
    world.audit_rows();
    // The command goes by the clock of the system; what lapses is looked at by the world's own as well.
    let faults = lapse_faults(world.db.as_ref().unwrap(), world.clock.now());
    assert!(faults.as_ref().is_ok_and(Vec::is_empty), "{faults:?}");
}
