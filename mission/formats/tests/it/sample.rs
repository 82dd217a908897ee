//! A small plan with an awkward name, two legs, a fence with an exclusion, a rally point and two zones.

use vedette_formats::Scene;
use vedette_geo::{AboveHome, Amsl, LatLon};
use vedette_model::plan::{
    Aircraft, AircraftPlan, Brief, Camera, Energy, Envelope, Leg, LegKind, Limits, LinkLoss, NoFly, PatrolPlan,
    Promise, Requirement, Section, WindBrief,
};
use vedette_model::{Airframe, AltFrame, Family, MissionItem, PlanId, Spectrum, TargetClass, VehicleId, command};

pub(crate) fn p(lat: f64, lon: f64) -> LatLon {
    LatLon::new(lat, lon).unwrap()
}

pub(crate) fn item(command: u16, frame: AltFrame, at: Option<LatLon>, alt_m: f64) -> MissionItem {
    MissionItem {
        command,
        frame,
        params: [None, Some(2.5), None, None],
        at,
        alt_m,
    }
}

pub(crate) fn scene() -> Scene {
    Scene {
        borders: vec![("A & B".into(), vec![p(42.5, 1.4), p(42.51, 1.5)])],
        zones: vec![NoFly {
            name: "disc".into(),
            polygon: vec![],
            centre: Some(p(42.45, 1.45)),
            radius_m: 120.0,
            floor: Some(Amsl(100.0)),
            ceiling: None,
            more: [("owner", "FEDA"), ("name", "as the file has it"), ("more", "still")]
                .map(|(k, v)| (k.to_owned(), v.to_owned()))
                .into(),
        }],
        start_utc_us: 1_780_315_200_000_000,
    }
}

pub(crate) fn plan(family: Family) -> PatrolPlan {
    let home = p(42.441_020_4, 1.556_370_1);
    let far = p(42.451_234_567_8, 1.546_543_219_9);
    let leg = |kind, from, to, start_s, end_s| Leg {
        kind,
        from,
        from_amsl: Amsl(1200.0),
        to,
        to_amsl: Amsl(1310.5),
        start_s,
        end_s,
        ground_m_s: 14.0,
        air_m_s: 14.0,
        watches_m: None,
        watch_half_m: 0.0,
        aim: None,
        link_loss: LinkLoss::Return,
        energy_wh: 1.0,
    };
    let corner = |at, command, n: f64| MissionItem {
        command,
        frame: AltFrame::AboveHome,
        params: [Some(n), None, None, None],
        at: Some(at),
        alt_m: 0.0,
    };
    let fence = vec![p(42.40, 1.50), p(42.40, 1.60), p(42.48, 1.60), p(42.48, 1.50)];
    let out = [p(42.43, 1.52), p(42.44, 1.53), p(42.43, 1.54)];
    let mut fence_items: Vec<MissionItem> = fence
        .iter()
        .map(|q| corner(*q, command::FENCE_POLYGON_VERTEX_INCLUSION, 4.0))
        .collect();
    fence_items.extend(
        out.iter()
            .map(|q| corner(*q, command::FENCE_POLYGON_VERTEX_EXCLUSION, 3.0)),
    );
    let items = vec![
        item(command::NAV_TAKEOFF, AltFrame::AboveHome, Some(home), 60.0),
        item(command::DO_CHANGE_SPEED, AltFrame::None, None, 0.0),
        item(command::NAV_WAYPOINT, AltFrame::Amsl, Some(far), 1310.5),
        MissionItem {
            params: [Some(2.0), Some(1.0), None, None],
            ..item(command::DO_JUMP, AltFrame::None, None, 0.0)
        },
        item(command::NAV_RETURN_TO_LAUNCH, AltFrame::AboveHome, None, 0.0),
    ];
    let craft = Aircraft {
        vehicle: VehicleId(1),
        tail: "VD-1 <\"x\">".into(),
        name: "One".into(),
        airframe: Airframe::Copter,
        family,
        base: home,
        envelope: Envelope {
            cruise_m_s: 14.0,
            min_m_s: 0.0,
            max_m_s: 20.0,
            climb_m_s: 4.0,
            descent_m_s: 3.0,
            max_bank_deg: 30.0,
        },
        energy: Energy {
            battery_wh: 500.0,
            cruise_w: 300.0,
            hover_w: 350.0,
            mass_kg: 5.0,
            climb_efficiency: 0.5,
            sigma_share: 0.1,
            reserve_share: 0.2,
        },
        camera: Camera {
            spectrum: Spectrum::Thermal,
            hfov_deg: 30.0,
            width_px: 640,
            height_px: 512,
            max_depression_deg: 90.0,
            min_depression_deg: 5.0,
        },
    };
    PatrolPlan {
        schema: 1,
        id: PlanId("00ff".into()),
        parent: None,
        brief: Brief {
            name: "Watch <1> & \"co\"\u{1}".into(),
            section: Section {
                border: "A & B".into(),
                from_km: 0.0,
                to_km: 3.0,
            },
            requirement: Requirement {
                revisit_s: 300.0,
                target: TargetClass::Person,
                pixels_on_target: 2.0,
                duration_s: 600.0,
                intervals: vec![],
            },
            limits: Limits {
                stand_off_m: 100.0,
                nav_sigma_m: 3.0,
                min_agl_m: 60.0,
                max_agl_m: 200.0,
                separation_h_m: 100.0,
                separation_v_m: 30.0,
            },
            wind: WindBrief {
                from_deg: 0.0,
                speed_m_s: 0.0,
                gust_m_s: 0.0,
            },
            fleet: vec![craft],
            no_fly: vec![NoFly {
                name: "school".into(),
                polygon: out.to_vec(),
                centre: None,
                radius_m: 0.0,
                floor: None,
                ceiling: Some(Amsl(1500.0)),
                more: Default::default(),
            }],
            bases: vec![],
            antennas: vec![],
            wind_layers: vec![],
            sections: vec![],
        },
        site: "site".into(),
        terrain: "flat".into(),
        section_m: 3000.0,
        aircraft: vec![AircraftPlan {
            vehicle: VehicleId(1),
            sortie: 0,
            lands_at: None,
            return_branches: vec![],
            home,
            home_amsl: Amsl(1150.25),
            take_off: AboveHome(60.0),
            legs: vec![
                leg(LegKind::Transit, home, far, 0.0, 100.5),
                leg(LegKind::Return, far, home, 100.5, 200.0),
            ],
            return_amsl: Amsl(1310.0),
            return_path: vec![home],
            rally: vec![(home, Amsl(1210.25))],
            fence,
            items,
            fence_items,
            rally_items: vec![item(command::RALLY_POINT, AltFrame::AboveHome, Some(home), 60.0)],
        }],
        promise: Promise {
            revisit_s: 250.0,
            lower_bound_s: 200.0,
            bound_source: String::new(),
            from_s: 0.0,
            until_s: 200.0,
        },
        blind: vec![],
        timetable: None,
        sizing: None,
        intervals: vec![],
        drawn: vec![],
    }
}
