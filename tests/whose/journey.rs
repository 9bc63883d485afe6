//! The journey whose objects the table is about: all of it is one county's, one provider's and one resident's.

use serde_json::{Value, json};
use valinta_domain::delivery::{Channel, DeliveryKind};
use valinta_domain::id::kind;
use valinta_domain::policy::Role;
use valinta_domain::{Amount, Id};
use valinta_persistence::Conn;
use valinta_persistence::deliveries::{self, NewDelivery};
use valinta_persistence::statements::{self, Made};

use super::machines;
use crate::support::{
    Answer, County, Provider, Resident, User, VoucherType, World, home_care_terms, id_of, localized, price,
};

/// The ids of what came of it.
pub(super) struct Journey {
    pub(super) home_care: VoucherType,
    pub(super) voucher: Value,
    /// Vouchers that the county has asked for at once.
    pub(super) voucher_batch: String,
    /// The case workers' system is called there.
    pub(super) webhook: String,
    pub(super) offering: String,
    pub(super) unit: String,
    pub(super) application: String,
    pub(super) service_event: String,
    pub(super) event_draft: String,
    pub(super) information: String,
    pub(super) grant_decision: String,
    pub(super) application_decision: String,
    pub(super) client: String,
    pub(super) identity_code: String,
    pub(super) provider: String,
    /// The approval of the unit that the resident chose.
    pub(super) approval: String,
    /// The approval of another unit of the provider's.
    pub(super) supervised: String,
    /// A measure on that which is being heard.
    pub(super) measure: String,
    pub(super) finding: String,
    /// Evidence with a file, which nobody has looked at.
    pub(super) evidence: String,
    pub(super) attachment: String,
    /// A change of the name, and one of the account, that wait.
    pub(super) name_change: String,
    pub(super) iban_change: String,
    pub(super) draft_application: String,
    /// An application that waits for a decision.
    pub(super) waiting_application: String,
    /// A mandate for the client that somebody holds who takes no part.
    pub(super) mandate: String,
    /// A list of choices that the resident was shown.
    pub(super) shown_list: String,
    /// A request of the resident's to the provider, for another voucher type, that waits.
    pub(super) choice_request: String,
    /// A month that the county has settled.
    pub(super) settlement: String,
    /// What the provider is paid for it.
    pub(super) statement: String,
    /// Its invoice, which waits to be handed over.
    pub(super) delivery: String,
    /// The county itself.
    pub(super) county: String,
    /// A program of the provider's, and by what it proves who it is.
    pub(super) program: (String, String),
    /// One of the county's.
    pub(super) county_program: (String, String),
}

/// Who takes part in it, and who does not.
pub(super) struct People {
    /// Who runs the installation.
    pub(super) operator: User,
    pub(super) county: County,
    /// A county that knows nobody of the journey.
    pub(super) other_county: County,
    /// A county that the journey's provider has applied to as well.
    pub(super) knowing_county: County,
    pub(super) provider: Provider,
    pub(super) clerk: User,
    pub(super) worker: User,
    /// A provider of the same county that is approved for the same.
    pub(super) other_provider: Provider,
    pub(super) resident: Resident,
    /// A resident of the same county with a voucher of the same type, who has not chosen.
    pub(super) other_resident: Resident,
    /// One who acts for the resident by a mandate.
    pub(super) representative: Resident,
    /// One whose token carries a mandate for the resident, and who is nobody here.
    pub(super) portal_user: User,
}

const FILE: &str = "%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n";

/// Hands in a file under an idempotency key.
pub(super) fn hand_in(user: &User, provider: &str, key: &str) -> Answer {
    let headers = [("Content-Type", "application/pdf"), ("Idempotency-Key", key)];
    user.send("POST", &format!("/v1/providers/{provider}/attachments?name=policy.pdf"), &headers, Some(FILE))
}

/// Walks it from the county's foundation to the day on which all of it can be looked at.
pub(super) fn walk(world: &World) -> (Journey, People) {
    let county = County::found(world);
    let other_county = County::found_as(world, 1, &[("743", "Seinäjoki", "Seinäjoki")]);
    let knowing_county = County::found_as(world, 2, &[("079", "Harjavalta", "Harjavalta")]);
    let home_care = county.home_care();
    let provider = Provider::register(&county.site, 1, "Provider 1", "company");
    let unit = provider.unit();
    let application = provider.apply(&unit, &home_care);
    let decided = county.decide(&application, "approved").ok();
    let offering = id_of(&provider.offer(&unit, &home_care, &price("36.00")).created());
    let resident = county.client();
    let voucher = county.chosen_voucher(&resident, &home_care, "20", &offering);
    let id = voucher["id"].as_str().unwrap();
    let recorded = provider.record(id, "1").created();
    let told = resident.user.post(&format!("/v1/vouchers/{id}/information"), &json!({"language": "sv"})).created();
    let approvals = provider.user.get("/v1/approvals").ok();
    let approval = id_of(&approvals["items"][0]);

    provider.apply(&unit, &knowing_county.home_care());
    let supervised = provider.apply(&provider.unit(), &home_care);
    county.decide(&supervised, "approved").ok();
    let approvals = provider.user.get("/v1/approvals").ok();
    let supervised = approvals["items"].as_array().unwrap().iter().map(id_of).find(|id| *id != approval).unwrap();
    let (attachment, evidence) = evidence(&provider);
    let waiting_application = provider.apply(&provider.unit(), &home_care);
    let draft_application = provider.draft_application(&provider.unit(), &home_care);
    let choice_request = choice_request(&county, &provider, &resident, &unit);

    resident.user.get(&format!("/v1/vouchers/{id}/choices")).ok();
    let shown_list = id_of(&county.auditor.get(&format!("/v1/vouchers/{id}/shown-lists")).ok()["items"][0]);
    let representative = county.client();
    mandate(&county, &resident.client, &representative.identity_code, "vouchers");
    let (settlement, statement) = settle(world, &county, &provider);
    let asked = county.case_worker.post("/v1/voucher-batches?dry_run=true", &json!({"rows": [{}]}));
    let journey = Journey {
        voucher_batch: id_of(&asked.of_status(202)),
        webhook: machines::webhook(&county.case_worker),
        program: machines::of_provider(&provider),
        county_program: machines::of_county(world, &county.id),
        county: county.id.clone(),
        delivery: delivery(world, &county, &statement),
        settlement,
        statement,
        mandate: mandate(&county, &resident.client, &county.client().identity_code, "vouchers_read"),
        service_event: id_of(&recorded["event"]),
        event_draft: id_of(&provider.user.post("/v1/service-event-drafts", &json!({"worker": "w-1"})).created()),
        information: id_of(&told),
        grant_decision: voucher["decision"].as_str().unwrap().to_owned(),
        application_decision: decided["decision"].as_str().unwrap().to_owned(),
        client: resident.client.clone(),
        identity_code: resident.identity_code.clone(),
        provider: provider.id.clone(),
        measure: measure(&county, &supervised),
        supervised,
        finding: finding(&county, &provider),
        name_change: change(&provider, "name", "Provider One"),
        iban_change: change(&provider, "iban", "FI21 1234 5600 0007 85"),
        home_care,
        voucher,
        offering,
        unit,
        application,
        approval,
        evidence,
        attachment,
        draft_application,
        waiting_application,
        choice_request,
        shown_list,
    };
    // The other provider serves the same voucher type; the other resident holds such a voucher, unchosen.
    let (other_provider, _) = Provider::approved(&county, 2, "ngo", &journey.home_care, &price("30.00"));
    let other_resident = county.client();
    county.issue(&other_resident, &journey.home_care, "20");
    adopt_lower_ceiling(&county, &journey.home_care);
    let (clerk, worker) = (member(&provider, "clerk"), member(&provider, "worker"));
    // Someone who only stands on the list of members.
    member(&provider, "leaving");
    let people = People {
        portal_user: portal_user(world, &resident),
        operator: world.operator(),
        county,
        other_county,
        knowing_county,
        provider,
        clerk,
        worker,
        other_provider,
        resident,
        other_resident,
        representative,
    };
    (journey, people)
}

/// Settles the month before, of which nothing is due, and puts a statement of it beside.
fn settle(world: &World, county: &County, provider: &Provider) -> (String, String) {
    let terms = json!({"payment_days": 14, "iban": "FI2112345600000785", "buyer_reference": "4711"});
    let body = json!({"valid_from": world.today().to_string(), "terms": terms});
    county.finance.post("/v1/settlement-settings", &body).created();
    let month = world.today().first_of_month().plus_days(-1).first_of_month();
    let settlement = id_of(&county.finance.post("/v1/settlements", &json!({"month": month})).of_status(202));
    valinta_service::deadlines::run_once(&world.apps[0]).unwrap();
    let (id, organiser, payee) = (
        "019fffff-0000-7000-8000-0000000000aa".parse::<Id<kind::Statement>>().unwrap(),
        county.id.parse().unwrap(),
        provider.id.parse().unwrap(),
    );
    let (of, at) = (settlement.parse().unwrap(), world.clock.now());
    let put = move |c: &mut Conn| {
        statements::open(c, id, (organiser, payee), (of, month), "valinta")?;
        let nothing = Amount::from_minor(0);
        let (carried_in, payable, carried_out) = (nothing, nothing, nothing);
        let made = Made { number: "202610-00001", carried_in, payable, carried_out, needs_approval: true, at };
        statements::make(c, id, &made)
    };
    world.db.as_ref().unwrap().write_blocking(put).unwrap();
    (settlement, id.to_string())
}

/// Has a statement's invoice wait to be handed over.
fn delivery(world: &World, county: &County, statement: &str) -> String {
    let id: Id<kind::Delivery> = "019fffff-0000-7000-8000-0000000000bb".parse().unwrap();
    let waiting = NewDelivery {
        id,
        organiser: county.id.parse().unwrap(),
        kind: DeliveryKind::Invoice,
        channel: Channel::Files,
        subject_kind: "statement".to_owned(),
        subject: statement.parse::<Id<kind::Statement>>().unwrap().uuid(),
        created_at: world.clock.now(),
    };
    world.db.as_ref().unwrap().write_blocking(move |c: &mut Conn| deliveries::add(c, &waiting)).unwrap();
    id.to_string()
}

/// Records that a person may act for a client.
fn mandate(county: &County, client: &str, identity_code: &str, scope: &str) -> String {
    let body = json!({
        "representative": {"personal_identity_code": identity_code, "name": "Testi Edustaja"},
        "scope": scope,
        "basis": "authorisation",
    });
    id_of(&county.case_worker.post(&format!("/v1/clients/{client}/mandates"), &body).created())
}

/// Acts for a resident by a mandate that the token carries.
fn portal_user(world: &World, resident: &Resident) -> User {
    let scopes: Vec<&str> = Role::Resident.scopes().into_iter().map(|scope| scope.code()).collect();
    world.bearer(&json!({
        "sub": "somebody-represented",
        "person_id": resident.person,
        "valinta_role": "resident",
        "scope": scopes.join(" "),
        "act": {"sub": "somebody-who-acts"},
        "mandate_scope": "vouchers",
        "mandate_exp": world.clock.now().utc().timestamp() + 86_400,
    }))
}

/// Adds a member that is called after what it is.
fn member(provider: &Provider, name: &str) -> User {
    let role = if name == "clerk" { "clerk" } else { "worker" };
    let body = json!({"subject": name, "role": role});
    provider.user.post(&format!("/v1/providers/{}/members", provider.id), &body).created();
    provider.site.user(Role::Provider, name, None, None)
}

/// A file, and evidence that it shows.
fn evidence(provider: &Provider) -> (String, String) {
    let attachment = id_of(&hand_in(&provider.user, &provider.id, "the-file").created());
    let body = json!({
        "kind": "other",
        "requirement": "liability_insurance",
        "reference": "Policy 2",
        "valid_until": provider.site.today().plus_days(10).to_string(),
        "attachment": attachment,
    });
    let given = provider.user.post(&format!("/v1/providers/{}/evidence", provider.id), &body).created();
    (attachment, id_of(&given))
}

/// Has the resident ask the unit for another service, of which a rulebook says that the provider answers.
fn choice_request(county: &County, provider: &Provider, resident: &Resident, unit: &str) -> String {
    let mut terms = home_care_terms();
    terms["choosing"] = json!({"answer_days": 7});
    let answered = county.publish("answered", "hour", &terms);
    let application = provider.apply(unit, &answered);
    county.decide(&application, "approved").ok();
    let offering = id_of(&provider.offer(unit, &answered, &price("36.00")).created());
    let voucher = id_of(&county.issue(resident, &answered, "20"));
    resident.accept(&voucher);
    id_of(&resident.choose(&voucher, &offering).ok()["choice_request"])
}

/// Opens the hearing of a notice.
fn measure(county: &County, approval: &str) -> String {
    let body = json!({"step": "notice", "grounds": "breach", "reasons": localized("As it was found")});
    id_of(&county.officer.post_seen(&format!("/v1/approvals/{approval}/measures"), "*", &body).created())
}

/// Adopts a version, to come, that does not allow the prices of today.
fn adopt_lower_ceiling(county: &County, home_care: &VoucherType) {
    let mut terms = home_care_terms();
    terms["price_ceiling"] = json!({"amount": "34.00"});
    county.adopt(&home_care.id, &terms, county.site.today().plus_days(40));
}

fn finding(county: &County, provider: &Provider) -> String {
    let body = json!({
        "provider": provider.id,
        "subject": "staff",
        "description": "Two of five shifts were short of staff",
        "deadline": county.site.today().plus_days(14).to_string(),
    });
    id_of(&county.officer.post("/v1/findings", &body).created())
}

/// Asks for a change that waits.
fn change(provider: &Provider, field: &str, value: &str) -> String {
    let body = json!({"field": field, "value": value});
    let asked = provider.user.post(&format!("/v1/providers/{}/changes", provider.id), &body).created();
    id_of(&asked["change"])
}
