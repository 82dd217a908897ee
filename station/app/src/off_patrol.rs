//! How long aircraft were kept from their patrol by an order, and by whose.
//!
//! Invariant: it counts from telemetry that left the plan after an order to telemetry that flies it
//! again, or to an order home; an aircraft nobody kept counts nothing.

use std::collections::BTreeMap;

use vedette_core::{Entry, Input};
use vedette_model::{FlightMode, Intent, Mono, OperatorId, Order, Report, VehicleId};

/// An order's effect shows within this, microseconds.
const SHOWS_US: i64 = 30_000_000;

#[derive(Default)]
struct Flight {
    auto: bool,
    ordered: Option<(Mono, OperatorId)>,
    off: Option<(Mono, OperatorId)>,
}

/// Seconds off patrol by aircraft and by who ordered it.
pub(crate) fn off_patrol(entries: &[Entry]) -> BTreeMap<(VehicleId, OperatorId), f64> {
    let mut all: BTreeMap<VehicleId, Flight> = BTreeMap::new();
    let mut out = BTreeMap::new();
    let mut add = |v: VehicleId, off: Option<(Mono, OperatorId)>, until: Mono| {
        if let Some((since, who)) = off {
            *out.entry((v, who)).or_insert(0.0) += Mono(until.since(since)).seconds();
        }
    };
    for e in entries {
        match &e.input {
            Input::Operator {
                operator,
                intent: Intent::Command { vehicle, order, .. },
                ..
            } => {
                let f = all.entry(*vehicle).or_default();
                match order {
                    Order::Hold | Order::GoTo { .. } | Order::Orbit { .. } => {
                        f.ordered = Some((e.mono, operator.clone()));
                    }
                    Order::Return | Order::Land => add(*vehicle, f.off.take(), e.mono),
                    _ => {}
                }
            }
            Input::Vehicle {
                vehicle,
                report: Report::Heartbeat { mode, .. },
                ..
            } => {
                let f = all.entry(*vehicle).or_default();
                let auto = *mode == FlightMode::Auto;
                if f.auto && !auto {
                    f.off = f.ordered.take().filter(|(at, _)| e.mono.since(*at) < SHOWS_US);
                    f.off = f.off.take().map(|(_, who)| (e.mono, who));
                } else if auto {
                    add(*vehicle, f.off.take(), e.mono);
                }
                f.auto = auto;
            }
            _ => {}
        }
    }
    if let Some(last) = entries.last() {
        for (v, f) in all {
            add(v, f.off, last.mono);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use vedette_core::ViewStamp;
    use vedette_model::Utc;

    fn at(s: i64, input: Input) -> Entry {
        Entry {
            mono: Mono(s * 1_000_000),
            utc: Utc(s * 1_000_000),
            input,
        }
    }
    fn mode(s: i64, mode: FlightMode) -> Entry {
        let report = Report::Heartbeat {
            mode,
            mode_name: String::new(),
            armed: true,
        };
        let input = Input::Vehicle {
            vehicle: VehicleId(1),
            captured: Mono(s * 1_000_000),
            report,
        };
        at(s, input)
    }
    fn order(s: i64, who: &str, order: Order) -> Entry {
        let intent = Intent::Command {
            vehicle: VehicleId(1),
            order,
            held: true,
        };
        let input = Input::Operator {
            operator: OperatorId(who.into()),
            intent,
            shown: ViewStamp::default(),
        };
        at(s, input)
    }

    #[test]
    fn time_off_patrol_counts_from_the_hold_seen_to_the_plan_flown_again() {
        let log = [
            mode(10, FlightMode::Auto),
            order(20, "ops", Order::Hold),
            mode(22, FlightMode::Hold),
            order(190, "ops", Order::ResumeMission),
            mode(196, FlightMode::Auto),
            // Nobody ordered this one.
            mode(300, FlightMode::Hold),
            mode(340, FlightMode::Auto),
            order(400, "lead", Order::Hold),
            mode(401, FlightMode::Hold),
            order(411, "lead", Order::Return),
            mode(412, FlightMode::Return),
        ];
        let got = off_patrol(&log);
        let of = |who: &str| got.get(&(VehicleId(1), OperatorId(who.into()))).copied();
        assert_eq!((of("ops"), of("lead"), got.len()), (Some(174.0), Some(10.0), 2));
    }
}
