//! What the suites share: a running service, the callers of it, and a county set up over HTTP. Asserts nothing about
//! the service but that the calls it makes for a test succeed.

mod actors;
mod api;
mod county;
mod dice;
mod figures;
pub(crate) mod foreign;
mod recorded;
mod world;

pub(crate) use actors::{Provider, Resident};
pub(crate) use api::{Answer, Api, Problem, User, id_of, new_key};
pub(crate) use county::{County, VoucherType};
pub(crate) use dice::{Dice, setting};
pub(crate) use figures::{
    assistance_terms, cleaning_terms, home_care_terms, identity_code, localized, oid, price, public_price, terms_with,
};
pub(crate) use world::{AUDIENCE, ISSUER, Site, World, calling_this_machine, served_at};
