//! Elements and texts as bytes of XML or HTML. Every text and every attribute is escaped here, and nowhere else.

use std::borrow::Cow;

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};

/// Names and values of an element's attributes.
type Attributes<'a> = &'a [(&'a str, &'a str)];

/// A document that is being written.
pub(super) struct Markup {
    writer: Writer<Vec<u8>>,
}

impl Markup {
    /// A document of XML.
    pub(super) fn xml() -> Self {
        let mut markup = Self { writer: Writer::new_with_indent(Vec::new(), b' ', 1) };
        markup.put(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)));
        markup
    }

    /// A document of HTML. Elements are always ended by a tag of their own, except by [`Markup::void`].
    pub(super) fn html() -> Self {
        let mut markup = Self { writer: Writer::new(Vec::new()) };
        markup.put(Event::DocType(BytesText::from_escaped("html")));
        markup
    }

    /// An element with what is in it.
    pub(super) fn within(&mut self, name: &str, content: impl FnOnce(&mut Self)) {
        self.within_as(name, &[], content);
    }

    /// An element with attributes and what is in it.
    pub(super) fn within_as(&mut self, name: &str, attributes: Attributes<'_>, content: impl FnOnce(&mut Self)) {
        self.put(Event::Start(start(name, attributes)));
        content(self);
        self.put(Event::End(BytesEnd::new(name)));
    }

    /// An element that holds a text.
    pub(super) fn text(&mut self, name: &str, text: &str) {
        self.text_as(name, &[], text);
    }

    /// An element with attributes that holds a text.
    pub(super) fn text_as(&mut self, name: &str, attributes: Attributes<'_>, text: &str) {
        self.within_as(name, attributes, |markup| markup.put(Event::Text(BytesText::new(&allowed(text)))));
    }

    /// An element that holds nothing, and in HTML can hold nothing.
    pub(super) fn void(&mut self, name: &str, attributes: Attributes<'_>) {
        self.put(Event::Empty(start(name, attributes)));
    }

    /// A style sheet of HTML, which is the house's own and holds no markup.
    pub(super) fn style(&mut self, sheet: &'static str) {
        self.within("style", |markup| markup.put(Event::Text(BytesText::from_escaped(sheet))));
    }

    /// The bytes.
    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.writer.into_inner()
    }

    fn put(&mut self, event: Event<'_>) {
        let written = self.writer.write_event(event);
        debug_assert!(written.is_ok(), "memory takes everything");
    }
}

fn start<'a>(name: &'a str, attributes: Attributes<'a>) -> BytesStart<'a> {
    let mut start = BytesStart::new(name);
    for (name, value) in attributes {
        start.push_attribute((*name, allowed(value).as_ref()));
    }
    start
}

/// A text without the characters that XML 1.0 cannot hold. Each becomes the sign for what cannot be shown, so that a text is
/// never emptied.
fn allowed(text: &str) -> Cow<'_, str> {
    let is_allowed =
        |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
    if text.chars().all(is_allowed) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().map(|c| if is_allowed(c) { c } else { char::REPLACEMENT_CHARACTER }).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_be_markup_is_text() {
        let mut markup = Markup::html();
        markup.within_as("p", &[("title", "\"<a>'&")], |p| p.text("b", "</b><script>&amp;\u{1}\u{ffff}"));
        markup.void("br", &[]);
        assert_eq!(
            String::from_utf8(markup.into_bytes()).unwrap(),
            "<!DOCTYPE html><p title=\"&quot;&lt;a&gt;&apos;&amp;\">\
             <b>&lt;/b&gt;&lt;script&gt;&amp;amp;\u{fffd}\u{fffd}</b></p><br/>"
        );
    }

    #[test]
    fn a_text_is_kept_to_the_letter() {
        let mut markup = Markup::xml();
        markup.within("a", |a| a.text("b", " ä\u{1f600} "));
        let written = String::from_utf8(markup.into_bytes()).unwrap();
        assert_eq!(written, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<a>\n <b> ä\u{1f600} </b>\n</a>");
    }
}
