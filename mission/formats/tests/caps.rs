//! Row 27 of the reliability table, plans and zones of other programs: whatever a file promises, reading it ends, with a mission or an
//! error in words, and takes less than 200 MiB. A program of its own, because every allocation of the process is counted.
#![allow(clippy::print_stdout, reason = "tests say their figures aloud")]

use peak_alloc::PeakAlloc;
use vedette_formats::{read_qgc_plan, read_waypoints, read_zones};

#[global_allocator]
static HEAP: PeakAlloc = PeakAlloc;

const MIB: usize = 1 << 20;

#[test]
fn row_27_no_plan_file_takes_two_hundred_mebibytes() {
    let plan = |items: &str| {
        format!(
            "{{\"fileType\":\"Plan\",\"version\":1,\"mission\":{{\"version\":2,\"firmwareType\":3,\"items\":[{items}]}}}}"
        )
    };
    let item = "{\"type\":\"SimpleItem\",\"command\":16,\"frame\":3,\"params\":[0,0,0,null,47,8,50]},";
    let complex = |n: usize| {
        let open = "{\"type\":\"ComplexItem\",\"complexItemType\":\"survey\",\"Items\":[".repeat(n);
        plan(&format!("{open}{}", "]}".repeat(n)))
    };
    let area = "[[[1,42],[2,42],[2,43],[1,42]]]";
    let zones = |name: &str, n: usize| {
        format!(
            "{{\"type\":\"Feature\",\"properties\":{{\"name\":\"{name}\"}},\"geometry\":{{\"type\":\"MultiPolygon\",\"coordinates\":[{}]}}}}",
            vec![area; n].join(",")
        )
    };
    let line = "1\t0\t3\t16\t0\t0\t0\t0\t47\t8\t50\t1\n";
    let wpl = |rest: &str| format!("QGC WPL 110\n{rest}");
    type Read = fn(&str) -> Result<usize, String>;
    let plans: Read = |t| read_qgc_plan(t).map(|m| m.items.len()).map_err(|e| e.to_string());
    let lines: Read = |t| read_waypoints(t).map(|w| w.1.len()).map_err(|e| e.to_string());
    let areas: Read = |t| read_zones(t).map(|z| z.len()).map_err(|e| e.to_string());
    let cases: Vec<(&str, Read, String)> = vec![
        (
            "a plan of 20000 items",
            plans,
            plan(item.repeat(20_000).trim_end_matches(',')),
        ),
        (
            "a plan of 110000 items",
            plans,
            plan(item.repeat(110_000).trim_end_matches(',')),
        ),
        ("two million numbers", plans, plan(&"0,".repeat(2_000_000))),
        ("items in items", plans, complex(30)),
        ("items in items without end", plans, complex(20_000)),
        ("lists in lists", plans, "[".repeat(110_000)),
        (
            "one text of 31 MiB",
            plans,
            plan(&format!("\"{}\"", "x".repeat(31 * MIB))),
        ),
        ("33 MiB of nothing", lines, " ".repeat(33 * MIB)),
        ("lines for 20000 items", lines, wpl(&line.repeat(20_000))),
        ("lines for 110000 items", lines, wpl(&line.repeat(110_000))),
        ("one line of two million fields", lines, wpl(&"0 ".repeat(2_000_000))),
        ("a first line of two million words", lines, "0 ".repeat(2_000_000)),
        (
            "a zone in 2000 parts, its name a mebibyte",
            areas,
            zones(&"n".repeat(MIB), 2_000),
        ),
        ("a zone in 90000 parts", areas, zones("n", 90_000)),
    ];
    let mut most = 0;
    for (what, read, text) in &cases {
        HEAP.reset_peak_usage();
        let before = HEAP.current_usage();
        let said = match read(text) {
            Ok(n) => format!("{n} read"),
            Err(e) => e.chars().take(90).collect(),
        };
        let held = (HEAP.peak_usage().saturating_sub(before) + text.len()) / MIB;
        println!("{what}: {held} MiB with the file itself; {said}");
        assert!(held < 200, "{what}: {held} MiB");
        most = most.max(held);
    }
    println!("{} files, at most {most} MiB", cases.len());
}
