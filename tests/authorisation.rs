//! What a token must carry, walked over every operation that the OpenAPI document declares.

use serde_json::Value;
use valinta_domain::policy::{Role, Scope};

use crate::support::{Answer, User, World};

/// The fewest operations that the service has; a document that lost some must not make these tests pass.
const OPERATIONS_MIN: usize = 31;

/// Operations that a role is refused although it can hold their scope, because the role has another door.
const OTHER_DOOR: &[(&str, Role)] =
    &[("list_vouchers", Role::Provider), ("list_vouchers", Role::Resident), ("list_my_vouchers", Role::CaseWorker)];

/// An operation as the document declares it.
struct Operation {
    name: String,
    method: String,
    /// The path with ids of nothing in it.
    path: String,
    /// The scope it wants; none for what is open to everyone.
    scope: Option<Scope>,
    takes_body: bool,
}

impl Operation {
    fn call(&self, user: &User) -> Answer {
        let body = self.takes_body.then_some("{}");
        user.send(&self.method, &self.path, &[("Idempotency-Key", "authorisation")], body)
    }
}

/// Every operation of the document that the service serves.
fn operations(world: &World) -> Vec<Operation> {
    let document = world.api.anyone().get("/v1/openapi.json").ok();
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let name = operation["operationId"].as_str().unwrap().to_owned();
            let security = operation["security"].as_array().unwrap_or_else(|| panic!("{name} declares no security"));
            let scope = match security.as_slice() {
                [] => None,
                [requirement] => {
                    let [scope] = requirement["bearer"].as_array().unwrap().as_slice() else {
                        panic!("{name}: {requirement}")
                    };
                    Some(Scope::from_code(scope.as_str().unwrap()).unwrap_or_else(|| panic!("{name}: {scope}")))
                }
                several => panic!("{name} has not one requirement: {several:?}"),
            };
            found.push(Operation {
                path: filled(world, path),
                method: method.to_uppercase(),
                scope,
                takes_body: operation.get("requestBody").is_some(),
                name,
            });
        }
    }
    assert!(found.len() >= OPERATIONS_MIN, "{} operations", found.len());
    found
}

fn filled(world: &World, path: &str) -> String {
    let parts = path.split('/').map(|part| if part.starts_with('{') { world.unknown_id() } else { part.to_owned() });
    parts.collect::<Vec<_>>().join("/")
}

/// A caller of the role with these scopes, who has nothing to do with anything here.
fn stranger(world: &World, role: Role, scopes: Vec<Scope>) -> User {
    let id = world.unknown_id();
    let organiser = role.is_county_staff().then_some(id.as_str());
    let person = (role == Role::Resident).then_some(id.as_str());
    world.user_with(role, "stranger", organiser, person, scopes)
}

fn challenge(answer: &Answer) -> &str {
    answer.header("www-authenticate").unwrap_or_default()
}

#[test]
fn without_a_token_every_operation_that_wants_a_scope_answers_401() {
    let world = World::start();
    for operation in operations(&world) {
        let answer = operation.call(&world.api.anyone());
        if operation.scope.is_some() {
            assert!(challenge(&answer).starts_with("Bearer "), "{}", operation.name);
            answer.refused(401, "unauthenticated");
        } else {
            assert!(![401, 403].contains(&answer.status), "{}: {}", operation.name, answer.text);
            assert!(answer.status < 500, "{}: {}", operation.name, answer.text);
        }
    }
}

/// A token that carries all that its role can hold but the one scope is good for no more than one with any of them.
#[test]
fn all_other_scopes_together_are_refused_403_whatever_role_holds_them() {
    let world = World::start();
    let mut refused = 0;
    for operation in operations(&world) {
        let Some(wanted) = operation.scope else { continue };
        for role in Role::ALL {
            let all_but_it: Vec<Scope> = role.scopes().into_iter().filter(|scope| *scope != wanted).collect();
            let answer = operation.call(&stranger(&world, role, all_but_it));
            assert!(
                challenge(&answer).contains(wanted.code()),
                "{} as {}: {}",
                operation.name,
                role.code(),
                answer.text
            );
            answer.refused(403, "forbidden");
            refused += 1;
        }
    }
    assert!(refused > 700, "{refused}");
}

#[test]
fn a_role_that_cannot_hold_the_scope_is_refused_even_if_its_token_names_it() {
    let world = World::start();
    for operation in operations(&world) {
        let Some(wanted) = operation.scope else { continue };
        for role in Role::ALL.into_iter().filter(|role| !wanted.roles().contains(role)) {
            operation.call(&stranger(&world, role, vec![wanted])).refused(403, "forbidden");
        }
    }
}

#[test]
fn exactly_the_declared_scope_lets_every_role_that_can_hold_it_through() {
    let world = World::start();
    for operation in operations(&world) {
        let Some(wanted) = operation.scope else { continue };
        for role in wanted.roles() {
            let answer = operation.call(&stranger(&world, *role, vec![wanted]));
            let told = format!("{} as {}: {} {}", operation.name, role.code(), answer.status, answer.text);
            assert!(answer.status != 401 && answer.status < 500, "{told}");
            assert!(challenge(&answer).is_empty(), "{told}");
            let other_door = OTHER_DOOR.contains(&(operation.name.as_str(), *role));
            assert_eq!(answer.status == 403, other_door, "{told}");
        }
    }
}

#[test]
fn the_token_is_looked_at_before_the_request() {
    let world = World::start();
    let anyone = world.api.anyone();
    anyone.send("POST", "/v1/vouchers", &[], Some("not json")).refused(401, "unauthenticated");
    anyone.send("GET", "/v1/vouchers/not-an-id", &[], None).refused(401, "unauthenticated");
    let huge = Value::String("x".repeat(300_000)).to_string();
    let resident = stranger(&world, Role::Resident, Role::Resident.scopes());
    let unread = resident.send("POST", "/v1/vouchers", &[("Idempotency-Key", "k")], Some(&huge));
    unread.refused(403, "forbidden");
}
