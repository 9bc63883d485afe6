//! Reads what was written, for tests: elements, their attributes and texts.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

/// An element.
#[derive(Debug, Default)]
pub(crate) struct Node {
    pub(crate) name: String,
    pub(crate) attributes: Vec<(String, String)>,
    pub(crate) text: String,
    pub(crate) children: Vec<Node>,
}

impl Node {
    /// The root element of a document.
    pub(crate) fn read(bytes: &[u8]) -> Self {
        let mut reader = Reader::from_reader(bytes);
        let (mut open, mut buffer) = (vec![Self::default()], Vec::new());
        loop {
            match reader.read_event_into(&mut buffer).unwrap() {
                Event::Start(start) => open.push(Self::begun(&start)),
                Event::End(_) => {
                    let node = open.pop().unwrap();
                    open.last_mut().unwrap().children.push(node);
                }
                Event::Text(text) => open.last_mut().unwrap().text.push_str(&text.xml10_content()),
                Event::GeneralRef(name) => {
                    let text = format!("&{};", name.into_inner());
                    open.last_mut().unwrap().text.push_str(&quick_xml::escape::unescape(&text).unwrap());
                }
                Event::Eof => break,
                Event::Decl(_) => {}
                other @ (Event::Empty(_) | Event::CData(_) | Event::Comment(_) | Event::PI(_) | Event::DocType(_)) => {
                    panic!("not written: {other:?}")
                }
            }
            buffer.clear();
        }
        open.pop().unwrap().children.pop().unwrap()
    }

    fn begun(start: &BytesStart<'_>) -> Self {
        let attributes = start.attributes().map(|attribute| {
            let attribute = attribute.unwrap();
            let text = attribute.value.as_ref().to_owned();
            (attribute.key.as_ref().to_owned(), quick_xml::escape::unescape(&text).unwrap().into_owned())
        });
        Self { name: start.name().as_ref().to_owned(), attributes: attributes.collect(), ..Self::default() }
    }

    /// Every element at a path of names below this one, without their prefixes.
    pub(crate) fn all<'a>(&'a self, path: &str) -> Vec<&'a Self> {
        path.split('/').fold(vec![self], |nodes, name| {
            let children = nodes.into_iter().flat_map(|node| &node.children);
            children.filter(|child| child.name.rsplit(':').next() == Some(name)).collect()
        })
    }

    /// The text of the only element at a path, if there is one.
    pub(crate) fn one(&self, path: &str) -> Option<&str> {
        let found = self.all(path);
        assert!(found.len() <= 1, "{path} is there {} times", found.len());
        found.first().map(|node| node.text.as_str())
    }

    /// The value of an attribute.
    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// This element and all within it.
    pub(crate) fn with_all_within(&self) -> Vec<&Self> {
        let mut all = vec![self];
        all.extend(self.children.iter().flat_map(Self::with_all_within));
        all
    }
}
