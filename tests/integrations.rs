//! The small integrations of `examples/`, each with the client that its language's generator makes of the document: they issue a
//! voucher, hear that it was chosen, and read the statement of the month.

use std::io::{BufRead, BufReader, Lines};
use std::process::{Child, ChildStdout, Command, Stdio};

use serde_json::{Value, json};
use valinta_domain::policy::Role;
use valinta_service::clock::Clock;
use valinta_service::deadlines::run_once;

use crate::support::foreign::{Foreign, of_packages};
use crate::support::{County, Provider, Resident, World, home_care_terms, id_of, price};

/// Of the range for tests.
const IDENTITY_CODE: &str = "130541-921P";

const TYPESCRIPT: Foreign = Foreign {
    folder: "examples/typescript",
    files: &["package.json", "package-lock.json", "tsconfig.json", "integration.ts"],
    besides: &["openapi/valinta.json"],
};
const PYTHON: Foreign = Foreign {
    folder: "examples/python",
    files: &["requirements.txt", "integration.py"],
    besides: &["openapi/valinta.json", "contract/python/generator.yaml"],
};
/// As `examples/README.md` says it.
const GENERATE: &[&str] = &[
    "openapi-python-client",
    "generate",
    "--meta",
    "none",
    "--overwrite",
    "--fail-on-warning",
    "--output-path",
    "valinta_client",
    "--config",
    "../../contract/python/generator.yaml",
    "--path",
    "../../openapi/valinta.json",
];

#[test]
fn the_integration_in_typescript_goes_all_the_way() {
    let Some(at) = TYPESCRIPT.of_node(true) else {
        println!("SKIPPED: there is no node or no npm here, and so not the integration in TypeScript");
        return;
    };
    goes_all_the_way(|| {
        let mut command = Command::new("node");
        command.arg("built/integration.js").current_dir(&at);
        command
    });
}

#[test]
fn the_integration_in_python_goes_all_the_way() {
    let Some(at) = PYTHON.of_python(GENERATE) else {
        println!("SKIPPED: there is no python3 with venv here, and so not the integration in Python");
        return;
    };
    goes_all_the_way(|| {
        let mut command = of_packages(&at, "python");
        command.arg("integration.py");
        command
    });
}

/// A program of the county's, by its id and a secret.
struct Program {
    id: String,
    secret: String,
}

impl Program {
    fn register(world: &World, county: &County, role: Role, scopes: &[&str]) -> Self {
        let body = json!({"name": "An integration", "organiser": county.id, "role": role, "scopes": scopes});
        let id = id_of(&world.operator().post("/v1/machine-clients", &body).created());
        let credentials = format!("/v1/machine-clients/{id}/credentials");
        let made = world.operator().post(&credentials, &json!({"secret_days": 90})).created();
        Self { id, secret: made["secret"].as_str().unwrap().to_owned() }
    }

    fn run(&self, world: &World, command: &mut Command, arguments: &[&str]) -> Running {
        let mut child = command
            .args(arguments)
            .env("API_URL", format!("http://{}", world.api.address()))
            .env("CLIENT_ID", &self.id)
            .env("CLIENT_SECRET", &self.secret)
            .env_remove("LISTEN_PORT")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Running { child, lines }
    }
}

/// The process. It ends with this.
struct Running {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Running {
    /// What it says next, after this word.
    fn says(&mut self, word: &str) -> String {
        let line = self.lines.next().unwrap_or_else(|| panic!("it ends before it says {word}")).unwrap();
        line.strip_prefix(word).unwrap_or_else(|| panic!("{word}: {line}")).trim().to_owned()
    }

    /// What it has still to say, until it ends well.
    fn ends(mut self) -> Vec<String> {
        let rest = self.lines.by_ref().collect::<Result<_, _>>().unwrap();
        assert!(self.child.wait().unwrap().success());
        rest
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn goes_all_the_way(command: impl Fn() -> Command) {
    let mut world = World::start();
    world.restart();
    // Verifiers believe what is signed now, by the real clock.
    world.clock.set(Clock::system().now());
    let mut county = County::found(&world);
    let care = county.publish("home-care", "hour", &home_care_terms());
    let (provider, offering) = Provider::approved(&county, 1, "company", &care, &price("36.00"));
    let terms = json!({"payment_days": 14, "iban": "FI21 1234 5600 0007 85", "buyer_reference": "4711"});
    let settings = json!({"valid_from": world.today().to_string(), "terms": terms});
    county.finance.post("/v1/settlement-settings", &settings).created();
    let work = ["clients:write", "vouchers:write", "vouchers:read", "webhooks:write"];
    let worker = Program::register(&world, &county, Role::CaseWorker, &work);
    let finance = Program::register(&world, &county, Role::Finance, &["statements:read"]);
    let app = world.apps.last().unwrap();
    run_once(app).unwrap();

    let mut issuing = worker.run(&world, &mut command(), &["issue", IDENTITY_CODE, "home-care"]);
    let voucher = issuing.says("issued");
    let resident = resident(&world, &county);
    resident.accept(&voucher);
    resident.choose(&voucher, &offering).ok();
    run_once(app).unwrap();
    assert_eq!(issuing.says("chosen"), provider.id);
    assert_eq!(issuing.ends(), [""; 0]);
    assert_eq!(county.case_worker.get("/v1/webhooks").ok()["items"], json!([]), "it tidies up");
    provider.record(&voucher, "2").created();

    let (today, month) = (world.today(), world.today().first_of_month());
    world.set_day(month.plus_days(35));
    county.renew_tokens();
    let begun = county.finance.post("/v1/settlements", &json!({"month": month})).of_status(202);
    run_once(app).unwrap();
    let settlement = county.finance.get(&format!("/v1/settlements/{}", id_of(&begun))).ok();
    assert_eq!(settlement["state"], "frozen");
    let mut reading = finance.run(&world, &mut command(), &["statements", &month.to_string()]);
    let statement = reading.says("statement");
    let Some((number, sums)) = statement.split_once(' ') else { panic!("{statement}") };
    assert!(number.starts_with(&month.to_string()[..4]), "{statement}");
    // Two hours at the voucher's value of 28.45.
    assert_eq!(sums, format!("{} 56.90 EUR", provider.id));
    assert_eq!(reading.ends(), [format!("line {today} 2 56.90")]);
}

/// Whom the integration has registered.
fn resident(world: &World, county: &County) -> Resident {
    let asked = json!({"personal_identity_code": IDENTITY_CODE});
    let client: Value = county.case_worker.post("/v1/clients/lookup", &asked).ok();
    let person = client["person"].as_str().unwrap().to_owned();
    let user = world.user(Role::Resident, "kaarlo", None, Some(&person));
    Resident { user, client: id_of(&client), person, identity_code: IDENTITY_CODE.to_owned(), name: String::new() }
}
