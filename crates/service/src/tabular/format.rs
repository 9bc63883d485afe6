//! Which representation a caller wants, by `Accept` (RFC 9110 § 12.5.1).

use std::cmp::Reverse;
use std::future::{Ready, ready};

use actix_web::http::header::{self, Header, Quality, q};
use actix_web::{FromRequest, HttpRequest, dev};

use crate::http::{Problem, ProblemKind};

/// A representation of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// A page of it as JSON.
    Json,
    /// All of it as comma-separated values (RFC 4180), for spreadsheets.
    Csv,
    /// All of it, one JSON object a line.
    Ndjson,
}

impl Format {
    /// All of them; what stands first is preferred where a caller takes several equally.
    pub(crate) const ALL: [Self; 3] = [Self::Json, Self::Csv, Self::Ndjson];

    /// The media type.
    pub(crate) const fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Csv => "text/csv",
            Self::Ndjson => "application/x-ndjson",
        }
    }

    /// The media type as it is sent. The other two are UTF-8 by definition.
    pub(crate) const fn content_type(self) -> &'static str {
        match self {
            Self::Json | Self::Ndjson => self.media_type(),
            Self::Csv => "text/csv; charset=utf-8; header=present",
        }
    }

    /// How names of files of it end.
    pub(crate) const fn extension(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Csv => "csv",
            Self::Ndjson => "ndjson",
        }
    }

    /// What a caller accepts most; of several, what it names most exactly.
    fn accepted(accept: &header::Accept) -> Option<Self> {
        if accept.is_empty() {
            return Some(Self::Json);
        }
        let rated = Self::ALL.into_iter().filter_map(|format| format.rated(accept).map(|rate| (format, rate)));
        // The first of equals is taken.
        rated.min_by_key(|(_, rate)| Reverse(*rate)).map(|(format, _)| format)
    }

    /// How much a caller wants it, by the most exact of its ranges that it is in.
    fn rated(self, accept: &header::Accept) -> Option<(Quality, u8)> {
        let (own_type, own_subtype) = self.media_type().split_once('/')?;
        let ranges = accept.iter().filter_map(|range| {
            let exactness = match (range.item.type_().as_str(), range.item.subtype().as_str()) {
                ("*", "*") => 0,
                (of, "*") if of == own_type => 1,
                (of, this) if of == own_type && this == own_subtype => 2,
                _ => return None,
            };
            Some((exactness, range.quality))
        });
        let (exactness, quality) = ranges.max_by_key(|(exactness, quality)| (*exactness, *quality))?;
        (quality > q(0.0)).then_some((quality, exactness))
    }
}

impl FromRequest for Format {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut dev::Payload) -> Self::Future {
        ready(read(request))
    }
}

fn read(request: &HttpRequest) -> Result<Format, Problem> {
    let refuse = || {
        let media_types = Format::ALL.map(Format::media_type).join(", ");
        Problem::new(ProblemKind::NotAcceptable, format!("This is to be had as {media_types}."))
            .with_header(header::VARY, header::ACCEPT.to_string())
    };
    let sent: Vec<_> = request.headers().get_all(header::ACCEPT).collect();
    if sent.iter().all(|value| value.as_bytes().trim_ascii().is_empty()) {
        return Ok(Format::Json);
    }
    let accept = header::Accept::parse(request).map_err(|_| refuse())?;
    // What cannot be read was left out of it, and is not a wish for anything.
    if accept.is_empty() { Err(refuse()) } else { Format::accepted(&accept).ok_or_else(refuse) }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn what_is_wanted_most_is_given_and_what_is_named_goes_before_what_is_not() {
        for (accept, format) in [
            ("", Format::Json),
            ("*/*", Format::Json),
            ("application/json", Format::Json),
            ("application/*", Format::Json),
            ("text/csv", Format::Csv),
            ("TEXT/CSV;header=present", Format::Csv),
            ("text/*", Format::Csv),
            ("application/x-ndjson", Format::Ndjson),
            ("text/csv, */*", Format::Csv),
            ("text/csv;q=0.5, application/json;q=0.4", Format::Csv),
            ("text/csv;q=0.4, application/json", Format::Json),
            ("text/csv, application/json", Format::Json),
            ("application/json;q=0, */*;q=0.1", Format::Csv),
            ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", Format::Json),
            ("nonsense, text/csv", Format::Csv),
        ] {
            let request = TestRequest::default().insert_header(("accept", accept)).to_http_request();
            assert_eq!(read(&request).unwrap(), format, "{accept}");
        }
        assert_eq!(read(&TestRequest::default().to_http_request()).unwrap(), Format::Json);
    }

    #[test]
    fn what_is_not_to_be_had_is_refused() {
        for accept in ["application/xml", "text/csv;q=0", "*/*;q=0", "image/*", "nonsense"] {
            let request = TestRequest::default().insert_header(("accept", accept)).to_http_request();
            assert_eq!(read(&request).unwrap_err().kind(), ProblemKind::NotAcceptable, "{accept}");
        }
    }
}
