//! What the groups of operations are about, in one sentence each.

use utoipa::openapi::Tag;
use utoipa::openapi::tag::TagBuilder;

/// Every group and its sentence.
const GROUPS: &[(&str, &str)] = &[
    ("applications", "Providers apply for approval of their units, and counties decide."),
    (
        "approvals",
        "What counties have approved: which unit, for which voucher type, since when, and what interrupts it.",
    ),
    ("audit", "Who has done and read what, and lists of choices as they were shown."),
    ("bulk", "The registry as files: many rows in and all rows out."),
    ("changes", "What has changed in the registry, revision by revision, for whoever keeps a copy of it."),
    ("choices", "What can be chosen, and the choosing."),
    ("clients", "Those to whom vouchers are issued, and who may act for them."),
    ("decisions", "What has been decided, with grounds and figures."),
    ("deliveries", "What leaves the house: each document that was sent, tried or given up."),
    ("desk", "What waits for a county's officers, and until when."),
    ("estimates", "What a voucher would be worth and whether one is eligible; nothing is stored."),
    ("events", "What has happened, in one order, for whoever asks from where on."),
    ("evidence", "What shows that a requirement is met, with its files, and what the counties have found of it."),
    ("health", "Whether the process runs and can serve."),
    ("machine-clients", "Programs that call, and their keys and secrets."),
    ("me", "What residents see of their own: vouchers, and who has looked at their data."),
    ("offerings", "What units offer for a voucher type, and at which price."),
    ("operation", "How the service's own chores stand."),
    ("organisers", "The counties that pay, and the municipalities they serve."),
    (
        "providers",
        "Those who produce services: what is registered of them, their members, and changes that take two people.",
    ),
    ("rulebooks", "A voucher type's rules, version by version: drafted, proposed, adopted."),
    ("service-events", "What has been provided on vouchers, from the draft to the last correction."),
    ("service-units", "The places and teams that provide services."),
    ("settlements", "What counties owe providers, month by month, and the documents of it."),
    ("supervision", "What a county finds and asks of a provider, and what it decides."),
    ("tokens", "Tokens for programs, by OAuth 2.0."),
    ("value-rules", "Rules that make values, tried out on facts; nothing is stored."),
    ("voucher types", "The kinds of voucher that counties use."),
    ("vouchers", "Vouchers, from the decision to the end."),
    ("webhooks", "Addresses that are called when something happens, and what came of each call."),
];

/// A group with its sentence.
pub(super) fn group(name: &str) -> Tag {
    let about = GROUPS.iter().find(|(known, _)| *known == name).map(|(_, about)| *about);
    TagBuilder::new().name(name).description(about).build()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::GROUPS;
    use crate::http::openapi::document;

    #[test]
    fn every_group_that_there_is_has_its_sentence_and_no_other_has() {
        let document = serde_json::to_value(document()).unwrap();
        let tags = document["tags"].as_array().unwrap();
        let used: BTreeSet<&str> = tags.iter().map(|tag| tag["name"].as_str().unwrap()).collect();
        assert_eq!(used, GROUPS.iter().map(|(name, _)| *name).collect());
    }
}
