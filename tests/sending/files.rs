//! What comes to the folder, and what is shown of it.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use quick_xml::Reader;
use quick_xml::events::Event;
use serde_json::json;
use valinta_service::sending::OutgoingFolder;

use super::{Place, Scene, look, process};
use crate::support::{County, id_of};

/// All files under a folder.
fn files_under(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files_under(&path));
        } else {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// That it is XML to its end, and whole. The name of its root.
fn root_of(text: &str) -> String {
    let mut reader = Reader::from_str(text);
    reader.config_mut().check_end_names = true;
    let (mut root, mut depth) = (None, 0_usize);
    loop {
        let event = reader.read_event().unwrap();
        if let Event::Start(start) = &event {
            depth += 1;
            root.get_or_insert_with(|| start.local_name().as_ref().to_owned());
        } else if matches!(event, Event::End(_)) {
            depth -= 1;
        } else if matches!(event, Event::Eof) {
            break;
        }
    }
    assert_eq!(depth, 0, "it ends in the middle");
    root.unwrap()
}

#[test]
fn a_statement_that_is_sent_leaves_the_house_as_an_invoice_and_a_payment_once() {
    let scene = Scene::sent(1);
    let outside = tempfile::tempdir().unwrap();

    // The process that answers has been told no place: it says so, and nothing is lost.
    assert_eq!(look(&scene.world.apps[0]), 0);
    let waiting = scene.deliveries("");
    assert_eq!(waiting.len(), 2, "{waiting:?}");
    for one in &waiting {
        assert_eq!((&one["state"], &one["has_place"], &one["attempts"]), (&json!("waiting"), &json!(false), &json!(0)));
        assert_eq!((&one["subject_kind"], &one["subject"]), (&json!("statement"), &json!(scene.statements[0])));
    }
    let jobs = scene.jobs();
    assert_eq!(jobs["has_place_for_deliveries"], false);
    assert_eq!(jobs["deliveries"], json!([{"organiser": scene.county.id, "state": "waiting", "count": 2}]));

    // Until then people hand in what the bank is asked to pay; afterwards it would be paid twice.
    let settlement = scene.county.finance.get("/v1/settlements").ok()["items"][0]["id"].as_str().unwrap().to_owned();
    let by_hand = || scene.county.finance.get(&format!("/v1/settlements/{settlement}/payments"));
    assert!(by_hand().text.contains("202611-00001"));
    let process = scene.world.process().with_outgoing(vec![Arc::new(OutgoingFolder::new(outside.path().to_owned()))]);
    assert_eq!((look(&process), look(&process)), (2, 0));
    by_hand().refused(409, "wrong_state").saying("at least one payment");
    let (invoice, payment) = (scene.delivery("&kind=invoice"), scene.delivery("&kind=payment"));
    assert_eq!(
        (&invoice["state"], &payment["state"], &payment["attempts"]),
        (&json!("sent"), &json!("sent"), &json!(1))
    );
    assert_eq!(scene.outcomes(&payment), ["sent"]);
    let month = outside.path().join("county-0/2026-11");
    let named = |kind: &str, delivery| month.join(format!("{kind}-202611-00001-{}.xml", id_of(delivery)));
    let expected = [named("invoice", &invoice), named("payment", &payment)];
    assert_eq!(files_under(outside.path()), expected, "nothing unfinished is left");

    let [invoice, written] = expected.map(|path| fs::read_to_string(path).unwrap());
    let shown = scene.county.finance.get(&format!("/v1/statements/{}/invoice", scene.statements[0])).text;
    assert_eq!((root_of(&invoice), &invoice), ("Invoice".to_owned(), &shown));
    assert_eq!(root_of(&written), "Document");
    let message_id = id_of(&payment).replace('-', "");
    for wanted in ["pain.001.001.09", "FI4250001510000023", "FI2112345600000785", "72.00", &message_id, "202611-00001"]
    {
        assert!(written.contains(wanted), "{wanted} is not in {written}");
    }
    scene.is_sound();
}

#[test]
fn a_file_that_is_there_stays_as_it_was_when_its_delivery_comes_again() {
    let scene = Scene::sent(1);
    let outside = tempfile::tempdir().unwrap();
    let payment = scene.delivery("&kind=payment");
    // As a process leaves it that ends between handing over and noting.
    let month = outside.path().join("county-0/2026-11");
    fs::create_dir_all(&month).unwrap();
    let file = month.join(format!("payment-202611-00001-{}.xml", id_of(&payment)));
    fs::write(&file, "<as-it-was/>").unwrap();
    fs::write(month.join(".part-abc"), "<as-it").unwrap();
    let folder = Arc::new(OutgoingFolder::new(outside.path().to_owned()));
    assert_eq!(look(&scene.world.process().with_outgoing(vec![folder])), 2);
    assert_eq!(fs::read_to_string(&file).unwrap(), "<as-it-was/>");
    assert_eq!(scene.delivery("&kind=payment")["state"], "sent");
    assert_eq!(files_under(outside.path()).len(), 3);
}

#[test]
fn a_folder_that_is_missing_is_told_and_waited_for() {
    let mut scene = Scene::sent(1);
    let outside = tempfile::tempdir().unwrap();
    let disk = outside.path().join("disk");
    let process = scene.world.process().with_outgoing(vec![Arc::new(OutgoingFolder::new(disk.clone()))]);
    assert_eq!(look(&process), 0);
    let failed = scene.delivery("&kind=invoice");
    assert_eq!((&failed["state"], &failed["attempts"]), (&json!("waiting"), &json!(1)));
    let said = failed["last_error"].as_str().unwrap();
    assert!(said.contains("could not be written") && !said.contains("disk"), "{said}");
    fs::create_dir(&disk).unwrap();
    scene.after(chrono::TimeDelta::seconds(30));
    assert_eq!(look(&process), 2);
    assert_eq!(files_under(&disk).len(), 2);
}

#[test]
fn deliveries_are_listed_in_pages_and_another_county_knows_nothing_of_them() {
    let scene = Scene::sent(2);
    let finance = &scene.county.finance;
    let first = finance.get("/v1/deliveries?limit=3").ok();
    assert_eq!(first["items"].as_array().unwrap().len(), 3);
    let next = finance.get(&format!("/v1/deliveries?limit=3&cursor={}", first["next"].as_str().unwrap())).ok();
    assert_eq!((next["items"].as_array().unwrap().len(), next.get("next")), (1, None));
    assert_eq!(scene.deliveries(&format!("&subject={}", scene.statements[1])).len(), 2);
    assert_eq!(scene.deliveries("&state=dead").len(), 0);
    finance.get("/v1/deliveries?state=lost").refused(422, "invalid_input").at("/query/state", "unknown_value");
    let refused = finance.get("/v1/deliveries?subject=x").refused(422, "invalid_input");
    assert_eq!(refused.errors()[0].0, "/query/subject");

    let other = County::found_as(&scene.world, 1, &[("743", "Seinäjoki", "Seinäjoki")]);
    let own = scene.delivery(&format!("&kind=invoice&subject={}", scene.statements[0]));
    assert_eq!(other.finance.get("/v1/deliveries").ok()["items"], json!([]));
    other.finance.get(&format!("/v1/deliveries/{}", id_of(&own))).refused(404, "not_found");
    scene.replay(&other.finance, &own).refused(404, "not_found");
    scene.replay(&scene.county.auditor, &own).refused(403, "forbidden");
    scene.replay(finance, &own).refused(409, "wrong_state").saying("only what was given up is");
    assert_eq!(scene.county.auditor.get(&format!("/v1/deliveries/{}", id_of(&own))).ok()["attempts"], json!([]));
    let place = Arc::new(Place::default());
    assert_eq!(look(&process(&scene.world, &place)), 4);
}
