//! A sound plan is clear, and every kind of fault put into it is found by the right check, in the right place.
#![allow(clippy::unwrap_used, reason = "tests")]

mod faults;
mod good;

#[test]
fn the_certificate_lists_every_pass_and_its_longest_waits_are_those_of_the_verdict() {
    let w = good::world();
    let p = good::plan(&w);
    let v = vedette_checker::check(&p, &w);
    let c = vedette_checker::certificate(&p, &w);
    assert_eq!(c.plan_sha256, v.plan_sha256);
    assert_eq!(c.cells.len(), v.gap_per_cell_s.len());
    assert!((c.cells.last().unwrap().to_m - p.section_m).abs() < 1e-6);
    let mut longest = 0.0_f64;
    for (cell, gap) in c.cells.iter().zip(&v.gap_per_cell_s) {
        assert_eq!(cell.longest_s, *gap, "{cell:?}");
        // Anyone can add it up again.
        let [from, until] = c.held_s;
        let starts = cell.passes.iter().map(|p| p.from_s).chain([until]);
        let ends = [from].into_iter().chain(cell.passes.iter().map(|p| p.until_s));
        let sum = ends.zip(starts).map(|(a, b)| b - a).fold(0.0, f64::max);
        assert!((sum - cell.longest_s.unwrap()).abs() < 1e-9, "{cell:?}");
        assert!(cell.passes.windows(2).all(|p| p[0].until_s < p[1].from_s));
        if !cell.blind {
            longest = longest.max(sum);
        }
    }
    assert_eq!(longest, v.revisit_measured_s);
    assert_eq!(c.worst().unwrap().longest_s, Some(longest));
    let read: vedette_checker::Certificate = serde_json::from_str(&serde_json::to_string(&c).unwrap()).unwrap();
    assert_eq!(read, c);
    let words = c.words(4);
    assert_eq!(words.len(), 5);
    assert!(words[0].contains(&format!("{longest:.0} s")), "{words:?}");
    // What nobody looks at is told as never seen, and a plan that is no plan has no cells.
    let mut blank = p.clone();
    for l in blank.aircraft.iter_mut().flat_map(|a| &mut a.legs) {
        l.watches_m = None;
    }
    let none = vedette_checker::certificate(&blank, &w);
    assert!(none.cells.iter().all(|c| c.longest_s.is_none() && c.passes.is_empty()));
    assert!(none.words(3)[0].contains("none of them is watched"));
    blank.section_m = f64::NAN;
    assert!(vedette_checker::certificate(&blank, &w).cells.is_empty());
}
