//! What the cameras make of the world: contrast by day and night, sizes by range, the day's course,
//! shadows, water, quality.

use std::sync::Arc;

use crate::library::load;
use crate::world::{actor, camera, meadow_at, meadow_in_snow};
use vedette_geo::Amsl;
use vedette_model::{Spectrum, Utc};
use vedette_sim::{ActorKind, CameraState, Image, Quality, Renderer, Weather};

fn mean(image: &Image, b: &vedette_model::ImageBox) -> f64 {
    let (w, _) = image.size();
    let n = image.bytes().len() / (w as usize * image.size().1 as usize);
    let (mut sum, mut k) = (0.0, 0.0);
    for y in b.y as usize..(b.y + b.h) as usize {
        for x in b.x as usize..(b.x + b.w) as usize {
            sum += f64::from(image.bytes()[(y * w as usize + x) * n]);
            k += 1.0;
        }
    }
    sum / k
}

#[test]
fn contrast_reverses_between_a_cold_night_and_a_hot_noon() {
    let weather = |air_c| Weather {
        air_c,
        ..Weather::default()
    };
    let contrast = |utc: Utc, air_c: f64| {
        let scene = meadow_at(vec![actor(ActorKind::Person, 0.0, 0.0)], utc, weather(air_c));
        let cam = camera(&scene, 120.0, 35.0, 8.0, Spectrum::Thermal);
        let seen = Renderer::new(scene).render(&cam, 0.0);
        let b = seen.boxes[0].image;
        let core = vedette_model::ImageBox {
            x: b.x + 0.35 * b.w,
            y: b.y + 0.25 * b.h,
            w: (0.3 * b.w).max(2.0),
            h: (0.3 * b.h).max(2.0),
        };
        let mut all = seen.image.bytes().to_vec();
        all.sort_unstable();
        mean(&seen.image, &core) - f64::from(all[all.len() / 2])
    };
    let night = contrast(Utc::from_civil(2026, 7, 14, 2, 0, 0), 8.0);
    let noon = contrast(Utc::from_civil(2026, 7, 14, 13, 0, 0), 34.0);
    assert!(night > 40.0, "a person glows at night: {night:.0}");
    assert!(noon < -5.0, "and is darker than sunlit ground at noon: {noon:.0}");
}

#[test]
fn pixels_fall_with_range_as_the_sensor_formula_says() {
    // n = s * f / R (video.md, section 6): height times range stays the same.
    let scene = meadow_at(
        vec![actor(ActorKind::Person, 0.0, 0.0)],
        Utc::from_civil(2026, 9, 14, 4, 0, 0),
        Weather::default(),
    );
    let mut r = Renderer::new(Arc::clone(&scene));
    let mut products = Vec::new();
    for range in [60.0, 120.0, 240.0, 360.0] {
        let cam = camera(&scene, range, 30.0, 6.0, Spectrum::Thermal);
        let b = r.render(&cam, 0.0).boxes[0].clone();
        products.push(f64::from(b.image.h) * b.slant_m);
        assert!(b.visible_share > 0.8);
    }
    let (lo, hi) = (
        products.iter().copied().fold(f64::MAX, f64::min),
        products.iter().copied().fold(0.0, f64::max),
    );
    assert!(hi / lo < 1.06, "{products:?}");
}

/// Mean of many pictures of one place by one detector, minus that by another detector.
fn apart(scene: &Arc<vedette_sim::Scene>, seeds: [u64; 2], from: u32) -> Vec<f64> {
    let mut r = Renderer::new(Arc::clone(scene));
    let mut cam = camera(scene, 300.0, 40.0, 6.0, Spectrum::Thermal);
    let mut out = vec![0.0; 320 * 256];
    for k in from..from + 24 {
        for (seed, sign) in seeds.into_iter().zip([1.0, -1.0]) {
            cam.sensor_seed = seed;
            let seen = r.render(&cam, f64::from(k) * 0.1);
            for (o, v) in out.iter_mut().zip(seen.image.bytes()) {
                *o += sign * f64::from(*v) / 24.0;
            }
        }
    }
    out
}

#[test]
fn a_thermal_detector_has_a_pattern_and_dead_pixels_of_its_own_that_stay() {
    let scene = meadow_at(vec![], Utc::from_civil(2026, 9, 14, 2, 0, 0), Weather::default());
    let (a, b) = (apart(&scene, [1, 2], 0), apart(&scene, [1, 2], 100));
    let same = apart(&scene, [1, 1], 0);
    let sigma = |v: &[f64]| (v.iter().map(|x| x * x).sum::<f64>() / v.len() as f64).sqrt();
    // Dead pixels: far off, at the same few places in both series.
    let dead = |v: &[f64]| -> Vec<usize> { (0..v.len()).filter(|k| v[*k].abs() > 25.0).collect() };
    assert_eq!(dead(&a), dead(&b), "they stay where they are");
    assert!(
        (4..=10).contains(&dead(&a).len()),
        "{} of two detectors",
        dead(&a).len()
    );
    assert!(dead(&same).is_empty());
    // Non-uniformity: what is left is the same pattern in both series, with columns of its own.
    let plain: Vec<usize> = (0..a.len()).filter(|k| a[*k].abs() <= 25.0).collect();
    let pick = |v: &[f64]| -> Vec<f64> { plain.iter().map(|k| v[*k]).collect() };
    let (p, q) = (pick(&a), pick(&b));
    let both = p.iter().zip(&q).map(|(x, y)| x * y).sum::<f64>() / p.len() as f64 / sigma(&p) / sigma(&q);
    assert!(both > 0.8, "two series of one pair of detectors agree: {both:.2}");
    assert!(sigma(&pick(&same)) < 0.1 * sigma(&p), "one detector has one pattern");
    let mean = |cells: &mut dyn Iterator<Item = usize>| {
        let v: Vec<f64> = cells.map(|k| a[k]).filter(|v| v.abs() <= 25.0).collect();
        v.iter().sum::<f64>() / v.len() as f64
    };
    let columns: Vec<f64> = (0..320).map(|x| mean(&mut (0..256).map(|y| y * 320 + x))).collect();
    let rows: Vec<f64> = (0..256).map(|y| mean(&mut (0..320).map(|x| y * 320 + x))).collect();
    assert!(
        sigma(&columns) > 3.0 * sigma(&rows),
        "columns {:.2}, rows {:.2}",
        sigma(&columns),
        sigma(&rows)
    );
}

#[test]
fn waves_roughen_the_sea_and_lift_the_boats() {
    let text = std::fs::read_to_string(crate::library::root().join("sim/scenarios/boat-beaching.toml")).unwrap();
    let w = crate::library::site("sim/scenarios/coast");
    let look = |waves: f64| {
        let mut keep: Vec<String> = text.lines().map(str::to_owned).collect();
        for l in &mut keep {
            if l.trim_start().starts_with("waves_m") {
                *l = format!("waves_m = {waves}");
            }
        }
        let s = vedette_sim::Scenario::parse(&keep.join("\n"), "sea", &w).unwrap();
        let scene = Arc::new(s.scene(&w).unwrap());
        let boat = s
            .actor_lines(100.0)
            .into_iter()
            .find(|l| l.actor == "open boat")
            .unwrap();
        let cam = CameraState {
            at: vedette_geo::destination(boat.at, 90.0, 200.0),
            amsl: Amsl(100.0),
            roll_deg: 0.0,
            pitch_deg: -26.0,
            yaw_deg: 270.0,
            hfov_deg: 24.0,
            width: 320,
            height: 256,
            spectrum: Spectrum::Thermal,
            sensor_seed: 3,
        };
        let mut r = Renderer::new(scene);
        let heights: Vec<f64> = (0..10)
            .map(|k| {
                let seen = r.render(&cam, 100.0 + f64::from(k) * 0.5);
                seen.boxes.iter().find(|b| b.actor == "open boat").unwrap().amsl.0
            })
            .collect();
        heights.iter().copied().fold(f64::MIN, f64::max) - heights.iter().copied().fold(f64::MAX, f64::min)
    };
    let (calm, rough) = (look(0.0), look(1.5));
    assert!(calm < 0.02, "{calm:.2} m in a calm");
    assert!((0.1..3.0).contains(&rough), "{rough:.2} m in waves of 1.5 m");
}

#[test]
fn the_day_goes_on_when_a_scenario_asks_for_it_and_stands_when_not() {
    let at = |every: &str, t_s: f64| {
        let text = std::fs::read_to_string(crate::library::root().join("sim/scenarios/first-watch.toml")).unwrap();
        let text = text.replacen("seed = 7", &format!("{every}\nseed = 7"), 1);
        let w = crate::library::site("maps/data/andorra");
        let s = vedette_sim::Scenario::parse(&text, "day", &w).unwrap();
        let scene = Arc::new(s.scene(&w).unwrap());
        let walker = s.actor_lines(0.0)[0].at;
        let cam = CameraState {
            at: vedette_geo::destination(walker, 0.0, 150.0),
            amsl: Amsl(w.terrain.elevation(walker).unwrap().0 + 120.0),
            roll_deg: 0.0,
            pitch_deg: -35.0,
            yaw_deg: 180.0,
            hfov_deg: 24.0,
            width: 160,
            height: 128,
            spectrum: Spectrum::Visible,
            sensor_seed: 1,
        };
        let image = Renderer::new(scene).render(&cam, t_s).image;
        // Means of blocks of 16 by 16: the detector's noise has no say.
        let mut blocks = vec![0.0_f64; 80];
        for (k, px) in image.bytes().chunks(3).enumerate() {
            blocks[k / 160 / 16 * 10 + k % 160 / 16] += f64::from(px[0]) / 256.0;
        }
        blocks
    };
    let apart = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(p, q)| (p - q).abs()).sum::<f64>() / a.len() as f64;
    // Dawn: an hour later the sun stands on the slopes; held, nothing has changed.
    let (start, held, later) = (at("", 0.0), at("", 3_600.0), at("light_every_s = 300.0", 3_600.0));
    assert!(apart(&start, &held) < 1.0, "{:.2}", apart(&start, &held));
    assert!(apart(&start, &later) > 3.0, "{:.2}", apart(&start, &later));
}

#[test]
fn the_sun_casts_a_shadow_of_a_person_and_the_night_does_not() {
    let shot = |utc, who: Vec<vedette_sim::Actor>| {
        let scene = meadow_at(who, utc, Weather::default());
        let cam = camera(&scene, 60.0, 60.0, 14.0, Spectrum::Visible);
        Renderer::new(scene).render(&cam, 0.0)
    };
    let changed = |utc| {
        let (with, bare) = (shot(utc, vec![actor(ActorKind::Person, 0.0, 0.0)]), shot(utc, vec![]));
        let b = with.boxes[0].image;
        let (w, _) = with.image.size();
        with.image
            .bytes()
            .chunks(3)
            .zip(bare.image.bytes().chunks(3))
            .enumerate()
            .filter(|(k, (p, q))| {
                let (x, y) = ((k % w as usize) as f32, (k / w as usize) as f32);
                let outside = x < b.x - 1.0 || x > b.x + b.w || y < b.y - 1.0 || y > b.y + b.h;
                outside && p[1] < q[1]
            })
            .count()
    };
    assert!(
        changed(Utc::from_civil(2026, 9, 14, 8, 0, 0)) > 30,
        "darker ground beside the person"
    );
    assert_eq!(changed(Utc::from_civil(2026, 9, 14, 1, 0, 0)), 0);
}

#[test]
fn the_sea_is_flat_and_boats_show_on_it_in_both_spectra() {
    let (w, s) = load("boat-beaching.toml");
    let scene = Arc::new(s.scene(&w).unwrap());
    let t = 350.0;
    let boat = s.actor_lines(t).into_iter().find(|l| l.actor == "open boat").unwrap();
    for spectrum in [Spectrum::Thermal, Spectrum::Visible] {
        let cam = CameraState {
            at: vedette_geo::destination(boat.at, 90.0, 300.0),
            amsl: Amsl(130.0),
            roll_deg: 0.0,
            pitch_deg: -23.0,
            yaw_deg: 270.0,
            hfov_deg: 20.0,
            width: 1280,
            height: 720,
            spectrum,
            sensor_seed: 3,
        };
        let seen = Renderer::new(Arc::clone(&scene)).render(&cam, t);
        assert_eq!(seen.image.size(), (1280, 720));
        let b = seen
            .boxes
            .iter()
            .find(|b| b.actor == "open boat")
            .expect("in the picture");
        assert!(b.visible_share > 0.5 && b.image.w > 8.0, "{b:?}");
        assert!(b.amsl.0.abs() < 1.0, "it floats: {:?}", b.amsl);
    }
}

#[test]
fn quality_changes_the_picture_and_not_the_truth() {
    let scene = meadow_at(
        vec![actor(ActorKind::Person, 0.0, 0.0)],
        Utc::from_civil(2026, 9, 14, 9, 0, 0),
        Weather::default(),
    );
    let cam = camera(&scene, 150.0, 30.0, 10.0, Spectrum::Visible);
    let shot = |q| Renderer::with_quality(Arc::clone(&scene), q).render(&cam, 0.0);
    let (standard, fine, fast) = (shot(Quality::Standard), shot(Quality::Fine), shot(Quality::Fast));
    assert_eq!(fine.image.size(), standard.image.size());
    assert_ne!(fine.image, standard.image);
    assert_ne!(fast.image, standard.image);
    assert_eq!(
        fast.boxes[0].image, standard.boxes[0].image,
        "the ground is coarser, nobody in it"
    );
    for other in [&fine, &fast] {
        let (a, b) = (&standard.boxes[0].image, &other.boxes[0].image);
        for (p, q) in [(a.x, b.x), (a.y, b.y), (a.w, b.w), (a.h, b.h)] {
            assert!((p - q).abs() <= 1.0, "{a:?} {b:?}");
        }
    }
    assert_eq!(Quality::affordable(2, 4), Quality::Fast);
    assert_eq!(Quality::affordable(4, 2), Quality::Standard);
    assert_eq!(Quality::affordable(32, 4), Quality::Fine);
}

/// Means of blocks of 8 by 8 pixels, first channel: what of a picture is left without noise and fine grain.
fn blocks(image: &Image) -> Vec<f64> {
    let (w, h) = image.size();
    let block = |k: u32| vedette_model::ImageBox {
        x: (k % (w / 8) * 8) as f32,
        y: (k / (w / 8) * 8) as f32,
        w: 8.0,
        h: 8.0,
    };
    (0..(w / 8) * (h / 8)).map(|k| mean(image, &block(k))).collect()
}

#[test]
fn every_quality_shows_the_same_place_and_the_person_in_it() {
    let (w, s) = load("footpath-crossing.toml");
    let at = s.actor_lines(100.0);
    let walker = at.iter().find(|a| a.actor == "walker 1").unwrap().at;
    let ground = w.terrain.elevation(walker).unwrap().0;
    let scene = Arc::new(s.scene(&w).unwrap());
    for spectrum in [Spectrum::Thermal, Spectrum::Visible] {
        let cam = vedette_sim::CameraState {
            at: vedette_geo::destination(walker, 10.0, 210.0),
            amsl: Amsl(ground + 115.0),
            roll_deg: 0.0,
            pitch_deg: -28.0,
            yaw_deg: 190.0,
            hfov_deg: 24.0,
            width: 640,
            height: 512,
            spectrum,
            sensor_seed: 11,
        };
        let shot = |q| Renderer::with_quality(Arc::clone(&scene), q).render(&cam, 100.0);
        let standard = shot(Quality::Standard);
        let plain = blocks(&standard.image);
        let of = |v: &[f64]| {
            let m = v.iter().sum::<f64>() / v.len() as f64;
            (
                m,
                (v.iter().map(|x| (x - m).powi(2)).sum::<f64>() / v.len() as f64).sqrt(),
            )
        };
        for q in [Quality::Fast, Quality::Standard, Quality::Fine] {
            let seen = shot(q);
            let b = blocks(&seen.image);
            let ((ma, sa), (mb, sb)) = (of(&plain), of(&b));
            let together =
                plain.iter().zip(&b).map(|(x, y)| (x - ma) * (y - mb)).sum::<f64>() / (b.len() as f64 * sa * sb);
            let who = seen
                .boxes
                .iter()
                .find(|b| b.actor == "walker 1")
                .expect("in the picture");
            let i = who.image;
            let core = vedette_model::ImageBox {
                x: i.x + 0.3 * i.w,
                y: i.y + 0.2 * i.h,
                w: (0.4 * i.w).max(2.0),
                h: (0.4 * i.h).max(2.0),
            };
            let glow = mean(&seen.image, &core) - mb;
            eprintln!(
                "{spectrum:?} {q:?}: mean {mb:.1} ({ma:.1}), spread {sb:.1} ({sa:.1}), alike {together:.3}, person {glow:+.0}"
            );
            assert!((ma - mb).abs() < 3.0, "{q:?}: {mb:.1} bright instead of {ma:.1}");
            assert!(together > 0.9, "{q:?}: another picture, {together:.3} alike");
            assert!(
                spectrum == Spectrum::Visible || glow > 30.0,
                "{q:?}: the person glows, {glow:.0}"
            );
        }
    }
}

#[test]
fn a_hamlet_shows_by_day_and_night_and_elsewhere_no_pixel_changes() {
    let whole = std::fs::read_to_string(crate::library::root().join("sim/scenarios/lost-hiker.toml")).unwrap();
    let bare = whole.split("# ---- a hamlet").next().unwrap().to_owned();
    let w = crate::library::site("maps/data/andorra");
    let shot = |text: &str, km: f64, spectrum| {
        let s = vedette_sim::Scenario::parse(text, "hamlet", &w).unwrap();
        let scene = Arc::new(s.scene(&w).unwrap());
        let b = &w.border;
        let side = if b.home_left { -90.0 } else { 90.0 };
        let there = vedette_geo::destination(b.at(km * 1e3), b.azimuth_deg(km * 1e3) + side, 290.0);
        let cam = CameraState {
            at: vedette_geo::destination(there, 0.0, 150.0),
            amsl: Amsl(w.terrain.elevation(there).unwrap().0 + 130.0),
            roll_deg: 0.0,
            pitch_deg: -40.0,
            yaw_deg: 180.0,
            hfov_deg: 24.0,
            width: 160,
            height: 128,
            spectrum,
            sensor_seed: 1,
        };
        Renderer::new(scene).render(&cam, 100.0)
    };
    for spectrum in [Spectrum::Thermal, Spectrum::Visible] {
        let (with, without) = (shot(&whole, 35.80, spectrum), shot(&bare, 35.80, spectrum));
        let apart = with.image.bytes().iter().zip(without.image.bytes());
        let changed = apart.filter(|(a, b)| a.abs_diff(**b) > 8).count() as f64 / without.image.bytes().len() as f64;
        // By night visible light shows the lit windows at most; warmth shows the walls.
        let least = if spectrum == Spectrum::Thermal { 0.02 } else { 0.0 };
        assert!(changed >= least, "{spectrum:?}: {:.1} %", changed * 100.0);
        assert_eq!(
            with.boxes.len(),
            without.boxes.len(),
            "houses are land, nobody to be found"
        );
    }
    let far = |text: &str| shot(text, 37.1, Spectrum::Visible).image;
    assert!(
        far(&whole) == far(&bare),
        "without houses in the picture it is the same picture"
    );
}

#[test]
fn in_winter_the_land_above_the_snow_line_is_white_and_cold() {
    let seen = |snow_line_m: f64, spectrum, hour| {
        let people = vec![actor(ActorKind::Person, 0.0, 0.0)];
        let weather = Weather {
            air_c: 2.0,
            ..Weather::default()
        };
        let scene = meadow_in_snow(people, Utc::from_civil(2026, 1, 14, hour, 0, 0), weather, snow_line_m);
        let cam = camera(&scene, 120.0, 35.0, 8.0, spectrum);
        let seen = Renderer::new(scene).render(&cam, 0.0);
        let mut all = seen.image.bytes().to_vec();
        all.sort_unstable();
        let median = f64::from(all[all.len() / 2]);
        (median, mean(&seen.image, &seen.boxes[0].image) - median)
    };
    let (bare, on_grass) = seen(9_000.0, Spectrum::Visible, 12);
    let (white, on_snow) = seen(1_000.0, Spectrum::Visible, 12);
    assert!(white > bare + 30.0, "grass {bare:.0}, snow {white:.0}");
    assert!(
        on_snow < on_grass,
        "a dark coat shows on snow: {on_snow:.0}, on grass {on_grass:.0}"
    );
    let (_, warm) = seen(1_000.0, Spectrum::Thermal, 2);
    assert!(warm > 10.0, "a person glows on it at night: {warm:.0}");
    assert_eq!(
        seen(9_000.0, Spectrum::Thermal, 2),
        seen(4_000.0, Spectrum::Thermal, 2),
        "below the line nothing changes"
    );
}
