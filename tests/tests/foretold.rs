//! What the planner foretells of the demo's flights against the same flights as the simulator flies
//! them: two models of one aircraft that share no code.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests; the table is the point")]

use vedette_geo::LatLon;
use vedette_model::plan::{Brief, LegKind};
use vedette_model::{LandedState, Mono};
use vedette_sim_vehicle::{SimVehicle, VehicleConfig, Weather};
use vedette_tests::station::{command, heartbeat, start_orders};

#[test]
fn time_and_energy_of_the_demos_flights_are_as_the_plan_says_within_a_tenth() {
    let root = vedette_tests::root();
    let world = vedette_atlas::load::site(&root.join("maps/data/andorra"), None, 7).unwrap();
    let text = std::fs::read_to_string(root.join("mission/data/andorra-south.toml")).unwrap();
    let brief: Brief = toml::from_str(&text).unwrap();
    let plan = vedette_planner::plan(&brief, &world, 7).unwrap();
    println!(
        "{:<8} {:>22} {:>22}",
        "", "seconds: plan, flown", "watt hours: plan, flown"
    );
    for a in &plan.aircraft {
        let craft = brief.fleet.iter().find(|f| f.vehicle == a.vehicle).unwrap();
        let system = a.vehicle.0 as u8;
        let mut c = VehicleConfig::small(system, craft.airframe, a.home, a.home_amsl);
        c.envelope = craft.envelope;
        c.energy = craft.energy;
        let mut v = SimVehicle::new(c);
        let wind = Weather {
            wind_from_deg: brief.wind.from_deg,
            wind_m_s: brief.wind.speed_m_s,
            gust_m_s: 0.0,
        };
        let ground = |p: LatLon| world.terrain.elevation(p).or(Some(a.home_amsl));
        let (mut seq, mut now) = (0, 0);
        let mut run = |v: &mut SimVehicle, seconds: f64, orders: &[(u16, [f32; 2])]| {
            for (id, p) in orders {
                seq = u8::wrapping_add(seq, 1);
                v.handle_datagram(Mono(now), 0, &command(255, seq, system, *id, *p));
            }
            for _ in 0..(seconds * 2.0) as u32 {
                seq = u8::wrapping_add(seq, 1);
                // Without it the link counts as lost.
                v.handle_datagram(Mono(now), 0, &heartbeat(255, seq));
                now += 500_000;
                v.step(Mono(now), &ground, &wind);
                while v.poll_transmit().is_some() {}
            }
        };
        run(&mut v, 40.0, &[]);
        v.load_mission(&a.items).unwrap();
        for order in start_orders(craft.airframe) {
            run(&mut v, 0.5, order);
        }
        assert!(v.truth().armed, "{} arms in {}", craft.tail, v.truth().mode);
        let full = v.truth().battery_wh_left;
        let (mut begun, mut down) = (None, None);
        for k in 0..4_000 {
            run(&mut v, 0.5, &[]);
            let t = v.truth();
            assert!(!t.crashed, "{} hit the ground", craft.tail);
            let up = t.landed != LandedState::OnGround;
            if up && begun.is_none() {
                begun = Some(k);
            }
            if begun.is_some() && !up {
                down = Some(k);
                break;
            }
        }
        let seconds = f64::from(down.expect("it lands") - begun.expect("it took off")) * 0.5;
        let wh = full - v.truth().battery_wh_left;
        let (first, last) = (&a.legs[0], a.legs.last().unwrap());
        assert_eq!((first.kind, last.kind), (LegKind::TakeOff, LegKind::Land));
        let (plan_s, plan_wh) = (last.end_s - first.start_s, last.energy_wh);
        println!(
            "{:<8} {plan_s:>10.0} {seconds:>6.0} {:>+4.1}% {plan_wh:>10.1} {wh:>6.1} {:>+4.1}%",
            craft.tail,
            (seconds / plan_s - 1.0) * 100.0,
            (wh / plan_wh - 1.0) * 100.0
        );
        assert!((seconds / plan_s - 1.0).abs() < 0.1, "{}: time", craft.tail);
        assert!((wh / plan_wh - 1.0).abs() < 0.1, "{}: energy", craft.tail);
    }
}
