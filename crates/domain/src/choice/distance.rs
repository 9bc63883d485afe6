//! How far it is between two places, as the crow flies.

use rust_decimal::Decimal;
use rust_decimal::prelude::{FromPrimitive, ToPrimitive};
use serde::{Deserialize, Serialize};

/// The earth's mean radius in metres (IUGG).
const RADIUS_M: f64 = 6_371_008.8;

/// A place: latitude and longitude in millionths of a degree (WGS 84).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// Latitude, north of the equator positive.
    pub latitude_e6: i32,
    /// Longitude, east of Greenwich positive.
    pub longitude_e6: i32,
}

impl Place {
    /// How many metres it is to another place, by the haversine formula on a sphere: at most half a per cent off.
    #[expect(clippy::float_arithmetic, reason = "an angle has a sine; the result is whole metres for people")]
    pub fn metres_to(self, other: Self) -> u32 {
        let radians = |e6: i32| (f64::from(e6) / 1_000_000.0).to_radians();
        let (from, to) = (radians(self.latitude_e6), radians(other.latitude_e6));
        let half = |a: f64, b: f64| ((b - a) / 2.0).sin().powi(2);
        let across = half(radians(self.longitude_e6), radians(other.longitude_e6));
        let square = half(from, to) + from.cos() * to.cos() * across;
        let metres = 2.0 * RADIUS_M * square.clamp(0.0, 1.0).sqrt().asin();
        Decimal::from_f64(metres).and_then(|metres| metres.round().to_u32()).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(latitude_e6: i32, longitude_e6: i32) -> Place {
        Place { latitude_e6, longitude_e6 }
    }

    #[test]
    fn it_is_as_far_as_maps_say_and_as_far_back() {
        let (pori, rauma, helsinki) =
            (place(61_485_100, 21_797_400), place(61_128_000, 21_511_000), place(60_169_900, 24_938_400));
        assert!((42_000..43_500).contains(&pori.metres_to(rauma)), "{}", pori.metres_to(rauma));
        assert!((218_000..226_000).contains(&pori.metres_to(helsinki)), "{}", pori.metres_to(helsinki));
        assert_eq!(pori.metres_to(rauma), rauma.metres_to(pori));
        assert_eq!(pori.metres_to(pori), 0);
        // Half around the world.
        assert!((20_015_000..20_016_000).contains(&place(0, 0).metres_to(place(0, 180_000_000))));
        assert!((111_100..111_300).contains(&place(0, 0).metres_to(place(1_000_000, 0))));
    }
}
