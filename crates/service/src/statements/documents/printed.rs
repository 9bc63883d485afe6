//! A page of a statement, for people to read and to print on A4: complete in itself, without scripts, in one language. Owns
//! what the page says; what is counted is the statement's.

mod phrases;
mod sums;
mod table;

use valinta_domain::explain::days;
use valinta_domain::statement::{Party, Statement, StatementHead};
use valinta_domain::{Amount, Language};

use super::markup::Markup;
use super::words::{Phrase, figure, month, say};
use phrases as p;

const STYLE: &str = include_str!("printed/style.css");

/// A page in a language.
pub(super) struct Page<'a> {
    statement: &'a Statement,
    language: Language,
}

/// The page.
pub fn page(statement: &Statement, language: Language) -> String {
    let page = Page { statement, language };
    let mut markup = Markup::html();
    markup.within_as("html", &[("lang", language.code())], |html| {
        html.within("head", |head| {
            head.void("meta", &[("charset", "utf-8")]);
            head.void("meta", &[("name", "viewport"), ("content", "width=device-width, initial-scale=1")]);
            head.text("title", &page.title());
            head.style(STYLE);
        });
        html.within("body", |body| body.within("main", |main| page.write(main)));
    });
    // Only whole characters have been written.
    String::from_utf8(markup.into_bytes()).unwrap_or_default()
}

impl Page<'_> {
    fn say(&self, phrase: Phrase) -> &'static str {
        say(phrase, self.language)
    }

    /// An amount, without its currency: the page says once what that is.
    fn amount(&self, amount: Amount) -> String {
        figure(amount, self.language)
    }

    fn title(&self) -> String {
        format!("{} {}", self.say(p::STATEMENT), self.statement.head().number)
    }

    fn write(&self, main: &mut Markup) {
        let head = self.statement.head();
        main.within("header", |header| {
            header.text("h1", &self.title());
            header.text("p", &format!("{} {}", self.say(p::MONTH), month(head.month)));
        });
        main.within_as("div", &[("class", "two")], |two| {
            self.write_party(two, p::ORGANISER, "organiser", &head.organiser);
            self.write_party(two, p::PROVIDER, "provider", &head.provider);
        });
        main.text("h2", self.say(p::FACTS));
        self.write_facts(main, head);
        main.text("h2", self.say(p::SUMMARY));
        sums::write_summary(self, main);
        main.text("h2", self.say(p::LINES));
        table::write(self, main);
        sums::write_breakdown(self, main);
    }

    fn write_party(&self, markup: &mut Markup, role: Phrase, id: &str, party: &Party) {
        markup.within_as("section", &[("aria-labelledby", id)], |section| {
            section.text_as("h2", &[("id", id)], self.say(role));
            section.text("p", &party.name);
            let address = &party.address;
            let place =
                [&address.postal_code, &address.place].map(|part| part.as_deref().unwrap_or_default()).join(" ");
            for line in [address.street.as_deref().unwrap_or_default(), place.trim()] {
                if !line.is_empty() {
                    section.text("p", line);
                }
            }
            section.within("dl", |list| {
                self.write_fact(list, p::BUSINESS_ID, party.business_id.as_str());
                if let Some(vat_id) = &party.vat_id {
                    self.write_fact(list, p::VAT_ID, vat_id.as_str());
                }
                self.write_fact(list, p::ELECTRONIC_ADDRESS, &party.electronic_address.to_string());
                if let Some(iban) = &party.iban {
                    self.write_fact(list, p::ACCOUNT, &format!("\u{2026} {}", iban.last_four()));
                }
            });
        });
    }

    fn write_facts(&self, markup: &mut Markup, head: &StatementHead) {
        markup.within("dl", |list| {
            self.write_fact(list, p::NUMBER, head.number.as_str());
            self.write_fact(list, p::ISSUED_ON, &days::in_language(head.issued_on, self.language));
            self.write_fact(list, p::DUE_ON, &days::in_language(head.due_on, self.language));
            self.write_fact(list, p::BUYER_REFERENCE, &head.buyer_reference);
            self.write_fact(list, p::CURRENCY, head.currency.code());
        });
    }

    fn write_fact(&self, list: &mut Markup, name: Phrase, value: &str) {
        list.text("dt", self.say(name));
        list.text("dd", value);
    }
}
