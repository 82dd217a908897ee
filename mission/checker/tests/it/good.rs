//! A plan made by hand: a border along the parallel 42.5° N, home to the south, flat ground at 500 m; a multirotor and a fixed
//! wing, each on its half of 12 km of line, out and back.

use std::sync::{Arc, LazyLock};
use vedette_atlas::{Border, Terrain, TerrainSource, World};
use vedette_checker::{approve, check, plan_id};
use vedette_geo::{AboveHome, Amsl, Geoid, LatLon, azimuth_deg, destination, distance_m};
use vedette_model::plan::{
    Aircraft, AircraftPlan, Brief, Camera, Energy, Envelope, Leg, LegKind, Limits, LinkLoss, PatrolPlan, Promise,
    Requirement, Section, WindBrief,
};
use vedette_model::{Airframe, AltFrame, Family, MissionItem, PlanId, Spectrum, TargetClass, VehicleId, command};

/// Ground height, metres.
const GROUND: f64 = 500.0;
/// Distance of the tracks from the border, metres.
const TRACK_M: f64 = 400.0;
/// Passes each aircraft makes.
const PASSES: usize = 4;

/// The border's point at a chainage.
pub(crate) fn on_border(world: &World, m: f64) -> LatLon {
    world.border.at(m)
}

/// A point so far to the home side of the border's point at a chainage.
pub(crate) fn home_of(world: &World, m: f64, off_m: f64) -> LatLon {
    destination(world.border.at(m), world.border.azimuth_deg(m) + 90.0, off_m)
}

fn terrain(height: impl Fn(usize, usize) -> i16) -> Arc<Terrain> {
    let n = 1201;
    let mut bytes = Vec::with_capacity(n * n * 2);
    for r in 0..n {
        for c in 0..n {
            bytes.extend(height(r, c).to_be_bytes());
        }
    }
    let source = TerrainSource {
        label: "flat".into(),
        edition: "test".into(),
        sigma_m: 0.0,
        synthetic: true,
        spacing_m: 90.0,
    };
    Arc::new(Terrain::new(
        vec![Terrain::from_hgt("N42E001.hgt", &bytes).unwrap()],
        source,
    ))
}

/// Flat ground.
pub(crate) static FLAT: LazyLock<Arc<Terrain>> = LazyLock::new(|| terrain(|_, _| GROUND as i16));
/// A hole of unknown ground under the middle of the tracks: all of columns 600 to 610.
pub(crate) static HOLED: LazyLock<Arc<Terrain>> = LazyLock::new(|| {
    terrain(|_, c| {
        if (600..610).contains(&c) {
            i16::MIN
        } else {
            GROUND as i16
        }
    })
});
/// A ridge across the tracks, 90 m higher than the rest.
pub(crate) static RIDGED: LazyLock<Arc<Terrain>> = LazyLock::new(|| {
    terrain(|_, c| {
        if (600..603).contains(&c) {
            GROUND as i16 + 90
        } else {
            GROUND as i16
        }
    })
});

/// The site.
pub(crate) fn world() -> World {
    let line: Vec<LatLon> = (0..=10)
        .map(|k| LatLon::new(42.5, 1.40 + 0.02 * f64::from(k)).unwrap())
        .collect();
    let mut border = Border::new("A-B", line, false).unwrap();
    border.accuracy_m = 10.0;
    World {
        name: "straight".into(),
        border,
        context: vec![],
        territory: vec![],
        zones: vec![],
        crossings: vec![],
        chart: vedette_atlas::Chart::default(),
        geoid: Geoid {
            undulation_m: 50.0,
            sigma_m: 1.0,
            source: "test".into(),
        },
        terrain: FLAT.clone(),
        attribution: String::new(),
    }
}

fn aircraft(id: u32, airframe: Airframe, family: Family, base: LatLon, cruise: f64) -> Aircraft {
    let copter = airframe == Airframe::Copter;
    Aircraft {
        vehicle: VehicleId(id),
        tail: format!("VD-{id}"),
        name: format!("Craft {id}"),
        airframe,
        family,
        base,
        envelope: Envelope {
            cruise_m_s: cruise,
            min_m_s: if copter { 0.0 } else { 13.0 },
            max_m_s: cruise + 8.0,
            climb_m_s: 4.0,
            descent_m_s: 3.0,
            max_bank_deg: 40.0,
        },
        energy: Energy {
            battery_wh: 1200.0,
            cruise_w: 500.0,
            hover_w: 600.0,
            mass_kg: 6.0,
            climb_efficiency: 0.5,
            sigma_share: 0.05,
            reserve_share: 0.2,
        },
        camera: Camera {
            spectrum: Spectrum::Thermal,
            hfov_deg: 30.0,
            width_px: 1280,
            height_px: 1024,
            max_depression_deg: 90.0,
            min_depression_deg: 5.0,
        },
    }
}

/// Writes legs one after the other.
struct Pen<'a> {
    world: &'a World,
    craft: &'a Aircraft,
    legs: Vec<Leg>,
    at: LatLon,
    amsl: f64,
    time: f64,
    wh: f64,
}

impl Pen<'_> {
    fn leg(&mut self, kind: LegKind, to: LatLon, amsl: f64, watches: Option<[f64; 2]>) {
        let speed = self.craft.envelope.cruise_m_s;
        let way = distance_m(self.at, to);
        let rise = amsl - self.amsl;
        let steep = rise.abs() / if rise > 0.0 { 3.5 } else { 2.5 };
        let time = (way / speed).max(steep).max(1.0);
        let hangs = way < 1.0 && (self.craft.airframe != Airframe::Plane || kind == LegKind::Loiter);
        let e = &self.craft.energy;
        self.wh += if hangs { e.hover_w } else { e.cruise_w } * time / 3600.0
            + rise.max(0.0) * e.mass_kg * 9.80665 / e.climb_efficiency / 3600.0;
        self.legs.push(Leg {
            kind,
            from: self.at,
            from_amsl: Amsl(self.amsl),
            to,
            to_amsl: Amsl(amsl),
            start_s: self.time,
            end_s: self.time + time,
            ground_m_s: way / time,
            air_m_s: way / time,
            watches_m: watches,
            watch_half_m: if watches.is_some() { 80.0 } else { 0.0 },
            aim: watches.map(|w| w.map(|m| self.world.border.at(m + 1000.0))),
            link_loss: LinkLoss::Return,
            energy_wh: self.wh,
        });
        (self.at, self.amsl, self.time) = (to, amsl, self.time + time);
    }

    /// A half circle to the home side as a polyline, from and to the track.
    fn turn_back(&mut self, m: f64, eastward: bool, amsl: f64) {
        let radius = 90.0;
        let ahead = if eastward { 1.0 } else { -1.0 };
        let centre_off = TRACK_M + radius;
        for k in 1..=9 {
            let a = std::f64::consts::PI * f64::from(k) / 9.0;
            let p = home_of(self.world, m + ahead * radius * a.sin(), centre_off - radius * a.cos());
            self.leg(LegKind::Turn, p, amsl, None);
        }
    }
}

fn one(world: &World, craft: &Aircraft, from: f64, to: f64, agl: f64) -> AircraftPlan {
    let copter = craft.airframe == Airframe::Copter;
    let amsl = GROUND + agl;
    let mut pen = Pen {
        world,
        craft,
        legs: vec![],
        at: craft.base,
        amsl: GROUND,
        time: 0.0,
        wh: 0.0,
    };
    let entry = home_of(world, 1000.0 + from, TRACK_M);
    if copter {
        pen.leg(LegKind::TakeOff, craft.base, amsl, None);
    } else {
        let out = destination(craft.base, azimuth_deg(craft.base, entry), 900.0);
        pen.leg(LegKind::TakeOff, out, amsl, None);
    }
    let start = if copter {
        entry
    } else {
        home_of(world, 1000.0 + from - 700.0, TRACK_M + 250.0)
    };
    pen.leg(LegKind::Transit, start, amsl, None);
    if !copter {
        pen.leg(LegKind::Transit, entry, amsl, None);
    }
    for pass in 0..PASSES {
        let east = pass % 2 == 0;
        // A fixed wing comes back on a parallel track, two radii nearer home.
        let off = if copter || east { TRACK_M } else { TRACK_M + 180.0 };
        let (a, b) = if east { (from, to) } else { (to, from) };
        pen.leg(LegKind::Patrol, home_of(world, 1000.0 + b, off), amsl, Some([a, b]));
        if !copter && pass + 1 < PASSES {
            let turn_at = 1000.0 + b;
            if east {
                pen.turn_back(turn_at, true, amsl);
            } else {
                // Back to the outer track: the same half circle, walked the other way round.
                for k in 1..=9 {
                    let ang = std::f64::consts::PI * f64::from(k) / 9.0;
                    let p = home_of(world, turn_at - 90.0 * ang.sin(), TRACK_M + 90.0 + 90.0 * ang.cos());
                    pen.leg(LegKind::Turn, p, amsl, None);
                }
            }
        }
    }
    if !copter {
        pen.leg(
            LegKind::Return,
            home_of(world, 1000.0 + from - 500.0, TRACK_M + 600.0),
            amsl,
            None,
        );
        pen.leg(
            LegKind::Return,
            destination(craft.base, azimuth_deg(craft.base, pen.at), 1000.0),
            amsl,
            None,
        );
    } else {
        pen.leg(LegKind::Return, craft.base, amsl, None);
    }
    pen.leg(LegKind::Land, craft.base, GROUND, None);
    let legs = pen.legs;
    let item = |command, at, amsl: f64| MissionItem {
        command,
        frame: AltFrame::Amsl,
        params: [None; 4],
        at: Some(at),
        alt_m: amsl,
    };
    let mut items = vec![item(command::NAV_TAKEOFF, legs[0].to, amsl)];
    for l in &legs[1..legs.len() - 1] {
        items.push(item(command::NAV_WAYPOINT, l.to, amsl));
    }
    items.push(item(command::NAV_LAND, craft.base, GROUND));
    let fence = vec![
        home_of(world, 200.0, 300.0),
        home_of(world, 15_800.0, 300.0),
        home_of(world, 15_800.0, 6000.0),
        home_of(world, 200.0, 6000.0),
    ];
    let fence_items = fence
        .iter()
        .map(|p| MissionItem {
            command: command::FENCE_POLYGON_VERTEX_INCLUSION,
            frame: AltFrame::None,
            params: [Some(fence.len() as f64), None, None, None],
            at: Some(*p),
            alt_m: 0.0,
        })
        .collect();
    let rally = vec![(home_of(world, 8000.0, 2000.0), Amsl(GROUND + agl))];
    let rally_items = rally.iter().map(|(p, h)| item(command::RALLY_POINT, *p, h.0)).collect();
    AircraftPlan {
        vehicle: craft.vehicle,
        sortie: 0,
        lands_at: None,
        return_branches: vec![],
        home: craft.base,
        home_amsl: Amsl(GROUND),
        take_off: AboveHome(agl),
        return_path: vec![home_of(world, 1000.0 + (from + to) / 2.0, 800.0), craft.base],
        legs,
        return_amsl: Amsl(amsl),
        rally,
        fence,
        items,
        fence_items,
        rally_items,
    }
}

/// The plan.
pub(crate) fn plan(world: &World) -> PatrolPlan {
    let bases = [home_of(world, 4000.0, 3000.0), home_of(world, 9000.0, 3000.0)];
    let fleet = vec![
        aircraft(1, Airframe::Copter, Family::ArduPilot, bases[0], 14.0),
        aircraft(2, Airframe::Plane, Family::Px4, bases[1], 20.0),
    ];
    let parts = vec![
        one(world, &fleet[0], 0.0, 5000.0, 120.0),
        one(world, &fleet[1], 5000.0, 12_000.0, 120.0),
    ];
    let first = |k: usize| parts[k].legs.iter().find(|l| l.watches_m.is_some()).unwrap().end_s;
    let until = parts
        .iter()
        .map(|p| p.legs.iter().rev().find(|l| l.watches_m.is_some()).unwrap().end_s);
    // Two aircraft of 20 m/s that never pass each other share the line out, each with a footprint of 160 m.
    let lower_bound_s = 2.0 * (6000.0 - 160.0) / 20.0;
    let mut plan = PatrolPlan {
        schema: 1,
        id: PlanId(String::new()),
        parent: None,
        brief: Brief {
            name: "by hand".into(),
            section: Section {
                border: "A-B".into(),
                from_km: 1.0,
                to_km: 13.0,
            },
            requirement: Requirement {
                revisit_s: 800.0,
                target: TargetClass::Person,
                pixels_on_target: 2.0,
                duration_s: 1200.0,
                intervals: vec![],
            },
            limits: Limits {
                stand_off_m: 300.0,
                nav_sigma_m: 5.0,
                min_agl_m: 100.0,
                max_agl_m: 150.0,
                separation_h_m: 150.0,
                separation_v_m: 30.0,
            },
            wind: WindBrief {
                from_deg: 270.0,
                speed_m_s: 0.0,
                gust_m_s: 2.0,
            },
            fleet,
            no_fly: vec![],
            bases: vec![],
            antennas: vec![],
            wind_layers: vec![],
            sections: vec![],
        },
        site: world.site_hash(),
        terrain: "flat".into(),
        section_m: 12_000.0,
        aircraft: parts.clone(),
        promise: Promise {
            revisit_s: 760.0,
            lower_bound_s,
            bound_source: String::new(),
            from_s: first(0).min(first(1)),
            until_s: until.fold(f64::INFINITY, f64::min),
        },
        blind: vec![],
        timetable: None,
        sizing: None,
        intervals: vec![],
        drawn: vec![],
    };
    plan.id = plan_id(&plan);
    plan
}

#[test]
fn sound_plan_is_clear_with_true_figures() {
    let world = world();
    let v = check(&plan(&world), &world);
    assert!(v.findings.is_empty(), "{:#?}", v.findings);
    // Each bounces on its own part: 2(l − w)/v and the time of a fixed wing's turn.
    assert!(
        (v.revisit_measured_s - 2.0 * (5000.0 - 160.0) / 14.0).abs() < 40.0,
        "{}",
        v.revisit_measured_s
    );
    assert!(v.lower_bound_s < v.revisit_measured_s && v.lower_bound_s > 0.4 * v.revisit_measured_s);
    assert!((v.margins[0].border_m - TRACK_M).abs() < 1.0, "{:?}", v.margins);
    // The fixed wing flies beyond its corners by design: its arcs come nearer to the line than its legs.
    assert!(
        v.margins[1].border_m > 330.0 && v.margins[1].border_m <= TRACK_M,
        "{:?}",
        v.margins
    );
    assert!((v.margins[0].clearance_m - 120.0).abs() < 0.5);
    assert!(
        v.margins.iter().all(|m| m.energy_share > 0.2 && m.energy_share < 0.9),
        "{:?}",
        v.margins
    );
    assert!(v.samples > 10_000);
    assert_eq!(v.gap_per_cell_s.len(), 240);
}

#[test]
fn only_a_clear_plan_becomes_valid_and_it_keeps_its_items() {
    let world = world();
    let good = plan(&world);
    let valid = approve(good.clone(), &world).unwrap();
    let upload = valid.mission_for(VehicleId(2)).unwrap();
    assert_eq!(upload.mission, good.aircraft[1].items);
    assert_eq!(upload.fence.len(), 4);
    assert!(valid.mission_for(VehicleId(9)).is_none());
    let mut bad = good;
    bad.brief.limits.stand_off_m = 500.0;
    bad.id = plan_id(&bad);
    let refused = approve(bad, &world).unwrap_err();
    assert!(refused.to_string().contains("comes to"), "{refused}");
}

#[test]
fn same_plan_gives_the_same_verdict() {
    let world = world();
    let p = plan(&world);
    assert_eq!(check(&p, &world), check(&p, &world));
    assert_eq!(on_border(&world, 0.0), world.border.line[0]);
}
