//! What the station could do next, offered and never done by itself: send the aircraft that is
//! there first, hand a target over, plan the rest of the watch anew.
//!
//! Invariant: an offer moves nothing; it arms the hold bar for one aircraft or opens Plan. Figures
//! are the planner's, by the plan in force; an aircraft that is not where its plan says is not
//! offered. It must not know how an answer is computed.

use std::sync::Arc;

use egui::{Align2, Rect, Ui, WidgetType, pos2};
use vedette_core::{StationView, VehicleView};
use vedette_geo::{Amsl, LatLon, distance_m};
use vedette_model::{AlertState, VehicleId};
use vedette_planner::{Cue, Detectability, HandOver, Held, Response};

use super::orders::{self, OrderKind};
use crate::draw::{self, Button};
use crate::feeds::Slot;
use crate::icon::{self, Icon};
use crate::local::{FlyFeeds, FlyLocal, Workspace};
use crate::plan::{Answer, Call, PlanDesk, Wanted, after};
use crate::theme::{self, Palette};
use crate::words;

/// Seconds of watching asked for on the spot.
const HOLD_S: f64 = 300.0;
/// A call is made again after so many seconds of the plan, or when the place moved so far, metres.
const AGAIN_S: f64 = 5.0;
const MOVED_M: f64 = 40.0;
/// An aircraft farther than this from where its plan has it is not offered, metres.
const ASTRAY_M: f64 = 500.0;
/// A holder that must turn home within this is offered relief, seconds.
const LOW_S: f64 = 600.0;
/// One sigma of how much a person's speed changes meanwhile, metres per second.
const TARGET_SIGMA_M_S: f64 = 0.5;
/// A corner of the way counts as reached within this, metres.
const REACHED_M: f64 = 80.0;
/// It is at the height of its leg within this, metres.
const LEVEL_M: f64 = 25.0;

/// Whether an aircraft is at a corner of its way, and at the height it was to have there.
#[must_use]
pub fn reached(a: &VehicleView, corner: LatLon, height: Amsl) -> bool {
    a.at.is_some_and(|p| distance_m(p.value, corner) < REACHED_M)
        && a.amsl.is_some_and(|h| (h.value.0 - height.0).abs() < LEVEL_M)
}

/// A way to a place, flown corner by corner, each by its own hold.
#[derive(Debug, Clone, PartialEq)]
pub struct Sending {
    /// Who.
    pub vehicle: VehicleId,
    /// Corners, the first one is where it was.
    pub path: Vec<LatLon>,
    /// Height of the leg to each corner, metres above the sea; a corner that stands twice is a change of height on the spot.
    pub heights: Vec<Amsl>,
    /// The corner to order next.
    pub next: usize,
    /// That corner was ordered.
    pub sent: bool,
    /// What for, as in the bar.
    pub what: String,
}

/// Calls under way from this console.
#[derive(Debug, Clone, Default)]
pub struct Offers {
    eyes: Option<Asked>,
    relief: Option<Asked>,
    calls: u64,
}

#[derive(Debug, Clone, PartialEq)]
struct Asked {
    /// First call for this place and plan: its answer and those after it hold for it.
    since: u64,
    plan: vedette_model::PlanId,
    at: LatLon,
    at_s: f64,
}

/// The place the operator cares about: the marked one, else the alert's in front.
fn place(v: &StationView, l: &FlyLocal) -> Option<(LatLon, String)> {
    if let Some(p) = l.pin {
        return Some((p, "the marked place".into()));
    }
    let a = v.alerts.get(&l.alert?)?;
    if matches!(a.state, AlertState::Dismissed { .. }) {
        return None;
    }
    orders::target(v, l).map(|at| (at, a.id.to_string()))
}

/// The target somebody holds who must turn home soon.
fn held(v: &StationView) -> Option<(Held, &VehicleView)> {
    let low = |a: &&VehicleView| a.custody.is_some() && a.bingo_s.is_some_and(|s| s < LOW_S);
    let a = v.vehicles.values().filter(low).min_by(|x, y| {
        let s = |a: &VehicleView| a.bingo_s.unwrap_or(f64::INFINITY);
        s(x).total_cmp(&s(y))
    })?;
    let t = v.tracks.get(&a.custody?)?;
    let fix = t.track.fix.as_ref().ok()?;
    let [e, n] = t.track.velocity_en_m_s;
    let [ee, _, nn] = fix.cov_en_m2;
    let held = Held {
        at: fix.at,
        velocity_m_s: [n, e],
        sigma: [((ee + nn) / 2.0).max(0.0).sqrt(), TARGET_SIGMA_M_S],
        holder: a.id,
    };
    Some((held, a))
}

/// Asks the desk again where the answer would be another by now. Bounded work: one value put.
pub(super) fn ask(v: &StationView, l: &mut FlyLocal, desk: Option<&PlanDesk>) {
    let (Some(desk), Some(plan)) = (desk, &v.plan.plan) else {
        return;
    };
    let at_s = v.plan_second().unwrap_or(0.0);
    let o = &mut l.offers;
    let call = |slot: &Slot<Call>, was: &mut Option<Asked>, calls: &mut u64, at: LatLon, wanted: Wanted| {
        let here = was
            .as_ref()
            .filter(|w| w.plan == plan.id && distance_m(w.at, at) < MOVED_M);
        if here.is_some_and(|w| (at_s - w.at_s).abs() < AGAIN_S) {
            return;
        }
        *calls += 1;
        let (since, at) = here.map_or((*calls, at), |w| (w.since, w.at));
        *was = Some(Asked {
            since,
            plan: plan.id.clone(),
            at,
            at_s,
        });
        slot.put(Arc::new(Call {
            number: *calls,
            plan: plan.clone(),
            wanted,
            at_s,
        }));
    };
    let mut calls = o.calls;
    let (mut eyes, mut relief) = (o.eyes.take(), o.relief.take());
    match place(v, l) {
        Some((at, _)) => call(
            &desk.eyes,
            &mut eyes,
            &mut calls,
            at,
            Wanted::Eyes(Cue {
                at,
                hold_s: HOLD_S,
                across_m: v.across_m(at),
            }),
        ),
        None => eyes = None,
    }
    match held(v) {
        Some((h, _)) => call(&desk.relief, &mut relief, &mut calls, h.at, Wanted::Relief(h)),
        None => relief = None,
    }
    l.offers = Offers { eyes, relief, calls };
}

/// A corner was reached: the next one is armed.
pub(super) fn advance(v: &StationView, l: &mut FlyLocal) {
    let Some(s) = &mut l.sending else { return };
    let Some(a) = v.vehicles.get(&s.vehicle) else {
        l.sending = None;
        return;
    };
    let Some((corner, height)) = s.path.get(s.next).zip(s.heights.get(s.next)) else {
        l.sending = None;
        return;
    };
    if l.given
        .is_some_and(|(id, k, _)| id == s.vehicle && k != OrderKind::GoTo)
        && s.sent
    {
        // Something else was ordered since.
        l.sending = None;
        return;
    }
    if s.sent && reached(a, *corner, *height) {
        if s.next + 1 < s.path.len() {
            (s.next, s.sent) = (s.next + 1, false);
        } else {
            l.sending = None;
        }
    }
}

/// Far from where the plan has it now.
fn astray(v: &StationView, r: &Response) -> bool {
    let at = v.vehicles.get(&r.vehicle).and_then(|a| a.at);
    at.zip(r.path.first())
        .is_none_or(|(p, q)| distance_m(p.value, *q) > ASTRAY_M)
}

fn seen_as(d: Detectability) -> &'static str {
    match d {
        Detectability::Identify => "identifies",
        Detectability::Recognise => "recognises",
        Detectability::Detect => "detects only",
        Detectability::Blind => "sees nothing",
    }
}

/// `CU-02: 140 s, recognises, lands with 18 %, km 3.2–4.1 unseen for 6 min`.
pub(super) fn words_of(r: &Response) -> String {
    let mut s = format!(
        "{}: {} in {}, lands with {:.0} %",
        r.tail,
        seen_as(r.detect),
        words::duration(r.eta_s),
        r.left_share * 100.0
    );
    if let Some([from, to]) = r.leaves_m {
        let (from, to) = (from.min(to), from.max(to));
        s.push_str(&format!(
            ", km {:.1}–{:.1} unseen for {}",
            from / 1000.0,
            to / 1000.0,
            words::about(r.gap_s.max(r.away_s))
        ));
    }
    s
}

/// The best answer whose aircraft can be sent now: able, not there yet, and where its plan has it.
fn best<'a>(v: &StationView, all: &'a [Response]) -> Option<&'a Response> {
    all.iter().find(|r| ready(v, r) && r.path.len() > 1)
}

/// It can by a way that was looked at in full, and is where its plan has it; it may see the place already.
#[must_use]
pub fn ready(v: &StationView, r: &Response) -> bool {
    r.able && !r.heights.is_empty() && !astray(v, r)
}

/// Arms the hold bar with a way.
fn arm(v: &StationView, l: &mut FlyLocal, r: &Response, what: String) {
    l.select(v, r.vehicle);
    l.pin = None;
    l.sending = Some(Sending {
        vehicle: r.vehicle,
        path: r.path.clone(),
        heights: r.heights.clone(),
        next: 1,
        sent: false,
        what,
    });
    l.armed = OrderKind::GoTo;
}

/// One offer to draw.
struct Offer {
    icon: Icon,
    strong: String,
    quiet: String,
    button: &'static str,
    label: String,
    does: Does,
}

enum Does {
    Send(Response, String),
    Plan(vedette_model::Change),
    Nothing,
}

fn answers<T>(slot: &Slot<Answer>, asked: Option<&Asked>, f: impl FnOnce(&Answer) -> T) -> Option<T> {
    let asked = asked?;
    let (_, a) = slot.latest()?;
    // An answer to an older call for the same place names the same aircraft; one to another place
    // or plan never does.
    (a.number >= asked.since).then(|| f(&a))
}

fn offers(v: &StationView, l: &FlyLocal, desk: &PlanDesk) -> Vec<Offer> {
    let mut out = Vec::new();
    for c in after::causes(v, None).into_iter().filter(|c| c.acute) {
        out.push(Offer {
            icon: Icon::P2,
            strong: format!("{}: plan the rest of the watch", c.name),
            quiet: c.why.clone(),
            button: "Try it",
            label: format!("Plan the rest: {}", c.name),
            does: Does::Plan(c.change),
        });
    }
    if let Some((_, holder)) = held(v) {
        let take = answers(&desk.taking_over, l.offers.relief.as_ref(), |a| {
            let able = |h: &&HandOver| !astray(v, &h.response) && h.response.path.len() > 1;
            a.relief.iter().find(able).cloned()
        });
        if let Some(Some(h)) = take {
            let target = holder.custody.map_or_else(String::new, |t| t.to_string());
            let lasts = if h.holder_lasts {
                ""
            } else {
                ", which its battery does not last"
            };
            out.push(Offer {
                icon: Icon::Person,
                strong: format!(
                    "{} low: {} takes {target} over in {}",
                    holder.tail,
                    h.response.tail,
                    words::duration(h.response.eta_s)
                ),
                quiet: format!(
                    "{} holds on {}{lasts} · {}",
                    holder.tail,
                    words::duration(h.hold_on_s),
                    words_of(&h.response)
                ),
                button: "Hand over",
                label: format!("Hand {target} over to {}", h.response.tail),
                does: Does::Send(h.response.clone(), format!("takes {target} over")),
            });
        }
    }
    if let Some((_, name)) = place(v, l) {
        let eyes = answers(&desk.coming, l.offers.eyes.as_ref(), |a| {
            let r = best(v, &a.eyes).cloned();
            let others = a
                .eyes
                .iter()
                .filter(|o| r.as_ref().is_none_or(|r| o.vehicle != r.vehicle));
            let rest: Vec<String> = others
                .map(|o| {
                    let why = match (o.able, astray(v, o)) {
                        (false, _) => o.why.trim_end_matches('.').to_owned(),
                        (true, true) => "not where its plan has it".into(),
                        (true, false) if o.path.len() < 2 => "sees it already".into(),
                        (true, false) => words::duration(o.eta_s),
                    };
                    format!("{} {why}", o.tail)
                })
                .collect();
            (r, rest.join(" · "))
        });
        match eyes {
            Some((Some(r), rest)) => out.push(Offer {
                icon: Icon::Eye,
                strong: format!("Send {}", words_of(&r)),
                quiet: rest,
                button: "Send…",
                label: format!("Send {} to {name}", r.tail),
                does: Does::Send(r, format!("sees {name}")),
            }),
            Some((None, rest)) if !rest.is_empty() => out.push(Offer {
                icon: Icon::Eye,
                strong: format!("Nobody else can look at {name} now"),
                quiet: rest,
                button: "",
                label: String::new(),
                does: Does::Nothing,
            }),
            _ => {}
        }
    }
    out
}

/// Rows of what could be done, as many as fit; returns where they end.
pub(super) fn show(ui: &mut Ui, r: Rect, v: &StationView, l: &mut FlyLocal, feeds: &FlyFeeds, pal: &Palette) -> f32 {
    let Some(desk) = feeds.desk else { return r.top() };
    let p = ui.painter().with_clip_rect(r);
    let mut y = r.top();
    let mut chosen = None;
    for o in offers(v, l, desk) {
        if y + 40.0 > r.bottom() {
            break;
        }
        let q = draw::rect(r.left(), y, r.width(), 40.0);
        draw::hline(&p, q.left(), q.right(), q.bottom() - 0.5, pal.line_soft);
        icon::paint(&p, pos2(q.left() + 22.0, q.center().y), 16.0, o.icon, pal.text2);
        let mut end = q.right() - 12.0;
        if !o.button.is_empty() {
            let b = Button::new(o.button).label(&o.label);
            let w = b.wants(&p);
            if b.show(ui, draw::rect(end - w, q.center().y - 13.0, w, 26.0), pal)
                .clicked()
            {
                chosen = Some(o.does);
            }
            end -= w + 10.0;
        }
        let x = q.left() + 42.0;
        for (dy, t, font, c) in [
            (12.0, &o.strong, theme::small_strong(), pal.text1),
            (28.0, &o.quiet, theme::small(), pal.text2),
        ] {
            draw::text_in(&p, pos2(x, q.top() + dy), Align2::LEFT_CENTER, t, font, c, end - x);
        }
        let said = format!("Offer: {}; {}", o.strong, o.quiet);
        draw::named(
            ui,
            Rect::from_min_max(q.min, pos2(end, q.bottom())),
            ("offer", &said),
            WidgetType::Label,
            &said,
        );
        y += 40.0;
    }
    match chosen {
        Some(Does::Send(r, what)) => arm(v, l, &r, what),
        Some(Does::Plan(change)) => {
            after::ask(v, &mut l.plan, feeds.desk, change);
            l.workspace = Workspace::Plan;
        }
        _ => {}
    }
    y
}

/// The way armed for this aircraft, unless another place was marked since.
pub(super) fn sending<'a>(l: &'a FlyLocal, a: &VehicleView) -> Option<&'a Sending> {
    l.sending
        .as_ref()
        .filter(|s| s.vehicle == a.id && l.pin.is_none() && !s.sent)
}

/// What the bar says of it.
pub(super) fn consequence(s: &Sending, a: &VehicleView) -> String {
    let from = a.at.map(|p| p.value).or_else(|| s.path.first().copied());
    let rest = from
        .into_iter()
        .chain(s.path[s.next.min(s.path.len())..].iter().copied());
    let pts: Vec<LatLon> = rest.collect();
    let way: f64 = pts.windows(2).map(|w| distance_m(w[0], w[1])).sum();
    let corner = if s.path.len() > 2 {
        format!(", corner {} of {}", s.next, s.path.len() - 1)
    } else {
        String::new()
    };
    format!(
        "leaves its plan, {:.1} km at {} m AMSL{corner}, {}",
        way / 1000.0,
        words::thousands(s.heights.get(s.next).map_or(0.0, |h| h.0)),
        s.what
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offer_reads_as_the_crew_says_it() {
        let r = Response {
            vehicle: VehicleId(2),
            tail: "CU-02".into(),
            able: true,
            why: String::new(),
            eta_s: 140.0,
            detect: Detectability::Recognise,
            path: vec![],
            heights: vec![],
            amsl: Amsl(2400.0),
            left_share: 0.18,
            lands_at: LatLon {
                lat_deg: 42.0,
                lon_deg: 1.0,
            },
            back: vec![],
            back_heights: vec![],
            leaves_m: Some([3200.0, 4100.0]),
            away_s: 300.0,
            gap_s: 365.0,
        };
        assert_eq!(
            words_of(&r),
            "CU-02: recognises in 2 min 20 s, lands with 18 %, km 3.2–4.1 unseen for 6 min"
        );
    }
}
