//! Where municipalities are: one point in each, from which distances can be counted where nobody says a better one.
//!
//! The points are those of the 309 municipalities of 2021, each the centroid of the municipality's largest polygon (WGS 84) in
//! the public broadcaster's open map of wellbeing services counties. A code that ended by a merger before, or that came
//! later, has none.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::distance::Place;
use crate::identifiers::MunicipalityCode;

static CENTRES: LazyLock<BTreeMap<MunicipalityCode, Place>> =
    LazyLock::new(|| include_str!("centres.csv").lines().filter_map(centre).collect());

/// The centre of a municipality, if it is known.
pub fn centre_of(municipality: &MunicipalityCode) -> Option<Place> {
    CENTRES.get(municipality).copied()
}

/// A line of the file; none where it is of another form, as its heading is.
fn centre(line: &str) -> Option<(MunicipalityCode, Place)> {
    let mut fields = line.split(',');
    let code = fields.next()?.parse().ok()?;
    let (latitude_e6, longitude_e6) = (e6(fields.next()?)?, e6(fields.next()?)?);
    Some((code, Place { latitude_e6, longitude_e6 }))
}

fn e6(degrees: &str) -> Option<i32> {
    degrees.parse::<Decimal>().ok()?.checked_mul(Decimal::from(1_000_000))?.to_i32()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_municipality_has_a_centre_in_finland() {
        assert_eq!(CENTRES.len(), include_str!("centres.csv").lines().count() - 1);
        assert_eq!(CENTRES.len(), 309);
        for (code, place) in CENTRES.iter() {
            assert!((59_500_000..70_100_000).contains(&place.latitude_e6), "{code}: {place:?}");
            assert!((19_000_000..31_600_000).contains(&place.longitude_e6), "{code}: {place:?}");
        }
    }

    #[test]
    fn a_centre_is_found_by_the_code_and_none_by_a_code_that_is_not_in_use() {
        let of = |code: &str| centre_of(&code.parse().unwrap());
        let pori = Place { latitude_e6: 61_485_100, longitude_e6: 21_797_400 };
        assert!(of("609").unwrap().metres_to(pori) < 25_000);
        assert_eq!(of("005"), Some(Place { latitude_e6: 62_962_800, longitude_e6: 23_899_500 }));
        assert_eq!((of("000"), of("537")), (None, None));
    }
}
