//! Which command comes next.

use super::model::Approval;
use super::scene::{Application, Scene, Stage};

/// A command, and how likely it is.
type Turn = (usize, fn(&mut Scene));

const TURNS: [Turn; 22] = [
    (9, |scene| {
        let days = scene.dice.days(1, 3);
        scene.pass(days);
    }),
    (5, Scene::give_evidence),
    (2, Scene::withdraw_evidence),
    (6, Scene::check_evidence),
    (14, Scene::begin_somewhere),
    (3, Scene::edit),
    (7, Scene::submit),
    (4, Scene::ask_for_information),
    (9, Scene::decide),
    (1, Scene::withdraw_application),
    (5, Scene::publish_somewhere),
    (3, Scene::set_price),
    (5, Scene::change_offering),
    (2, Scene::adopt_one_more_requirement),
    (11, Scene::open_measure),
    (4, Scene::reply_to_measure),
    (13, Scene::decide_measure),
    (7, Scene::resume),
    (2, Scene::end),
    (1, Scene::close_unit),
    (5, Scene::renew_everything),
    (2, Scene::run_deadlines),
];

/// How often another command is drawn where one comes to nothing.
const TRIES: usize = 20;

impl Scene {
    /// One command at random: some that come up have nothing to be done with.
    pub(super) fn step(&mut self) {
        let before = self.story.length();
        for _ in 0..TRIES {
            self.turn();
            if self.story.length() > before {
                return;
            }
        }
    }

    fn turn(&mut self) {
        let total = TURNS.iter().map(|(weight, _)| weight).sum();
        let mut left = self.dice.below(total);
        for (weight, turn) in TURNS {
            if left < weight {
                return turn(self);
            }
            left -= weight;
        }
    }

    fn somewhere(&mut self) -> (usize, usize) {
        (self.dice.below(self.units.len()), self.dice.below(self.types.len()))
    }

    /// Mostly where there is neither an approval without an end nor an application that waits.
    fn begin_somewhere(&mut self) {
        let (unit, voucher_type) = self.somewhere();
        let approved = |a: &Approval| a.unit == unit && a.voucher_type == voucher_type && a.span.to.is_none();
        let applying = |a: &Application| a.unit == unit && a.voucher_type == voucher_type && a.stage != Stage::Closed;
        let taken = self.model.approvals.iter().any(approved) || self.applications.iter().any(applying);
        if !taken || self.dice.chance(10) {
            self.begin(unit, voucher_type);
        }
    }

    fn publish_somewhere(&mut self) {
        let (unit, voucher_type) = self.somewhere();
        self.publish(unit, voucher_type);
    }

    /// A unit goes all the way to an offering, so that there is something to take away.
    pub(super) fn come_in(&mut self, unit: usize, voucher_type: usize) {
        self.begin(unit, voucher_type);
        let of_pair = |a: &Application| a.unit == unit && a.voucher_type == voucher_type;
        let Some(application) = self.applications.iter().rposition(of_pair) else { return };
        self.submit_one(application);
        self.approve(application, None);
        self.publish(unit, voucher_type);
    }

    /// What the service does by itself every ten minutes tells people things, and changes nothing.
    fn run_deadlines(&mut self) {
        valinta_service::deadlines::run_once(&self.world.apps[0]).unwrap();
        self.story.tell("deadlines");
    }

    /// A provider shows all that a unit's voucher types ask for anew, and its counties accept it.
    fn renew_everything(&mut self) {
        let unit = self.dice.below(self.units.len());
        for voucher_type in 0..self.types.len() {
            self.show_all(unit, voucher_type);
        }
    }
}
