//! Places as they are written: decimal degrees in text, millionths of a degree inside. No floating point in between.

use serde::{Deserialize, Serialize};
use thiserror::Error;
use validator::Validate;

use crate::http::Errors;

/// The pole's latitude, in degrees.
pub(crate) const LATITUDE_MAX: i32 = 90;
/// The farthest longitude, in degrees.
pub(crate) const LONGITUDE_MAX: i32 = 180;

const E6: i32 = 1_000_000;

/// A place (WGS 84), in decimal degrees.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GeoPoint {
    /// Latitude, north of the equator positive.
    #[validate(length(min = 1, max = 12))]
    #[schema(min_length = 1, max_length = 12, pattern = r"^-?[0-9]{1,2}(\.[0-9]{1,6})?$", example = "61.4851")]
    latitude: String,
    /// Longitude, east of Greenwich positive.
    #[validate(length(min = 1, max = 12))]
    #[schema(min_length = 1, max_length = 12, pattern = r"^-?[0-9]{1,3}(\.[0-9]{1,6})?$", example = "21.7974")]
    longitude: String,
}

impl GeoPoint {
    /// The place as it is kept.
    pub(crate) fn of((latitude_e6, longitude_e6): (i32, i32)) -> Self {
        Self { latitude: degrees(latitude_e6), longitude: degrees(longitude_e6) }
    }

    /// Latitude and longitude as they are written.
    pub(crate) fn degrees(&self) -> (&str, &str) {
        (&self.latitude, &self.longitude)
    }

    /// The place in millionths of a degree, or `None` with a failure at what is wrong.
    pub(crate) fn e6(&self, errors: &mut Errors) -> Option<(i32, i32)> {
        let latitude = errors.take("/latitude", degrees_e6(&self.latitude, LATITUDE_MAX));
        let longitude = errors.take("/longitude", degrees_e6(&self.longitude, LONGITUDE_MAX));
        latitude.zip(longitude)
    }
}

/// Why a text is no number of degrees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub(crate) enum DegreesError {
    /// Not of the form.
    #[error("degrees are written as digits with at most six decimals, for example \"61.4851\"")]
    Malformed,
    /// Beyond the pole or the date line.
    #[error("degrees lie between -{limit} and {limit}")]
    OutOfRange {
        /// The farthest.
        limit: i32,
    },
}

/// Reads decimal degrees, exactly, as millionths.
pub(crate) fn degrees_e6(text: &str, limit: i32) -> Result<i32, DegreesError> {
    let (sign, unsigned) = text.strip_prefix('-').map_or((1, text), |unsigned| (-1, unsigned));
    let (whole, decimals) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
    let whole = digits(whole, 3).ok_or(DegreesError::Malformed)?;
    let millionths =
        digits(decimals, 6).and_then(|_| digits(&format!("{decimals:0<6}"), 6)).ok_or(DegreesError::Malformed)?;
    // At most 999.999999 degrees: no sum of these overflows.
    let e6 = whole * E6 + millionths;
    if e6 > limit * E6 { Err(DegreesError::OutOfRange { limit }) } else { Ok(sign * e6) }
}

fn digits(text: &str, most: usize) -> Option<i32> {
    let plain = (1..=most).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}

/// Writes millionths of a degree as decimal degrees.
pub(super) fn degrees(e6: i32) -> String {
    let sign = if e6 < 0 { "-" } else { "" };
    let one = E6.unsigned_abs();
    format!("{sign}{}.{:06}", e6.unsigned_abs() / one, e6.unsigned_abs() % one)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn degrees_are_read_exactly() {
        for (text, e6) in [
            ("61.4851", 61_485_100),
            ("0.1", 100_000),
            ("-0.000001", -1),
            ("-0.5", -500_000),
            ("90", 90_000_000),
            ("-90.000000", -90_000_000),
            ("007.5", 7_500_000),
        ] {
            assert_eq!(degrees_e6(text, LATITUDE_MAX), Ok(e6), "{text}");
        }
    }

    #[test]
    fn what_is_no_number_of_degrees_is_refused() {
        for bad in
            ["", "-", ".", "61.", ".5", "61,4851", "+61", "61.4851000", "6e1", "--1", "1234", " 61", "٦١", "1.-5"]
        {
            assert_eq!(degrees_e6(bad, LATITUDE_MAX), Err(DegreesError::Malformed), "{bad}");
        }
        for far in ["90.000001", "-91", "180"] {
            assert_eq!(degrees_e6(far, LATITUDE_MAX), Err(DegreesError::OutOfRange { limit: 90 }), "{far}");
        }
        assert_eq!(degrees_e6("180", LONGITUDE_MAX), Ok(180_000_000));
    }

    #[test]
    fn degrees_are_written_as_they_are_read() {
        for e6 in [0, 1, -1, 61_485_100, -500_000, 180_000_000, -180_000_000] {
            assert_eq!(degrees_e6(&degrees(e6), LONGITUDE_MAX), Ok(e6), "{}", degrees(e6));
        }
    }

    #[test]
    fn both_coordinates_are_told_when_both_are_wrong() {
        let mut errors = Errors::new();
        let point = GeoPoint { latitude: "91".into(), longitude: "x".into() };
        assert_eq!(errors.within("/coordinates", |errors| point.e6(errors)), None);
        let problem = errors.finish().unwrap_err();
        let pointers: Vec<_> = problem.failures().iter().map(|failure| failure.pointer.as_str()).collect();
        assert_eq!(pointers, ["/coordinates/latitude", "/coordinates/longitude"]);
    }
}
