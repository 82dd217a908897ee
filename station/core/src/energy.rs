//! When an aircraft has to turn for home: a straight energy model with its two-sigma reserve.

use vedette_geo::{Amsl, G_M_S2, LatLon, distance_m};
use vedette_model::plan::Aircraft;

/// Seconds left before it must turn home, and the share of the battery that flying home now
/// takes.
///
/// Home costs cruise power over the distance into the planned wind, the climb to the return
/// height, all grown by two sigma of the power model; what is left above the reserve lasts at
/// cruise power. Both grow while it flies away, which the caller's next call sees.
#[must_use]
pub(crate) fn bingo(
    aircraft: &Aircraft,
    battery_pct: f64,
    at: LatLon,
    amsl: Amsl,
    home: LatLon,
    return_amsl: Amsl,
    wind_m_s: f64,
) -> (f64, f64) {
    let e = &aircraft.energy;
    let ground = (aircraft.envelope.cruise_m_s - wind_m_s.abs()).max(1.0);
    let grow = 1.0 + 2.0 * e.sigma_share;
    let level_wh = distance_m(at, home) / ground * e.cruise_w / 3600.0;
    let climb_m = (return_amsl.0 - amsl.0).max(0.0);
    let climb_wh = e.mass_kg * G_M_S2 * climb_m / e.climb_efficiency.max(0.05) / 3600.0;
    let home_wh = (level_wh + climb_wh) * grow;
    let left_wh = battery_pct / 100.0 * e.battery_wh - e.reserve_share * e.battery_wh - home_wh;
    // Flying on costs cruise power now and, at worst, the same way back.
    let seconds = left_wh / (e.cruise_w.max(1.0) * grow) * 3600.0 / 2.0;
    (seconds.max(0.0), home_wh / e.battery_wh.max(1e-9))
}

#[cfg(test)]
mod tests {
    use super::*;
    use vedette_model::plan::{Camera, Energy, Envelope};
    use vedette_model::{Airframe, Family, Spectrum, VehicleId};

    #[test]
    fn farther_from_home_means_less_time() {
        let base = LatLon {
            lat_deg: 42.45,
            lon_deg: 1.5,
        };
        let a = Aircraft {
            vehicle: VehicleId(1),
            tail: "CU-01".into(),
            name: "Isard".into(),
            airframe: Airframe::Copter,
            family: Family::ArduPilot,
            base,
            envelope: Envelope {
                cruise_m_s: 10.0,
                min_m_s: 0.0,
                max_m_s: 16.0,
                climb_m_s: 3.0,
                descent_m_s: 2.0,
                max_bank_deg: 30.0,
            },
            energy: Energy {
                battery_wh: 500.0,
                cruise_w: 600.0,
                hover_w: 650.0,
                mass_kg: 6.0,
                climb_efficiency: 0.5,
                sigma_share: 0.05,
                reserve_share: 0.2,
            },
            camera: Camera {
                spectrum: Spectrum::Thermal,
                hfov_deg: 24.0,
                width_px: 640,
                height_px: 512,
                max_depression_deg: 90.0,
                min_depression_deg: 5.0,
            },
        };
        let near = bingo(&a, 80.0, base, Amsl(2000.0), base, Amsl(2000.0), 0.0);
        let far_at = vedette_geo::destination(base, 90.0, 3000.0);
        let far = bingo(&a, 80.0, far_at, Amsl(2000.0), base, Amsl(2000.0), 0.0);
        // 60 % of 500 Wh above the reserve, halved for the way back, at 660 W.
        assert!((near.0 - 300.0 / 660.0 * 1800.0).abs() < 1.0, "{near:?}");
        assert!(far.0 < near.0 && far.1 > 0.1);
        assert!(bingo(&a, 1.0, far_at, Amsl(2000.0), base, Amsl(2000.0), 0.0).0 <= 0.0);
    }
}
