//! What the planning workspace shows and asks: sizing table, cells, lanes, comparison, replanning, cues, hand-over, link loss.
//! Plans that come out of a change are judged by the independent checker.

#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "../benches/workload.rs"]
mod workload;

use std::path::Path;
use std::sync::LazyLock;

use vedette_atlas::{World, load};
use vedette_geo::{Amsl, LatLon, destination, distance_m};
use vedette_model::plan::{FindingSeverity, LinkLoss, NoFly, PatrolPlan, WindBrief};
use vedette_model::{Airframe, VehicleId};
use vedette_planner::{
    BarKind, Change, Constraint, Cue, Detectability, FlightChange, Held, Radio, border_cells, compare, fleet_options,
    gaps_per_km, hand_over, lanes, plan, profile, read_brief, rehearse, replan, respond, resume,
};

/// A hundred kilometres watched for a day by nine aircraft from three bases.
static DAY: LazyLock<(World, PatrolPlan)> = LazyLock::new(|| {
    let line = workload::winding(LatLon::new(61.3, 28.2).unwrap(), 20.0, 130.0, 3);
    let w = workload::world(line, true, 1201);
    let mut b = workload::brief(&w, (5.0, 110.0), 9, 3, 24.0, 12);
    for a in &mut b.fleet {
        a.energy.battery_wh *= 0.6;
    }
    let p = plan(&b, &w, 7).unwrap();
    (w, p)
});

/// The demo: two aircraft on four kilometres of synthetic mountains.
static DEMO: LazyLock<(World, PatrolPlan)> = LazyLock::new(|| {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let brief = read_brief(&std::fs::read_to_string(root.join("mission/data/andorra-south.toml")).unwrap()).unwrap();
    let w = load::site(&root.join("maps/data/andorra"), None, 7).unwrap();
    let p = plan(&brief, &w, 7).unwrap();
    (w, p)
});

fn must_stand(p: &PatrolPlan, w: &World, what: &str) {
    let v = vedette_checker::check(p, w);
    let bad: Vec<_> = v
        .findings
        .iter()
        .filter(|f| f.severity == FindingSeverity::Refused)
        .map(|f| format!("{:?} {:?} {}: {} {:?}", f.vehicle, f.leg, f.check, f.what, f.time_s))
        .collect();
    assert!(
        v.is_clear(),
        "{what}: {} findings: {:#?}",
        bad.len(),
        &bad[..bad.len().min(5)]
    );
}

#[test]
fn one_more_aircraft_never_makes_the_table_worse() {
    let (_, p) = &*DEMO;
    let rows = fleet_options(&p.brief, p.section_m, 120.0, |_| 40.0, 12);
    assert_eq!(rows.len(), 12);
    assert!(rows.windows(2).all(|w| w[1].longest_gap_s <= w[0].longest_gap_s + 1e-9));
    assert!(
        rows.iter()
            .all(|r| r.bound_s <= r.longest_gap_s + 1e-6 && r.battery_sets >= r.owned)
    );
    assert!(rows[1].owned == 2 && rows[1].by_kind.len() == 2);
    assert!(rows.iter().any(|r| r.meets), "enough aircraft meet any brief");
    // A day: each place on patrol takes several batteries.
    let (_, d) = &*DAY;
    let rows = fleet_options(&d.brief, d.section_m, 200.0, |_| 300.0, 10);
    assert!(rows[5].battery_sets > rows[5].owned, "{:?}", rows[5]);
}

#[test]
fn every_kilometre_and_cell_has_its_figures() {
    let (w, p) = &*DEMO;
    let v = vedette_checker::check(p, w);
    let kms = gaps_per_km(p, &v);
    assert_eq!(kms.len(), 4);
    let worst = kms.iter().filter_map(|k| k.gap_s).fold(0.0, f64::max);
    assert!((worst - v.revisit_measured_s).abs() < 1e-6);
    assert!(kms.iter().all(|k| k.over_bound.is_none_or(|r| r > 0.0)));
    assert!((kms[3].to_m - p.section_m).abs() < 1e-6);

    let cells = border_cells(p, w, Some(&v), 50.0);
    assert_eq!(cells.len(), 78);
    for c in &cells {
        let blind = p.blind.iter().any(|b| b.from_m < c.to_m && b.to_m > c.from_m);
        assert_eq!(c.detect == Detectability::Blind, c.why.is_some(), "{c:?}");
        if !blind {
            assert!(
                c.detect > Detectability::Blind && c.pixels >= 0.9 * p.brief.requirement.pixels_on_target,
                "{c:?}"
            );
            assert!(c.clearance_m.unwrap() >= p.brief.limits.min_agl_m - 1.0, "{c:?}");
            let left = c.battery_share.unwrap();
            assert!((0.2..1.0).contains(&left), "{c:?}");
            assert!(c.radio.is_some() && c.gap_s.is_some(), "{c:?}");
        }
    }
    let side = profile(p, 0, w, 10.0, 1e9);
    assert!(
        side.windows(2)
            .all(|w| w[1].along_m - w[0].along_m <= 10.0 + 1e-6 && w[1].time_s >= w[0].time_s)
    );
    let least = side
        .iter()
        .filter(|s| !s.low)
        .filter_map(|s| s.clearance_m)
        .fold(f64::INFINITY, f64::min);
    assert!(least >= p.brief.limits.min_agl_m - 1.0, "{least}");
    assert!(profile(p, 99, w, 10.0, 1e9).is_empty());
}

#[test]
fn lanes_tell_who_is_where_and_who_relieves_whom() {
    let (_, p) = &*DAY;
    let all = lanes(p);
    assert_eq!(all.len(), p.brief.fleet.len());
    let mut reliefs = 0;
    for lane in &all {
        assert!(
            lane.bars.windows(2).all(|w| w[1].from_s >= w[0].to_s - 1e-6),
            "{}",
            lane.tail
        );
        for b in lane.bars.iter().filter(|b| b.kind == BarKind::Patrol) {
            if let Some(v) = b.relieved_by {
                reliefs += 1;
                let other = all.iter().find(|l| l.vehicle == v).unwrap();
                let took =
                    |o: &&vedette_planner::Bar| o.relieves == Some(lane.vehicle) && (o.from_s - b.to_s).abs() < 1.0;
                assert_eq!(other.bars.iter().find(took).unwrap().station, b.station);
            }
        }
    }
    assert!(reliefs > 0);
    let (_, demo) = &*DEMO;
    assert!(lanes(demo).iter().all(|l| l.bars.len() == 3));
}

#[test]
fn a_plan_compared_with_itself_is_the_same() {
    let (_, p) = &*DAY;
    let d = compare(p, p);
    assert!(d.same == d.flights.len() && d.flights.len() == p.aircraft.len());
    let mut late = p.clone();
    for l in &mut late.aircraft[0].legs {
        l.start_s += 10.0;
        l.end_s += 10.0;
    }
    late.aircraft.pop();
    let d = compare(p, &late);
    assert!(
        d.flights
            .iter()
            .any(|f| matches!(f.change, FlightChange::Shifted { by_s } if (by_s - 10.0).abs() < 1e-9))
    );
    assert_eq!(
        d.flights.iter().filter(|f| f.change == FlightChange::Removed).count(),
        1
    );
    assert!(d.words()[1].contains("1 fall away"), "{:?}", d.words());
}

#[test]
fn losses_zones_and_wind_are_planned_around() {
    let (w, p) = &*DEMO;
    let gone = VehicleId(2);
    let mut eased = p.clone();
    eased.brief.requirement.revisit_s = 2000.0;
    eased.brief.requirement.duration_s = 1500.0;
    for a in &mut eased.brief.fleet {
        a.energy.battery_wh *= 2.0;
    }
    match replan(&eased, w, &Change::LostAircraft(gone), 0.0, 7) {
        Ok(r) => {
            assert_eq!(r.plan.parent, Some(p.id.clone()));
            assert!(r.plan.aircraft.iter().all(|a| a.vehicle != gone));
            assert!(r.hole.is_none() && r.diff.flights.iter().any(|f| f.change == FlightChange::Removed));
            must_stand(&r.plan, w, "one aircraft left");
        }
        // Mountains may leave one aircraft no straight way home from the far end: said, with what would do.
        Err(e) => assert!(
            e.constraint == Constraint::Return && e.relaxation.contains("base"),
            "{e}"
        ),
    }
    // What the brief asks is out of one aircraft's reach: said, with what would do.
    let e = replan(p, w, &Change::LostAircraft(gone), 0.0, 7).unwrap_err();
    assert!(!e.relaxation.is_empty() && !e.what.is_empty(), "{e}");
    assert!(replan(p, w, &Change::LostAircraft(VehicleId(77)), 0.0, 7).is_err());
    let wind = WindBrief {
        from_deg: 90.0,
        speed_m_s: 3.0,
        gust_m_s: 2.0,
    };
    let mut eased = p.clone();
    eased.brief.requirement.revisit_s = 600.0;
    let r = replan(&eased, w, &Change::Wind(wind), 0.0, 7).unwrap();
    must_stand(&r.plan, w, "other wind");
    assert_eq!(r.plan.brief.wind, wind);
}

#[test]
fn a_day_goes_on_after_a_loss_and_untouched_crews_keep_their_flights() {
    let (w, p) = &*DAY;
    let who = p.aircraft[0].vehicle;
    for (change, now, what) in [
        (Change::LostAircraft(who), 0.0, "lost before"),
        (Change::LostAircraft(who), 4.0 * 3600.0, "lost after four hours"),
        (Change::LostBase(p.brief.bases[2].at), 0.0, "base lost before"),
    ] {
        let r = match replan(p, w, &change, now, 7) {
            Ok(r) => r,
            Err(e) => {
                // Refusing is an answer too, if it says why and what would do.
                assert!(!e.relaxation.is_empty());
                eprintln!("{what}: {e}");
                continue;
            }
        };
        assert_eq!(r.plan.parent, Some(p.id.clone()), "{what}");
        for a in p.aircraft.iter().filter(|a| !r.touched.contains(&a.vehicle)) {
            assert!(r.plan.aircraft.contains(a), "{what}: flight of {} changed", a.vehicle);
        }
        assert!(now <= 0.0 || r.hole.is_some(), "{what}");
        eprintln!(
            "{what}: touched {:?}, hole {:?}, {:?}",
            r.touched,
            r.hole,
            r.diff.words()
        );
        must_stand(&r.plan, w, what);
    }
    // A zone far from every way changes nothing but the brief.
    let far = destination(p.brief.bases[1].at, 270.0, 60_000.0);
    let zone = NoFly {
        name: "far".into(),
        polygon: vec![],
        centre: Some(far),
        radius_m: 800.0,
        floor: None,
        ceiling: None,
        more: Default::default(),
    };
    let r = replan(p, w, &Change::NewZone(zone), 3600.0, 7).unwrap();
    assert!(r.touched.is_empty() && r.diff.same == p.aircraft.len());
    must_stand(&r.plan, w, "far zone");
}

fn leg_of(a: &vedette_model::plan::AircraftPlan, leg: &vedette_model::plan::Leg) -> usize {
    a.legs.iter().position(|l| l == leg).unwrap()
}

#[test]
fn a_mission_goes_on_where_the_border_was_left() {
    let (_, p) = &*DEMO;
    let a = &p.aircraft[0];
    let leg = a
        .legs
        .iter()
        .filter(|l| l.kind == vedette_model::plan::LegKind::Patrol)
        .nth(6)
        .unwrap();
    let w = leg.watches_m.unwrap();
    let r = resume(p, 0, w[0], w[1] > w[0], 0).unwrap();
    assert!((r.chainage_m - w[0]).abs() < 1.0, "{r:?}");
    assert_eq!(a.items[r.item].at, Some(r.at));
    assert!(r.left_s > 0.0 && resume(p, 9, 0.0, true, 0).is_none());
    // Passes to come are taken up at their own items, not at those of passes flown already.
    let mut before = r;
    while let Some(next) = resume(p, 0, w[0], w[1] > w[0], before.leg + 1) {
        assert!(next.leg > before.leg && next.item > before.item, "{before:?} {next:?}");
        assert!(next.left_s < before.left_s);
        assert_eq!(a.items[next.item].at, Some(next.at));
        before = next;
    }
    assert!(before.leg > leg_of(a, leg), "several passes fly there");
}

#[test]
fn the_best_aircraft_answers_a_cue() {
    let (w, p) = &*DAY;
    // On the line, abreast of the middle of the section, at ten places and moments.
    for k in 0..10 {
        let m = p.brief.section.from_km * 1000.0 + p.section_m * (0.05 + 0.1 * f64::from(k));
        let cue = Cue {
            at: w.border.at(m),
            hold_s: 300.0,
            across_m: None,
        };
        let all = respond(p, w, &cue, 3600.0 * (1.0 + 2.0 * f64::from(k)));
        assert_eq!(all.len(), p.brief.fleet.len());
        let best = &all[0];
        assert!(best.able && !best.heights.is_empty(), "{all:#?}");
        assert!(
            best.detect >= Detectability::Detect && best.left_share >= 0.2,
            "{best:?}"
        );
        let end = *best.path.last().unwrap();
        assert!(
            w.home_distance_m(end) > p.brief.limits.stand_off_m,
            "it stays on our side"
        );
        for other in all
            .iter()
            .filter(|o| o.able && !o.heights.is_empty() && o.detect == best.detect)
        {
            assert!(
                other.eta_s + 0.11 * other.away_s.max(0.0) + 1.0 >= best.eta_s,
                "{other:?} is better than {best:?}"
            );
        }
        assert!(all.iter().all(|r| !r.why.is_empty()));
    }
}

#[test]
fn targets_are_handed_over_before_they_are_lost() {
    let (w, p) = &*DAY;
    let at = destination(w.border.at(60_000.0), 270.0, 800.0);
    let now = 5.0 * 3600.0;
    let holder = respond(
        p,
        w,
        &Cue {
            at,
            hold_s: 60.0,
            across_m: None,
        },
        now,
    )[0]
    .vehicle;
    let held = |sigma_v| Held {
        at,
        velocity_m_s: [1.0, 0.5],
        sigma: [15.0, sigma_v],
        holder,
    };
    let slow = hand_over(p, w, &held(0.1), now);
    let fast = hand_over(p, w, &held(5.0), now);
    assert!(!slow.is_empty());
    for h in &slow {
        assert!(h.response.vehicle != holder);
        let moved = distance_m(at, h.expected);
        assert!((moved - 1.118 * h.response.eta_s).abs() < 0.25 * moved + 30.0, "{h:?}");
    }
    let of = |v| slow.iter().find(|h| h.response.vehicle == v);
    for h in &fast {
        if let Some(s) = of(h.response.vehicle) {
            assert!(
                h.lost_m > s.lost_m && h.hold_on_s >= s.hold_on_s,
                "the faster it may move, the longer it must be held"
            );
        }
        assert!(h.hold_on_s <= h.response.eta_s + 1e-6);
    }
}

#[test]
fn link_loss_is_rehearsed_on_every_leg() {
    let (w, p) = &*DEMO;
    let all = rehearse(p, w);
    assert!(!all.is_empty());
    for r in &all {
        let a = p
            .aircraft
            .iter()
            .find(|a| a.vehicle == r.vehicle && a.sortie == r.sortie)
            .unwrap();
        assert!(distance_m(r.ends_at, a.home) < 5.0, "{}", r.words);
        assert!(r.takes_s > 0.0 && r.left_share > 0.0, "{}", r.words);
        assert_eq!(r.radio == Radio::Clear, r.dark_at.is_none());
        if r.action == LinkLoss::Return {
            assert!(
                r.clearance_m.unwrap() >= p.brief.limits.min_agl_m - 1.0,
                "{} {:?}",
                r.words,
                r.clearance_m
            );
        }
    }
    // A taller mast hears more.
    let clear = |p: &PatrolPlan| rehearse(p, w).iter().map(|r| r.clear_share).sum::<f64>();
    let mut tall = p.clone();
    tall.brief.antennas = vedette_planner::antennas(&p.brief);
    for a in &mut tall.brief.antennas {
        a.mast_m = 80.0;
    }
    assert!(clear(&tall) >= clear(p));
}

/// The least of the distances to border and zones along a way, less what the law asks, metres.
fn least_spare_m(w: &World, p: &PatrolPlan, path: &[LatLon]) -> f64 {
    let l = &p.brief.limits;
    let border = l.stand_off_m + w.border.accuracy_m + 3.0 * l.nav_sigma_m;
    let mut least = f64::INFINITY;
    for leg in path.windows(2) {
        let n = (distance_m(leg[0], leg[1]) / 10.0).ceil().max(1.0);
        let mut k = 0.0;
        while k <= n {
            let at = vedette_geo::interpolate(leg[0], leg[1], k / n);
            least = least.min(w.home_distance_m(at) - border);
            for z in &p.brief.no_fly {
                if let Some(c) = z.centre {
                    least = least.min(distance_m(at, c) - z.radius_m - 3.0 * l.nav_sigma_m);
                }
            }
            for z in w.no_fly() {
                least = least.min(z.distance_m(at) - 3.0 * l.nav_sigma_m);
            }
            k += 1.0;
        }
    }
    least
}

/// Every leg, flown level at the height of its end, keeps to the heights above ground the brief allows.
fn legal_heights(w: &World, p: &PatrolPlan, path: &[LatLon], heights: &[Amsl], who: &str) {
    let l = &p.brief.limits;
    assert_eq!(path.len(), heights.len());
    for (leg, h) in path
        .windows(2)
        .zip(heights.windows(2))
        .filter(|(leg, _)| leg[0] != leg[1])
    {
        let n = (distance_m(leg[0], leg[1]) / 10.0).ceil().max(1.0);
        let mut k = 0.0;
        while k <= n {
            let at = vedette_geo::interpolate(leg[0], leg[1], k / n);
            let agl = h[1].0 - w.terrain.elevation(at).unwrap().0;
            assert!(
                (l.min_agl_m..=l.max_agl_m).contains(&agl),
                "{who} is {agl:.0} m above the ground at {at}"
            );
            k += 1.0;
        }
    }
}

#[test]
fn an_alert_anywhere_beside_andorra_s_ridge_is_answered_through_legal_space() {
    let (w, p) = &*DEMO;
    let mut cornered = 0;
    // People on the line and up to 400 m inside it, all along the section, at many moments of the watch.
    for k in 0..60 {
        let m = p.brief.section.from_km * 1000.0 + p.section_m * (0.02 + 0.016 * f64::from(k));
        let beside = destination(w.border.at(m), w.border.azimuth_deg(m) - 90.0, 80.0 * f64::from(k % 6));
        let now = 20.0 * f64::from(k % 30);
        let cue = Cue {
            at: beside,
            hold_s: 120.0,
            across_m: None,
        };
        let all = respond(p, w, &cue, now);
        let best = &all[0];
        assert!(best.able, "at {m:.0} m, second {now}: {all:#?}");
        assert!(
            least_spare_m(w, p, &best.path) >= -0.5,
            "{}",
            least_spare_m(w, p, &best.path)
        );
        assert!(
            least_spare_m(w, p, &best.back) >= -0.5,
            "{}",
            least_spare_m(w, p, &best.back)
        );
        assert_eq!(best.back.last(), Some(&best.lands_at));
        for r in all.iter().filter(|r| r.able && !r.heights.is_empty()) {
            legal_heights(w, p, &r.path, &r.heights, &r.tail);
            legal_heights(w, p, &r.back, &r.back_heights, &r.tail);
            let craft = p.brief.fleet.iter().find(|a| a.vehicle == r.vehicle).unwrap();
            if craft.airframe != Airframe::Copter {
                // It circles where it watches, and that circle is legal too.
                let v = craft.envelope.cruise_m_s + p.brief.wind.speed_m_s + p.brief.wind.gust_m_s;
                let circle = v * v / (9.80665 * craft.envelope.max_bank_deg.to_radians().tan());
                let spot = *r.path.last().unwrap();
                assert!(least_spare_m(w, p, &[spot, spot]) >= circle - 0.5, "{}", r.tail);
            }
        }
        cornered += usize::from(best.path.len() > 2);
        for r in &all {
            assert!(!r.why.contains("three straight lines"));
        }
    }
    eprintln!("{cornered} of 60 answers go round something");
}

#[test]
fn a_crew_planned_anew_flies_from_the_bases_beside_it() {
    let line = workload::winding(LatLon::new(60.5, 27.8).unwrap(), 12.0, 330.0, 5);
    let w = workload::world(line, true, 1201);
    let mut b = workload::brief(&w, (10.0, 310.0), 15, 8, 24.0, 30);
    // Too little for common crews: each kind has its own stretch.
    for a in &mut b.fleet {
        a.energy.battery_wh *= 0.6;
    }
    let p = plan(&b, &w, 7).unwrap();
    let stations = &p.timetable.as_ref().unwrap().stations;
    // Somebody who watches the far end: those planned anew have most bases behind their stretch's beginning.
    let far = p
        .timetable
        .as_ref()
        .unwrap()
        .sorties
        .iter()
        .find(|s| s.station + 1 == stations.len())
        .unwrap()
        .vehicle;
    let track = p.aircraft.iter().find(|a| a.vehicle == far).unwrap();
    let zone_at = destination(track.legs[60].from, 0.0, 100.0);
    let zone = NoFly {
        name: "new".into(),
        polygon: vec![],
        centre: Some(zone_at),
        radius_m: 300.0,
        floor: None,
        ceiling: None,
        more: Default::default(),
    };
    for (what, change) in [("loss", Change::LostAircraft(far)), ("zone", Change::NewZone(zone))] {
        let r = replan(&p, &w, &change, 0.0, 7).unwrap();
        let kept = p.aircraft.iter().filter(|a| !r.touched.contains(&a.vehicle)).count();
        assert!(
            kept > 0 && r.diff.same == kept,
            "{what}: {kept} of {} flights kept",
            p.aircraft.len()
        );
        let t = r.plan.timetable.as_ref().unwrap();
        for s in &t.sorties {
            let relief = w
                .border
                .at(p.brief.section.from_km * 1000.0 + t.stations[s.station].relief_m);
            let far = |b: &vedette_model::Base| distance_m(b.at, relief);
            let nearer = t.bases.iter().filter(|b| far(b) < far(&t.bases[s.to_base])).count();
            assert!(
                nearer <= 3,
                "{what}: {} lands at {}, {nearer} bases are nearer",
                s.vehicle,
                t.bases[s.to_base].name
            );
        }
        must_stand(&r.plan, &w, what);
    }
}
