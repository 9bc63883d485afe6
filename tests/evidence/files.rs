//! Files: what is taken and what is refused, who gets them, and what becomes of one that is damaged.

use std::fs;
use std::thread;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::{TwoCounties, give, given};
use crate::support::{Answer, Provider, User};

const PDF: &[u8] = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n";
const FILE_BYTES_MAX: usize = 10 * 1024 * 1024;
/// 64 KiB of zeros, compressed; such members may follow each other.
const ZEROS_GZ: &str = "H4sIAAAAAAACA+3BAQEAAACAkP6v7ggKAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\
    AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAauuOl9cAAAEA";

fn upload_as(user: &User, provider: &str, (name, key): (&str, &str), headers: &[(&str, &str)], bytes: &[u8]) -> Answer {
    let bearer = format!("Bearer {}", user.token.as_ref().unwrap());
    let mut all = vec![("Authorization", bearer.as_str()), ("Idempotency-Key", key)];
    all.extend(headers);
    user.api.send("POST", &format!("/v1/providers/{provider}/attachments?name={name}"), &all, Some(bytes)).unwrap()
}

fn upload(provider: &Provider, key: &str, media_type: &str, bytes: &[u8]) -> Answer {
    upload_as(&provider.user, &provider.id, ("policy.pdf", key), &[("Content-Type", media_type)], bytes)
}

#[test]
fn a_file_is_kept_sealed_and_comes_back_as_it_was() {
    let scene = TwoCounties::found();
    let provider = &scene.provider;
    let first = upload(provider, "file-1", "application/pdf", PDF);
    let again = upload(provider, "file-1", "application/pdf", PDF);
    assert_eq!((again.status, &again.text), (201, &first.text), "a repetition has the same answer");
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    let kept = fs::read_dir(scene.world.files.path().join("files")).unwrap().count();
    assert_eq!(kept, 1, "a repetition leaves no file behind");
    let file = first.created();
    assert_eq!((&file["media_type"], &file["size"]), (&json!("application/pdf"), &json!(PDF.len())));
    assert_eq!(file["sha256"].as_str().unwrap().len(), 64);
    let id = file["id"].as_str().unwrap();
    let sealed = fs::read(scene.world.files.path().join("files").join(id)).unwrap();
    assert!(!sealed.windows(5).any(|window| window == b"%PDF-"), "it is sealed at rest");
    let got = provider.user.get(&format!("/v1/attachments/{id}"));
    assert_eq!((got.status, got.text.as_bytes()), (200, PDF));
    assert_eq!(got.header("content-type"), Some("application/pdf"));
    assert_eq!(got.header("content-disposition"), Some("attachment; filename*=UTF-8''policy.pdf"));
    assert_eq!(got.header("x-content-type-options"), Some("nosniff"));
    assert!(got.header("content-security-policy").unwrap().contains("sandbox"));
    assert!(got.header("cache-control").unwrap().contains("no-store"));
    upload(provider, "file-1", "application/pdf", b"%PDF-1.7\nanother").refused(422, "idempotency_key_reused");
    let kept = fs::read_dir(scene.world.files.path().join("files")).unwrap().count();
    assert_eq!(kept, 1, "a refused one neither");
    scene.world.audit_rows();
}

#[test]
fn what_is_no_pdf_jpeg_or_png_by_its_first_bytes_is_refused_whatever_it_is_called() {
    let scene = TwoCounties::found();
    let provider = &scene.provider;
    let zip = b"PK\x03\x04\x14\0\0\0\x08\0\0\0\0\0".as_slice();
    let docx = [zip, &[0; 16], b"[Content_Types].xml", &[0; 40], b"word/document.xml"].concat();
    let polyglot = [b"<html><script>alert(1)</script>\n".as_slice(), PDF].concat();
    let zip_then_pdf = [zip, &[0; 40], PDF].concat();
    let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".as_slice();
    let bomb = STANDARD.decode(ZEROS_GZ).unwrap().repeat(1_000);
    let html = b"<!DOCTYPE html><script>alert(1)</script>".as_slice();
    let svg = b"<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"alert(1)\"></svg>".as_slice();
    for (bytes, code) in [
        (b"".as_slice(), "empty"),
        (zip, "type_not_taken"),
        (&docx, "type_not_taken"),
        (&polyglot, "mislabelled"),
        (png, "mislabelled"),
        (&bomb, "type_not_taken"),
        (html, "type_not_taken"),
        (svg, "type_not_taken"),
        (b"just words", "type_not_taken"),
    ] {
        upload(provider, "bad", "application/pdf", bytes).refused(422, "invalid_input").at("", code);
    }
    upload(provider, "bad", "application/pdf", &zip_then_pdf).refused(422, "invalid_input");
    for media_type in ["application/zip", "text/html", "image/svg+xml", "application/octet-stream", "application/json"]
    {
        upload(provider, "bad", media_type, PDF).refused(415, "unsupported_media_type");
    }
    upload(provider, "bad", "image/jpeg", PDF).refused(422, "invalid_input").at("", "mislabelled");
    assert!(!scene.world.files.path().join("files").exists(), "nothing was kept");
    upload(provider, "good", "image/png", png).created();
}

#[test]
fn a_compressed_body_is_refused_and_never_unpacked() {
    let scene = TwoCounties::found();
    let provider = &scene.provider;
    let bomb = STANDARD.decode(ZEROS_GZ).unwrap().repeat(20_000);
    for coding in ["gzip", "deflate", "br", "zstd", "gzip, gzip"] {
        let headers = [("Content-Type", "application/pdf"), ("Content-Encoding", coding)];
        let answer = upload_as(&provider.user, &provider.id, ("a.pdf", "bomb"), &headers, &bomb);
        answer.refused(415, "unsupported_media_type");
    }
    let bearer = format!("Bearer {}", provider.user.token.as_ref().unwrap());
    let headers = [
        ("Authorization", bearer.as_str()),
        ("Idempotency-Key", "bomb"),
        ("Content-Type", "application/json"),
        ("Content-Encoding", "gzip"),
    ];
    let small = STANDARD.decode(ZEROS_GZ).unwrap();
    let path = format!("/v1/providers/{}/evidence", provider.id);
    provider.user.api.send("POST", &path, &headers, Some(&small)).unwrap().refused(415, "unsupported_media_type");
}

#[test]
fn a_file_has_at_most_ten_mebibytes_and_other_bodies_stay_small() {
    let scene = TwoCounties::found();
    let provider = &scene.provider;
    let mut largest = PDF.to_vec();
    largest.resize(FILE_BYTES_MAX, b' ');
    assert_eq!(upload(provider, "largest", "application/pdf", &largest).created()["size"], FILE_BYTES_MAX);
    largest.push(b' ');
    // Where the length is declared it is refused by its head; the connection may close before all was sent.
    let bearer = format!("Bearer {}", provider.user.token.as_ref().unwrap());
    let headers =
        [("Authorization", bearer.as_str()), ("Idempotency-Key", "over"), ("Content-Type", "application/pdf")];
    let path = format!("/v1/providers/{}/attachments?name=a.pdf", provider.id);
    match provider.user.api.send("POST", &path, &headers, Some(&largest)) {
        Ok(answer) => drop(answer.refused(413, "payload_too_large")),
        Err(error) => assert!(matches!(error, ureq::Error::Io(_)), "{error}"),
    }
    let long = json!({"kind": "other", "requirement": "own", "reference": "x".repeat(300 * 1024)});
    let answer = provider.user.post(&format!("/v1/providers/{}/evidence", provider.id), &long);
    answer.refused(413, "payload_too_large");
}

#[test]
fn a_name_with_folders_or_hidden_characters_is_refused() {
    let scene = TwoCounties::found();
    let provider = &scene.provider;
    for name in ["..%2Fa.pdf", "a%5Cb.pdf", "a%0Ab.pdf", "a%00.pdf", "..", "%E2%80%AEfdp.exe", "%20", &"x".repeat(201)]
    {
        let headers = [("Content-Type", "application/pdf")];
        let answer = upload_as(&provider.user, &provider.id, (name, "name"), &headers, PDF);
        answer.refused(422, "invalid_input");
    }
    let headers = [("Content-Type", "application/pdf")];
    let made = upload_as(&provider.user, &provider.id, ("Vakuutus%20%C3%A4.pdf", "name"), &headers, PDF).created();
    assert_eq!(made["name"], "Vakuutus ä.pdf");
}

#[test]
fn a_file_is_nobodys_but_the_providers_and_of_those_who_see_its_evidence() {
    let scene = TwoCounties::found();
    let (world, provider) = (&scene.world, &scene.provider);
    let file = upload(provider, "file", "application/pdf", PDF).created();
    let path = format!("/v1/attachments/{}", file["id"].as_str().unwrap());
    let stranger = Provider::register(world, 2, "Provider 2", "ngo");
    let headers = [("Content-Type", "application/pdf")];
    upload_as(&stranger.user, &provider.id, ("a.pdf", "theirs"), &headers, PDF).refused(404, "not_found");
    stranger.user.get(&path).refused(404, "not_found");
    scene.first.officer.get(&path).refused(404, "not_found");
    let foreign = json!({"kind": "trade_register", "reference": "x", "attachment": file["id"]});
    let theirs = stranger.user.post(&format!("/v1/providers/{}/evidence", stranger.id), &foreign);
    theirs.refused(404, "not_found").at("/attachment", "unknown");
    // A county that does not ask for what it shows does not get it; one that does, does.
    let hidden = json!({"kind": "tax_certificate", "reference": "x", "attachment": file["id"]});
    given(provider, &hidden);
    scene.first.officer.get(&path).refused(404, "not_found");
    let shown = json!({
        "kind": "other", "requirement": "liability_insurance", "reference": "Policy", "attachment": file["id"],
        "valid_until": world.today().to_string(),
    });
    let evidence = given(provider, &shown);
    for user in [&scene.first.officer, &scene.first.auditor, &scene.second.officer, &provider.user] {
        assert_eq!(user.get(&path).status, 200);
    }
    let seen = scene.first.officer.get(&format!("/v1/evidence/{evidence}")).ok();
    assert_eq!(seen["attachment"]["sha256"], file["sha256"]);
    stranger.user.get(&path).refused(404, "not_found");
    scene.first.case_worker.get(&path).refused(403, "forbidden");
    world.api.anyone().get(&path).refused(401, "unauthenticated");
    let of_records = json!({
        "kind": "criminal_record_check", "reference": "Checked", "issued_on": world.today().to_string(),
        "attachment": file["id"],
    });
    let kept = provider.user.post(&format!("/v1/providers/{}/evidence", provider.id), &of_records);
    kept.refused(422, "invalid_input").at("/attachment", "not_kept");
}

#[test]
fn a_file_that_was_handed_in_by_mistake_goes_as_long_as_nothing_names_it() {
    let scene = TwoCounties::found();
    let provider = &scene.provider;
    let folder = scene.world.files.path().join("files");
    let id = |key: &str| upload(provider, key, "application/pdf", PDF).created()["id"].as_str().unwrap().to_owned();
    let (mistaken, named) = (id("mistaken"), id("named"));
    let path = format!("/v1/attachments/{mistaken}");
    let delete = |user: &User, path: &str| user.send("DELETE", path, &[], None);
    let stranger = Provider::register(&scene.world, 2, "Provider 2", "ngo");
    delete(&stranger.user, &path).refused(404, "not_found");
    delete(&scene.first.officer, &path).refused(403, "forbidden");
    assert!(folder.join(&mistaken).exists());
    assert_eq!(delete(&provider.user, &path).status, 204);
    assert!(!folder.join(&mistaken).exists(), "its bytes are gone");
    provider.user.get(&path).refused(404, "not_found");
    delete(&provider.user, &path).refused(404, "not_found");
    // What was shown stays, even where the evidence has been taken back.
    let path = format!("/v1/attachments/{named}");
    let evidence = given(provider, &json!({"kind": "tax_certificate", "reference": "x", "attachment": named}));
    delete(&provider.user, &path).refused(409, "wrong_state");
    provider.user.post(&format!("/v1/evidence/{evidence}/withdraw"), &json!({})).ok();
    delete(&provider.user, &path).refused(409, "wrong_state");
    assert!(folder.join(&named).exists());
    assert_eq!(provider.user.get(&path).status, 200);
}

#[test]
fn of_one_who_takes_a_file_away_and_one_who_names_it_at_once_the_second_is_told() {
    let scene = TwoCounties::found();
    let provider = &scene.provider;
    for n in 0..20 {
        let file = upload(provider, &format!("file-{n}"), "application/pdf", PDF).created();
        let path = format!("/v1/attachments/{}", file["id"].as_str().unwrap());
        let naming = json!({"kind": "tax_certificate", "reference": "x", "attachment": file["id"]});
        let (gone, named) = thread::scope(|scope| {
            let naming = scope.spawn(|| give(provider, &naming));
            let gone = provider.user.send("DELETE", &path, &[], None);
            (gone, naming.join().unwrap())
        });
        if gone.status == 204 {
            named.refused(404, "not_found").at("/attachment", "unknown");
        } else {
            gone.refused(409, "wrong_state");
            named.created();
        }
    }
}

#[test]
fn a_file_that_is_damaged_or_gone_is_said_to_be_and_never_given() {
    let scene = TwoCounties::found();
    let provider = &scene.provider;
    let folder = scene.world.files.path().join("files");
    let id = |key: &str| {
        let file = upload(provider, key, "application/pdf", PDF).created();
        file["id"].as_str().unwrap().to_owned()
    };
    let (damaged, swapped, gone) = (id("damaged"), id("swapped"), id("gone"));
    let mut bytes = fs::read(folder.join(&damaged)).unwrap();
    fs::write(folder.join(&swapped), &bytes).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    fs::write(folder.join(&damaged), &bytes).unwrap();
    fs::remove_file(folder.join(&gone)).unwrap();
    for id in [&damaged, &swapped, &gone] {
        let problem = provider.user.get(&format!("/v1/attachments/{id}")).refused(500, "internal");
        assert!(problem.detail().contains("damaged or missing"), "{}", problem.detail());
    }
    // A place for files that cannot be read is told apart from a file that is gone: the next try may go well.
    fs::remove_dir_all(&folder).unwrap();
    fs::write(&folder, b"no folder").unwrap();
    provider.user.get(&format!("/v1/attachments/{gone}")).refused(503, "unavailable");
    let unkept = upload(provider, "unkept", "application/pdf", PDF).refused(503, "unavailable");
    assert!(unkept.detail().contains("nothing was stored"), "{}", unkept.detail());
}
