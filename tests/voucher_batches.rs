//! Vouchers that are asked for many at once: what becomes of their rows, of batches that are sent again, and of those that are
//! interrupted.

use std::io::Write as _;
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use valinta_domain::policy::Role;
use valinta_persistence::testing::faults::Death;

use crate::support::{Answer, County, Provider, Resident, User, VoucherType, World, id_of, new_key};

/// How long a batch is waited for.
const WAIT_MAX: Duration = Duration::from_secs(60);

struct Scene {
    world: World,
    county: County,
    home_care: VoucherType,
    clients: Vec<Resident>,
}

impl Scene {
    fn new(clients: usize) -> Self {
        let world = World::start();
        let county = County::found(&world);
        let home_care = county.home_care();
        let clients = (0..clients).map(|_| county.client()).collect();
        Self { world, county, home_care, clients }
    }

    fn row(&self, client: usize, reference: &str) -> Value {
        let mut row = self.county.voucher_request(&self.clients[client], &self.home_care, "20", "1650.00");
        row.as_object_mut().unwrap().remove("duplicate");
        row["reference"] = json!(reference);
        row
    }

    fn rows(&self) -> Vec<Value> {
        (0..self.clients.len()).map(|n| self.row(n, &format!("r-{n}"))).collect()
    }

    fn send(&self, query: &str, key: &str, rows: &[Value]) -> Answer {
        let body = json!({"rows": rows});
        self.county.case_worker.post_keyed(&format!("/v1/voucher-batches?{query}"), key, &body)
    }

    /// Sends a batch and waits until it has ended.
    fn batch(&self, query: &str, rows: &[Value]) -> (Value, Vec<Value>) {
        self.ended(&id_of(&self.send(query, &new_key(), rows).of_status(202)))
    }

    fn ended(&self, id: &str) -> (Value, Vec<Value>) {
        let began = Instant::now();
        loop {
            let batch = self.county.case_worker.get(&format!("/v1/voucher-batches/{id}")).ok();
            if batch["state"] != "running" {
                let rows = self.county.case_worker.get(&format!("/v1/voucher-batches/{id}/rows")).ok();
                return (batch, rows["items"].as_array().unwrap().clone());
            }
            assert!(began.elapsed() < WAIT_MAX, "{batch}");
            thread::sleep(Duration::from_millis(20));
        }
    }

    fn vouchers(&self) -> Vec<Value> {
        self.county.case_worker.get("/v1/vouchers?limit=100").ok()["items"].as_array().unwrap().clone()
    }

    fn csv(&self, key: &str, content_type: &str, body: &str) -> Answer {
        let headers = [("Idempotency-Key", key), ("Content-Type", content_type)];
        self.county.case_worker.send("POST", "/v1/voucher-batches?mode=per_row", &headers, Some(body))
    }
}

fn outcomes(rows: &[Value]) -> Vec<&str> {
    rows.iter().map(|row| row["outcome"].as_str().unwrap()).collect()
}

fn errors(row: &Value) -> Vec<(&str, &str)> {
    let errors = row["problem"]["errors"].as_array().unwrap_or_else(|| panic!("no errors: {row}"));
    errors.iter().map(|error| (error["pointer"].as_str().unwrap(), error["code"].as_str().unwrap())).collect()
}

#[test]
fn a_batch_is_issued_once_however_often_it_is_sent() {
    let scene = Scene::new(3);
    let rows = scene.rows();
    let begun = scene.send("", "one", &rows).of_status(202);
    assert_eq!(
        (&begun["mode"], &begun["rows"], &begun["dry_run"]),
        (&json!("all_or_nothing"), &json!(3), &json!(false))
    );
    let (batch, became) = scene.ended(&id_of(&begun));
    assert_eq!((&batch["state"], &batch["issued"], &batch["refused"]), (&json!("done"), &json!(3), &json!(0)));
    assert_eq!(outcomes(&became), ["issued"; 3]);
    for (row, n) in became.iter().zip(0..) {
        assert_eq!((&row["row"], &row["reference"]), (&json!(n), &json!(format!("r-{n}"))));
        let voucher = scene.county.case_worker.get(&format!("/v1/vouchers/{}", row["voucher"].as_str().unwrap())).ok();
        assert_eq!((&voucher["status"], &voucher["client"]), (&json!("offered"), &rows[n]["client"]));
        let decision = format!("/v1/decisions/{}", row["decision"].as_str().unwrap());
        assert_eq!(scene.county.case_worker.get(&decision).ok()["outcome"], "granted");
    }

    assert_eq!(id_of(&scene.send("", "one", &rows).of_status(202)), id_of(&begun), "the same key is the same batch");
    scene.send("", "one", &rows[..2]).refused(422, "idempotency_key_reused");
    let (again, repeated) = scene.batch("mode=per_row", &rows);
    assert_eq!((&again["repeated"], &again["issued"]), (&json!(3), &json!(0)));
    assert_eq!(repeated[1]["voucher"], became[1]["voucher"]);
    let mut other = rows.clone();
    other[1]["quantity"] = json!("21");
    let (_, became) = scene.batch("mode=per_row", &other);
    assert_eq!(outcomes(&became), ["repeated", "refused", "repeated"]);
    assert_eq!(errors(&became[1]), [("/rows/1/reference", "other_content")]);

    // Alone it is known by its reference as well.
    let alone = scene.county.case_worker.post("/v1/vouchers", &rows[0]).ok();
    assert_eq!(alone["voucher"]["id"], again_voucher(&repeated[0]));
    scene
        .county
        .case_worker
        .post("/v1/vouchers", &other[1])
        .refused(409, "duplicate")
        .at("/reference", "other_content");
    assert_eq!(scene.vouchers().len(), 3);
    scene.world.ledger_balances();
    scene.world.audit_rows();
}

fn again_voucher(row: &Value) -> Value {
    row["voucher"].clone()
}

#[test]
fn rows_that_are_refused_are_left_out_or_keep_all_back_as_it_was_asked() {
    let scene = Scene::new(4);
    let mut rows = scene.rows();
    rows[1]["quantity"] = json!("0");
    rows[2]["client"] = json!(scene.world.unknown_id());
    rows[3].as_object_mut().unwrap().remove("reference");

    let (refused, became) = scene.batch("mode=all_or_nothing", &rows);
    assert_eq!((&refused["state"], &refused["refused"], &refused["issued"]), (&json!("refused"), &json!(3), &json!(0)));
    assert_eq!(became.iter().map(|row| row["row"].as_u64().unwrap()).collect::<Vec<_>>(), [1, 2, 3]);
    assert!(scene.vouchers().is_empty(), "all or nothing");

    let (tried, became) = scene.batch("mode=per_row&dry_run=true", &rows);
    assert_eq!((&tried["state"], &tried["issued"], &tried["refused"]), (&json!("done"), &json!(1), &json!(3)));
    assert_eq!(outcomes(&became), ["issued", "refused", "refused", "refused"]);
    assert!(became[0].get("voucher").is_none() && became[0].get("decision").is_none(), "{}", became[0]);
    assert!(scene.vouchers().is_empty(), "what is tried is not stored");

    let (_, became) = scene.batch("mode=per_row", &rows);
    assert_eq!(outcomes(&became), ["issued", "refused", "refused", "refused"]);
    assert_eq!(errors(&became[1])[0].0, "/rows/1/quantity");
    assert_eq!(errors(&became[2]), [("/rows/2/client", "unknown")]);
    assert_eq!(errors(&became[3]), [("/rows/3/reference", "missing_field")]);
    assert_eq!(scene.vouchers().len(), 1);
    scene.world.ledger_balances();
}

#[test]
fn one_voucher_is_not_issued_twice_unless_it_is_said_that_it_shall_be() {
    let scene = Scene::new(2);
    let first = scene.county.case_worker.post("/v1/vouchers", &scene.row(0, "first")).created();
    let other = first["voucher"]["id"].as_str().unwrap();
    scene
        .county
        .case_worker
        .post("/v1/vouchers", &scene.row(0, "second"))
        .refused(409, "duplicate")
        .at("/duplicate", "duplicate");
    let rows = [scene.row(0, "a"), scene.row(1, "b"), scene.row(1, "c"), scene.row(1, "b")];
    let (_, became) = scene.batch("mode=per_row", &rows);
    assert_eq!(outcomes(&became), ["refused", "issued", "refused", "refused"]);
    assert_eq!(errors(&became[0]), [("/rows/0/duplicate", "duplicate")]);
    assert!(became[0]["problem"]["errors"][0]["detail"].as_str().unwrap().contains(other));
    assert_eq!(errors(&became[2]), [("/rows/2/duplicate", "duplicate")]);
    assert_eq!(errors(&became[3]), [("/rows/3/reference", "duplicate")]);

    let mut said = scene.row(0, "a");
    said["duplicate"] = json!(true);
    let (_, became) = scene.batch("", &[said]);
    assert_eq!(outcomes(&became), ["issued"]);
    // One that was cancelled is none any more.
    let cancel = json!({"reasons": {"fi": "Virhe", "sv": "Fel", "en": "A mistake"}});
    for voucher in scene.vouchers().iter().filter(|voucher| voucher["client"] == scene.row(1, "")["client"]) {
        scene.county.case_worker.post(&format!("/v1/vouchers/{}/cancel", id_of(voucher)), &cancel).ok();
    }
    assert_eq!(outcomes(&scene.batch("", &[scene.row(1, "d")]).1), ["issued"]);
    assert_eq!(scene.vouchers().len(), 4);
}

#[test]
fn a_file_says_the_same_and_gives_the_same_back() {
    let scene = Scene::new(3);
    let client = |n: usize| scene.row(n, "")["client"].as_str().unwrap().to_owned();
    let (from, until) = (scene.row(0, "")["valid_from"].clone(), scene.row(0, "")["valid_until"].clone());
    let line = |n: usize, reference: &str, quantity: &str| {
        let (from, until) = (from.as_str().unwrap(), until.as_str().unwrap());
        format!("{reference};{};{};{quantity};{from};{until};1650.00;1\r\n", client(n), scene.home_care.id)
    };
    let head = "reference;client;voucher_type;quantity;valid_from;valid_until;facts.gross_income_per_month;\
                facts.household_size\r\n";
    let file = [head.to_owned(), line(0, "f-0", "20"), line(1, "f-1", "-1"), line(2, "f-2", "20")].concat();
    let (batch, became) = scene.ended(&id_of(&scene.csv("file", "text/csv", &file).of_status(202)));
    assert_eq!(outcomes(&became), ["issued", "refused", "issued"], "{batch}");
    assert_eq!(errors(&became[1])[0].0, "/rows/1/quantity");
    let place = format!("/v1/voucher-batches/{}/rows", id_of(&batch));
    let listed = scene.county.case_worker.send("GET", &place, &[("Accept", "text/csv")], None);
    let lines: Vec<&str> = listed.text.lines().collect();
    assert_eq!((listed.status, lines[0]), (200, "row,reference,outcome,decision,voucher,problem"));
    assert!(lines[1].starts_with("0,f-0,issued,") && lines[2].starts_with("1,f-1,refused,,,"), "{}", listed.text);

    let unknown = "reference,colour\nf-9,red\n".to_owned();
    let (_, became) = scene.ended(&id_of(&scene.csv("unknown", "text/csv", &unknown).of_status(202)));
    assert_eq!(errors(&became[0])[0], ("/rows/0/colour", "unknown_field"));
    for (content_type, body, status, slug) in [
        ("application/vnd.ms-excel", file.as_str(), 415, "unsupported_media_type"),
        ("text/csv", "", 422, "invalid_input"),
        ("text/csv", "reference,reference\na,b", 422, "invalid_input"),
        ("application/json", file.as_str(), 400, "malformed_json"),
        ("application/json", "{\"rows\": []}", 422, "invalid_input"),
        ("application/json", "{\"rows\": 1}", 422, "invalid_input"),
    ] {
        scene.csv(&new_key(), content_type, body).refused(status, slug);
    }
    let many = json!({"rows": vec![json!({}); 10_001]}).to_string();
    scene.csv(&new_key(), "application/json", &many).refused(422, "invalid_input").at("/rows", "length");
    const BYTES_MAX: usize = 8 * 1024 * 1024;
    let padded = |bytes: usize| format!("{{\"rows\": [1]{}}}", " ".repeat(bytes - "{\"rows\": [1]}".len()));
    scene.csv(&new_key(), "application/json", &padded(BYTES_MAX)).of_status(202);
    scene.csv(&new_key(), "application/json", &padded(BYTES_MAX + 1)).refused(413, "payload_too_large");
    assert_eq!(scene.vouchers().len(), 2);
}

#[test]
fn a_batch_that_is_interrupted_goes_on_and_issues_nothing_twice() {
    for survives in 0..4 {
        let mut scene = Scene::new(5);
        let rows = scene.rows();
        scene.world.faults.arm(Death::AfterCommit, survives);
        let _ = scene.county.case_worker.try_post("/v1/voucher-batches?mode=per_row", "one", &json!({"rows": rows}));
        let began = Instant::now();
        while !scene.world.faults.is_dead() && began.elapsed() < Duration::from_secs(2) {
            thread::sleep(Duration::from_millis(5));
        }
        scene.world.restart();
        let subject = "case-worker-0";
        scene.county.case_worker = scene.world.user(Role::CaseWorker, subject, Some(&scene.county.id), None);
        let (batch, became) = scene.ended(&id_of(&scene.send("mode=per_row", "one", &rows).of_status(202)));
        assert_eq!((&batch["state"], outcomes(&became)), (&json!("done"), vec!["issued"; 5]), "{survives}");
        assert_eq!(scene.vouchers().len(), 5, "{survives}");
        scene.world.ledger_balances();
    }
}

#[test]
fn of_a_batch_that_does_not_arrive_whole_nothing_is_issued_and_the_same_key_is_good() {
    let scene = Scene::new(2);
    let body = json!({"rows": scene.rows()}).to_string();
    let address = scene.world.api.address().to_owned();
    let head = format!(
        "POST /v1/voucher-batches HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {}\r\nIdempotency-Key: one\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        scene.county.case_worker.token.as_deref().unwrap(),
        body.len()
    );
    let mut half = TcpStream::connect(&address).unwrap();
    half.write_all(head.as_bytes()).unwrap();
    half.write_all(&body.as_bytes()[..body.len() / 2]).unwrap();
    drop(half);
    thread::sleep(Duration::from_millis(100));
    assert!(scene.vouchers().is_empty());
    let listed = scene.county.case_worker.get("/v1/voucher-batches").ok();
    assert_eq!(listed["items"], json!([]));
    let sent = scene.county.case_worker.post_keyed("/v1/voucher-batches", "one", &json!({"rows": scene.rows()}));
    assert_eq!(outcomes(&scene.ended(&id_of(&sent.of_status(202))).1), ["issued", "issued"]);
}

#[test]
fn of_many_who_ask_for_one_client_at_once_one_gets_a_voucher() {
    const AT_ONCE: usize = 16;
    let scene = Scene::new(1);
    let barrier = std::sync::Barrier::new(AT_ONCE);
    let ask = |n: usize| {
        let row = scene.row(0, &format!("at-once-{n}"));
        barrier.wait();
        scene.county.case_worker.post("/v1/vouchers", &row)
    };
    let answers: Vec<Answer> = thread::scope(|scope| {
        let asking: Vec<_> = (0..AT_ONCE)
            .map(|n| {
                scope.spawn({
                    let ask = &ask;
                    move || ask(n)
                })
            })
            .collect();
        asking.into_iter().map(|one| one.join().unwrap()).collect()
    });
    let (issued, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 201);
    assert_eq!((issued.len(), scene.vouchers().len()), (1, 1));
    for answer in refused {
        answer.refused(409, "duplicate").at("/duplicate", "duplicate");
    }
}

#[test]
fn a_batch_is_the_countys_own() {
    let scene = Scene::new(1);
    let (batch, _) = scene.batch("", &scene.rows());
    let other = County::found_as(&scene.world, 1, &[("743", "Seinäjoki", "Seinäjoki")]);
    let provider = Provider::register(&scene.world, 1, "Provider 1", "company");
    let places =
        [format!("/v1/voucher-batches/{}", id_of(&batch)), format!("/v1/voucher-batches/{}/rows", id_of(&batch))];
    for place in &places {
        other.case_worker.get(place).refused(404, "not_found");
        provider.user.get(place).refused(404, "not_found");
        scene.county.auditor.get(place).ok();
    }
    assert_eq!(other.case_worker.get("/v1/voucher-batches").ok()["items"], json!([]));
    let rows = scene.rows();
    let post = |user: &User| user.post("/v1/voucher-batches", &json!({"rows": rows}));
    post(&scene.county.auditor).refused(403, "forbidden");
    // Another county's client is none of its own.
    let begun = post(&other.case_worker).of_status(202);
    let began = Instant::now();
    let place = format!("/v1/voucher-batches/{}", id_of(&begun));
    while other.case_worker.get(&place).ok()["state"] == "running" && began.elapsed() < WAIT_MAX {
        thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(other.case_worker.get(&place).ok()["state"], "refused");
}
