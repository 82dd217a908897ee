//! What the charts beside the map say of a trial: its size, its gaps against promise and bound, who
//! flies when, ground and route; and the two tools that read and set places.

use super::*;
use vedette_panels::plan::Study;

/// The answer to the newest trial with all a planner is shown of it.
fn answer_whole(h: &mut Harness<Room>) -> Arc<Tried> {
    let tried = answer(h);
    let world = &demo::base().world;
    let plan = tried.plan.as_deref().expect("a plan");
    let study = Study {
        cells: vedette_planner::border_cells(plan, world, tried.verdict.as_deref(), 50.0),
        profile: vedette_planner::profile(plan, 0, world, 50.0, plan.section_m * 2.5),
        lanes: vedette_planner::lanes(plan),
        options: vedette_planner::fleet_options(&plan.brief, plan.section_m, 100.0, |_| 60.0, 4),
        link_loss: vec![],
    };
    let tried = Arc::new(Tried {
        study: Some(Arc::new(study)),
        ..(*tried).clone()
    });
    table(h).tried.put(tried.clone());
    h.run_steps(3);
    tried
}

fn line(h: &Harness<Room>, starts: &str) -> String {
    let all = names(h);
    let found = all.iter().find(|n| n.starts_with(starts));
    found.unwrap_or_else(|| panic!("{starts}: {all:?}")).clone()
}

#[test]
fn every_chart_follows_the_trial_and_says_its_figures() {
    let mut h = room();
    let first = answer_whole(&mut h);
    let (plan, verdict) = (first.plan.clone().unwrap(), first.verdict.clone().unwrap());
    let gaps = line(&h, "Longest gap per kilometre");
    let promised = format!("promised {:.0} s", plan.brief.requirement.revisit_s);
    let bound = format!(
        "no plan's longest gap can beat {}",
        vedette_panels::words::duration(verdict.lower_bound_s)
    );
    assert!(gaps.contains(&promised) && gaps.contains(&bound), "{gaps}");
    assert!(verdict.lower_bound_s <= verdict.revisit_measured_s + 1e-6);
    let study = first.study.clone().unwrap();
    let sizing = line(&h, "Sizing");
    for o in study.options.iter().take(2) {
        let row = format!(
            "{}, {} sets",
            vedette_panels::words::duration(o.longest_gap_s),
            o.battery_sets
        );
        assert!(sizing.contains(&row), "{row}: {sizing}");
    }
    let flights = plan.timetable.as_ref().map_or(plan.aircraft.len(), |t| t.sorties.len());
    let timetable = line(&h, "Timetable");
    assert!(
        timetable.starts_with(&format!("Timetable: {flights} flights")),
        "{timetable}"
    );
    let lowest = study
        .profile
        .iter()
        .filter_map(|q| Some((q.chainage_m?, q.clearance_m?)))
        .min_by(|a, b| a.1.total_cmp(&b.1))
        .expect("a profile over known ground");
    let words = format!("lowest {:.0} m at {}", lowest.1, vedette_panels::words::km(lowest.0));
    let profile = line(&h, "Elevation and clearance");
    assert!(profile.contains(&words), "{words}: {profile}");
    // Another revisit: everything is said anew.
    write(&mut h, "Revisit at most", "6 min");
    assert!((asked(&h).brief.requirement.revisit_s - 360.0).abs() < 1e-9);
    answer_whole(&mut h);
    let again = line(&h, "Longest gap per kilometre");
    assert!(again != gaps && again.contains("promised 360 s"), "{again}");
    assert!(h.state().given.is_empty(), "a trial reaches nobody");
}

#[test]
fn a_base_is_put_with_one_click_and_a_way_is_measured_without_touching_the_brief() {
    let mut h = room();
    let before = asked(&h).brief.clone();
    let c = h.state().local.map_rect.center();
    h.get_by_label("Tool Measure").click();
    h.run_steps(2);
    for d in [(-80.0, 180.0), (60.0, 180.0), (60.0, 240.0)] {
        click(&mut h, c + vec2(d.0, d.1));
    }
    let way = h.state().local.plan.drawing.clone();
    let metres: f64 = way.windows(2).map(|q| distance_m(q[0], q[1])).sum();
    assert_eq!(way.len(), 3);
    assert!(
        (metres / h.state().local.map.m_per_px - 200.0).abs() < 3.0,
        "{metres} m for 200 pixels"
    );
    assert_eq!(asked(&h).brief, before, "measuring changes nothing");
    h.key_press(Key::Escape);
    h.run_steps(2);
    h.get_by_label("Tool Base").click();
    h.run_steps(2);
    let at = c + vec2(-40.0, 200.0);
    click(&mut h, at);
    let fleet = asked(&h).brief.fleet.clone();
    let who = h.state().local.selected.expect("an aircraft is selected");
    for (new, old) in fleet.iter().zip(&before.fleet) {
        let moved = distance_m(new.base, old.base) > 1.0;
        assert_eq!(moved, new.vehicle == who, "{}", new.tail);
    }
    let put = fleet.iter().find(|a| a.vehicle == who).expect("in the brief").base;
    assert!(on_map(&h, put).distance(at) < 2.0);
}
