//! Orders to the selected aircraft: buttons, and the bar that is pressed and held.
//!
//! Invariant: an order names one aircraft, needs the whole hold, and success is what telemetry
//! shows. Releasing early gives nothing. It must not know how orders travel.

use egui::{Align2, CornerRadius, Key, Rect, Sense, Stroke, StrokeKind, Ui, WidgetInfo, WidgetType, pos2, vec2};
use vedette_core::{PlanOnAircraft, StationView, VehicleView};
use vedette_geo::AboveHome;
use vedette_model::{Authority, GimbalAim, Intent, LandedState, Order, Receipt, ReceiptState, VehicleId};

use super::offers;
use crate::draw::{self, Button};
use crate::icon::{self, Icon};
use crate::local::{FlyFeeds, FlyLocal};
use crate::theme::{self, Layout, Palette};
use crate::words;

/// How long a hold lasts, seconds.
pub const HOLD_S: f64 = 1.5;

/// Orders the bar can give.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderKind {
    /// Arm and climb.
    TakeOff,
    /// Fly the plan on board.
    Start,
    /// Go on with it.
    Resume,
    /// Hold position.
    Hold,
    /// Circle the marked place.
    Orbit,
    /// Fly to the marked place.
    GoTo,
    /// Point the camera at the marked place or track; needs no hold.
    Look,
    /// Land here.
    Land,
    /// Return.
    Return,
}

impl OrderKind {
    /// All with word, key and icon.
    pub const ALL: [(Self, &'static str, &'static str, Key, Icon); 9] = [
        (Self::TakeOff, "Take off", "E", Key::E, Icon::TakeOff),
        (Self::Start, "Start patrol", "I", Key::I, Icon::Play),
        (Self::Hold, "Hold", "H", Key::H, Icon::Hold),
        (Self::Orbit, "Orbit", "O", Key::O, Icon::Orbit),
        (Self::GoTo, "Go to", "G", Key::G, Icon::Goto),
        (Self::Look, "Look here", "L", Key::L, Icon::Look),
        (Self::Resume, "Resume", "Q", Key::Q, Icon::Play),
        (Self::Land, "Land", "D", Key::D, Icon::Land),
        (Self::Return, "Return", "R", Key::R, Icon::Return),
    ];
    fn entry(self) -> (&'static str, &'static str, Key, Icon) {
        Self::ALL
            .iter()
            .find(|e| e.0 == self)
            .map_or(("Return", "R", Key::R, Icon::Return), |e| (e.1, e.2, e.3, e.4))
    }
    /// Name as the station's records say it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::TakeOff => "TAKE OFF",
            Self::Start => "START PATROL",
            Self::Resume => "RESUME PATROL",
            Self::Hold => "HOLD",
            Self::Orbit => "ORBIT",
            Self::GoTo => "GO TO",
            Self::Look => "LOOK",
            Self::Land => "LAND",
            Self::Return => "RETURN",
        }
    }
}

/// A hold under way.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hold {
    /// For this aircraft; selecting another ends it.
    pub vehicle: VehicleId,
    /// This order.
    pub kind: OrderKind,
    /// Seconds held.
    pub held_s: f64,
    /// The order was given; the key or button has yet to be released.
    pub done: bool,
}

fn on_ground(a: &VehicleView) -> bool {
    match a.landed.map(|l| l.value) {
        Some(l) => l == LandedState::OnGround,
        None => a.armed.is_none_or(|k| !k.value),
    }
}

/// Orders offered now, in bar order.
#[must_use]
pub fn offered(a: &VehicleView) -> Vec<OrderKind> {
    use OrderKind as K;
    if on_ground(a) {
        vec![K::TakeOff, K::Start, K::Look, K::Return]
    } else {
        let mut v = vec![K::Hold, K::Orbit, K::GoTo, K::Look];
        v.push(if a.patrol_began.is_some() { K::Resume } else { K::Start });
        v.extend([K::Land, K::Return]);
        v
    }
}

/// Why the operator cannot give this order now, if so.
#[must_use]
pub fn refusal(v: &StationView, l: &FlyLocal, a: &VehicleView, kind: OrderKind) -> Option<String> {
    let needs = if kind == OrderKind::Look {
        Authority::Sensor
    } else {
        Authority::Pilot
    };
    let has = v.operators.iter().find(|o| o.id == l.operator).map(|o| o.authority);
    if has.is_none_or(|h| h < needs) {
        return Some(match needs {
            Authority::Sensor => "your duty is to watch: sensor operators and pilots order cameras".into(),
            _ => "your duty is not to fly: pilots order aircraft".into(),
        });
    }
    if a.duplicate {
        return Some("a second sender uses its id: orders are refused".into());
    }
    if a.identity.is_none() {
        return Some("it has not told who it is yet".into());
    }
    if l.view_age_s > 5.0 {
        return Some("the station's picture is old".into());
    }
    if matches!(kind, OrderKind::TakeOff | OrderKind::Start)
        && on_ground(a)
        && let Some(why) = a.grounded.first()
    {
        return Some(format!("it stays on the ground: {why} (F5)"));
    }
    match kind {
        OrderKind::Start if a.plan_on_board != PlanOnAircraft::Same => {
            Some("no checked plan on board: upload it first (F2)".into())
        }
        OrderKind::GoTo if offers::sending(l, a).is_some() => None,
        OrderKind::GoTo | OrderKind::Orbit if l.pin.is_none() && target(v, l).is_none() => {
            Some("click the place on the map first".into())
        }
        OrderKind::GoTo | OrderKind::Orbit if a.amsl.is_none() => Some("its height is unknown".into()),
        OrderKind::Look if l.pin.is_none() && target(v, l).is_none() => {
            Some("click a place on the map or show an alert first".into())
        }
        _ => None,
    }
}

/// Where the alert in front is, if it has a place.
pub(super) fn target(v: &StationView, l: &FlyLocal) -> Option<vedette_geo::LatLon> {
    let alert = v.alerts.get(&l.alert?)?;
    alert
        .track
        .and_then(|t| v.tracks.get(&t))
        .and_then(|t| t.track.fix.ok())
        .map(|f| f.at)
        .or(alert.at)
}

fn aircraft_plan(v: &StationView, id: VehicleId) -> Option<&vedette_model::plan::AircraftPlan> {
    v.plan.plan.as_ref()?.aircraft.iter().find(|p| p.vehicle == id)
}

/// A marked place farther than this from the line does not say where a patrol goes on, metres.
const BESIDE_LINE_M: f64 = 500.0;

/// Where the patrol goes on: at the marked place beside the line, on the first pass there that is
/// not flown yet. `None` without a mark there: where it was left.
fn resume_at(v: &StationView, l: &FlyLocal, a: &VehicleView) -> Option<vedette_planner::Resume> {
    let plan = v.plan.plan.as_ref()?;
    let flight = plan.aircraft.iter().position(|p| p.vehicle == a.id)?;
    let (m, off_m) = l.shapes.as_ref()?.beside(l.pin?)?;
    if off_m > BESIDE_LINE_M {
        return None;
    }
    let flown = a.leg.map_or(0, |x| x.index);
    [true, false]
        .into_iter()
        .filter_map(|growing| vedette_planner::resume(plan, flight, m, growing, flown))
        .min_by(|a, b| {
            let off = |r: &vedette_planner::Resume| (r.chainage_m - m).abs();
            off(a).total_cmp(&off(b)).then(a.leg.cmp(&b.leg))
        })
}

/// Consequence of the order, in words.
#[must_use]
pub fn consequence(v: &StationView, l: &FlyLocal, a: &VehicleView, kind: OrderKind) -> String {
    let plan = aircraft_plan(v, a.id);
    match kind {
        OrderKind::TakeOff => match plan {
            Some(p) => format!("arms, climbs to {} m above home", words::thousands(p.take_off.0)),
            None => "arms, climbs to 30 m above home".into(),
        },
        OrderKind::Start => match plan {
            Some(p) => format!(
                "flies its plan: {} legs, {}",
                p.legs.len(),
                words::duration(p.legs.last().map_or(f64::NAN, |g| g.end_s))
            ),
            None => "flies the plan on board".into(),
        },
        OrderKind::Resume => match resume_at(v, l, a) {
            Some(r) => format!(
                "goes on with its plan at {}, {} left to fly",
                words::km(v.section_from_m + r.chainage_m),
                words::duration(r.left_s)
            ),
            None => "goes on with its plan where it left it".into(),
        },
        OrderKind::Hold => "stops its patrol and holds here".into(),
        OrderKind::Orbit => format!("leaves its plan, circles the {} at 120 m", place_name(l)),
        OrderKind::GoTo => match offers::sending(l, a) {
            Some(s) => offers::consequence(s, a),
            None => format!("leaves its plan, flies to the {}", place_name(l)),
        },
        OrderKind::Look => format!("camera looks at the {}", place_name(l)),
        OrderKind::Land => "lands where it is now".into(),
        OrderKind::Return => match plan {
            Some(p) => format!("climbs to {} m, lands at home", words::thousands(p.return_amsl.0)),
            None => "by its own return setting, lands at home".into(),
        },
    }
}

fn place_name(l: &FlyLocal) -> String {
    match (l.pin, l.alert) {
        (Some(_), _) => "marked place".into(),
        (None, Some(a)) => format!("target of {a}"),
        _ => "marked place".into(),
    }
}

/// The order itself.
fn order_of(v: &StationView, l: &FlyLocal, a: &VehicleView, kind: OrderKind, feeds: &FlyFeeds) -> Option<Order> {
    if kind == OrderKind::GoTo
        && let Some(s) = offers::sending(l, a)
    {
        let (at, amsl) = (*s.path.get(s.next)?, *s.heights.get(s.next)?);
        return Some(Order::GoTo { at, amsl });
    }
    let at = l.pin.or_else(|| target(v, l));
    let ground = at.and_then(|p| feeds.relief.and_then(|r| r.at_place(p)));
    // Never lower than it flies now, never closer to the ground there than its plan's least height.
    let safe = |amsl: f64| {
        let least = v.plan.plan.as_ref().map_or(60.0, |p| p.brief.limits.min_agl_m);
        vedette_geo::Amsl(ground.map_or(amsl, |g| amsl.max(g + least + 10.0)))
    };
    Some(match kind {
        OrderKind::TakeOff => Order::TakeOff {
            height: aircraft_plan(v, a.id).map_or(AboveHome(30.0), |p| p.take_off),
        },
        OrderKind::Start => Order::StartMission,
        OrderKind::Resume => match resume_at(v, l, a).and_then(|r| u16::try_from(r.item).ok()) {
            Some(item) => Order::ResumeAt { item },
            None => Order::ResumeMission,
        },
        OrderKind::Hold => Order::Hold,
        OrderKind::Land => Order::Land,
        OrderKind::Return => Order::Return,
        OrderKind::GoTo => Order::GoTo {
            at: at?,
            amsl: safe(a.amsl?.value.0),
        },
        OrderKind::Orbit => Order::Orbit {
            centre: at?,
            amsl: safe(a.amsl?.value.0),
            radius_m: 120.0,
        },
        OrderKind::Look => {
            let amsl = ground.or_else(|| {
                let alert = v.alerts.get(&l.alert?)?;
                v.tracks.get(&alert.track?)?.track.fix.ok().map(|f| f.amsl.0)
            })?;
            Order::Gimbal(GimbalAim::Place {
                at: at?,
                amsl: vedette_geo::Amsl(amsl),
            })
        }
    })
}

/// The whole sentence of the bar, as AccessKit says it.
#[must_use]
pub fn sentence(v: &StationView, l: &FlyLocal, a: &VehicleView, kind: OrderKind) -> String {
    format!(
        "Hold to {} · {} {} — {}",
        kind.name(),
        a.tail,
        a.name,
        consequence(v, l, a, kind)
    )
}

/// Draws the bar; gives the order when a hold is complete.
#[expect(clippy::too_many_arguments, reason = "a drawing call says all of it")]
pub(crate) fn show(
    ui: &mut Ui,
    r: Rect,
    v: &StationView,
    l: &mut FlyLocal,
    feeds: &FlyFeeds,
    lay: &Layout,
    pal: &Palette,
    out: &mut Vec<Intent>,
) {
    let p = ui.painter().clone();
    p.rect_filled(r, CornerRadius::ZERO, pal.surface[1]);
    draw::hline(&p, r.left(), r.right(), r.top() + 0.5, pal.line_soft);
    let pad = 8.0;
    let Some(a) = l.selected.and_then(|s| v.vehicles.get(&s)) else {
        draw::text(
            &p,
            r.center(),
            Align2::CENTER_CENTER,
            "No aircraft. Orders need one that is selected.",
            theme::body(),
            pal.text3,
        );
        return;
    };
    let kinds = offered(a);
    if !kinds.contains(&l.armed) {
        l.armed = if kinds.contains(&OrderKind::TakeOff) {
            OrderKind::TakeOff
        } else {
            OrderKind::Return
        };
    }
    let row_h = if lay.compact { 32.0 } else { 28.0 };
    let mut x = r.left() + pad;
    let y = r.top() + 9.0;
    if !lay.compact {
        let t = draw::text(
            &p,
            pos2(x, y + row_h / 2.0),
            Align2::LEFT_CENTER,
            "Order to",
            theme::body(),
            pal.text2,
        );
        let t = draw::text(
            &p,
            pos2(t.right() + 5.0, y + row_h / 2.0),
            Align2::LEFT_CENTER,
            &format!("{} {}", a.tail, a.name),
            theme::strong(),
            pal.accent,
        );
        x = t.right() + 10.0;
    }
    let typing = ui.ctx().egui_wants_keyboard_input();
    let mut pressed: Option<OrderKind> = None;
    let mut clicked_key: Option<OrderKind> = None;
    for kind in &kinds {
        let (word, cap, key, ic) = kind.entry();
        let label = format!("{word}: {} {}", a.tail, a.name);
        let ok = refusal(v, l, a, *kind);
        let mut b = Button::new(if lay.compact { "" } else { word })
            .label(&label)
            .icon(ic)
            .key(cap)
            .selected(l.armed == *kind && *kind != OrderKind::Look);
        b.enabled = ok.is_none();
        let room = r.right() - pad - x;
        let mut w = b.wants(&p);
        if w > room {
            b.words = "";
            w = b.wants(&p);
        }
        if w > room {
            break;
        }
        let mut resp = b.show(ui, draw::rect(x, y, w, row_h), pal);
        if let Some(why) = &ok {
            resp = resp.on_hover_text(why);
        }
        if resp.is_pointer_button_down_on() && ok.is_none() {
            pressed = Some(*kind);
        }
        if resp.clicked() && *kind == OrderKind::Look {
            clicked_key = Some(OrderKind::Look);
        }
        if resp.has_focus() && ui.input(|i| i.key_down(Key::Enter)) && ok.is_none() {
            pressed = Some(*kind);
        }
        if !typing {
            let plain = ui.input(|i| i.modifiers.is_none());
            if plain && ui.input(|i| i.key_down(key)) {
                pressed = Some(*kind);
            }
            if plain && *kind == OrderKind::Look && ui.input(|i| i.key_pressed(key)) {
                clicked_key = Some(OrderKind::Look);
            }
        }
        x += w + 6.0;
    }
    // Looking moves no aircraft: one press is enough.
    if clicked_key == Some(OrderKind::Look) && refusal(v, l, a, OrderKind::Look).is_none() {
        if let Some(order) = order_of(v, l, a, OrderKind::Look, feeds) {
            out.push(Intent::Command {
                vehicle: a.id,
                order,
                held: false,
            });
            l.given = Some((a.id, OrderKind::Look, v.now.0));
        } else {
            l.warning = Some("Look here: the ground's height there is unknown".into());
        }
    }
    if pressed == Some(OrderKind::Look) {
        pressed = None;
    }
    if let Some(k) = pressed {
        l.armed = k;
    }
    let bar = Rect::from_min_max(
        pos2(r.left() + pad, y + row_h + 8.0),
        pos2(r.right() - pad, r.bottom() - 8.0),
    );
    let kind = l.armed;
    let why_not = refusal(v, l, a, kind);
    let name = sentence(v, l, a, kind);
    let resp = ui.interact(bar, ui.id().with("hold bar"), Sense::click_and_drag());
    resp.widget_info(|| WidgetInfo::labeled(WidgetType::Button, why_not.is_none(), &name));
    let bar_down = resp.is_pointer_button_down_on() || (resp.has_focus() && ui.input(|i| i.key_down(Key::Space)));
    let down = (bar_down || pressed == Some(kind)) && why_not.is_none();
    let dt = f64::from(ui.input(|i| i.stable_dt)).min(0.25);
    let mine = |h: &Hold| h.vehicle == a.id && h.kind == kind;
    let mut hold = l.hold.filter(mine).unwrap_or(Hold {
        vehicle: a.id,
        kind,
        held_s: 0.0,
        done: false,
    });
    if down {
        if !hold.done {
            hold.held_s += dt;
            if hold.held_s >= HOLD_S {
                hold.done = true;
                if let Some(order) = order_of(v, l, a, kind, feeds) {
                    out.push(Intent::Command {
                        vehicle: a.id,
                        order,
                        held: true,
                    });
                    l.given = Some((a.id, kind, v.now.0));
                    if let Some(s) = l
                        .sending
                        .as_mut()
                        .filter(|s| s.vehicle == a.id && kind == OrderKind::GoTo)
                    {
                        s.sent = true;
                    }
                }
            }
        }
        ui.ctx().request_repaint();
    } else if hold.done {
        hold.held_s = 0.0;
        hold.done = false;
    } else if hold.held_s > 0.0 {
        // Runs back on release.
        hold.held_s = (hold.held_s - dt * 3.0).max(0.0);
        ui.ctx().request_repaint();
    }
    l.hold = (hold.held_s > 0.0 || hold.done).then_some(hold);
    let state = paint_bar(&p, bar, v, l, a, kind, why_not.as_deref(), down, lay, pal);
    // Beside the bar's own name, which is the order it would give: where the last one stands.
    let line = draw::rect(bar.left(), bar.bottom() - 1.0, bar.width(), 1.0);
    draw::named(
        ui,
        line,
        "order state",
        WidgetType::Label,
        &format!("Order state: {state}"),
    );
    if resp.has_focus() {
        p.rect_stroke(
            bar.expand(2.0),
            CornerRadius::same(6),
            Stroke::new(2.0, pal.accent),
            StrokeKind::Inside,
        );
    }
}

/// The receipt to tell about: the newest of this aircraft, while it is news.
fn news<'a>(v: &'a StationView, a: &VehicleView) -> Option<&'a Receipt> {
    let r = v.receipts.iter().rev().find(|r| r.vehicle == a.id)?;
    let age_s = vedette_model::Mono(v.now.since(r.since)).seconds();
    let keep = match r.state {
        ReceiptState::Sent | ReceiptState::Accepted => 30.0,
        ReceiptState::Observed => 5.0,
        ReceiptState::Refused(_) | ReceiptState::Unknown => 20.0,
    };
    (age_s <= keep).then_some(r)
}

#[expect(clippy::too_many_arguments, reason = "a drawing call says all of it")]
fn paint_bar(
    p: &egui::Painter,
    bar: Rect,
    v: &StationView,
    l: &FlyLocal,
    a: &VehicleView,
    kind: OrderKind,
    why_not: Option<&str>,
    down: bool,
    lay: &Layout,
    pal: &Palette,
) -> String {
    let (_, cap, _, ic) = kind.entry();
    let who = format!("{} {}", a.tail, a.name);
    let mid = bar.center().y;
    let x = bar.left() + 44.0;
    let put = |fill, line, icon, colour, strong: &str, rest: &str, right: &str| {
        draw::framed(p, bar, 4, fill, line);
        icon::paint(p, pos2(bar.left() + 22.0, mid), 18.0, icon, colour);
        let rw = if right.is_empty() {
            0.0
        } else {
            draw::width(p, right, theme::small()) + 14.0
        };
        let t = draw::text_in(
            p,
            pos2(x, mid),
            Align2::LEFT_CENTER,
            strong,
            theme::title(),
            colour,
            bar.right() - 12.0 - rw - x,
        );
        let left = t.right() + 8.0;
        if bar.right() - rw - 12.0 - left > 40.0 {
            draw::text_in(
                p,
                pos2(left, mid),
                Align2::LEFT_CENTER,
                rest,
                theme::body(),
                pal.text2,
                bar.right() - rw - 12.0 - left,
            );
        }
        draw::text(
            p,
            pos2(bar.right() - 12.0, mid),
            Align2::RIGHT_CENTER,
            right,
            theme::small(),
            pal.text2,
        );
    };
    let holding = l.hold.filter(|h| h.vehicle == a.id && h.kind == kind);
    if let Some(h) = holding.filter(|h| !h.done) {
        #[expect(clippy::cast_possible_truncation, reason = "share 0..1")]
        let share = (h.held_s / HOLD_S).clamp(0.0, 1.0) as f32;
        draw::framed(p, bar, 4, pal.surface[1], pal.accent);
        p.rect_filled(
            Rect::from_min_size(
                bar.min + vec2(1.0, 1.0),
                vec2((bar.width() - 2.0) * share, bar.height() - 2.0),
            ),
            CornerRadius::same(3),
            draw::alpha(pal.accent, 90),
        );
        icon::paint(p, pos2(bar.left() + 22.0, mid), 18.0, ic, pal.accent);
        let words = if down {
            format!("Keep holding: {} · {who}", kind.name())
        } else {
            format!("Released: {} · {who}", kind.name())
        };
        let t = draw::text(p, pos2(x, mid), Align2::LEFT_CENTER, &words, theme::title(), pal.text1);
        draw::text(
            p,
            pos2(t.right() + 8.0, mid),
            Align2::LEFT_CENTER,
            if down { "release to cancel" } else { "nothing was sent" },
            theme::body(),
            pal.text2,
        );
        draw::text(
            p,
            pos2(bar.right() - 12.0, mid),
            Align2::RIGHT_CENTER,
            &format!("{:.1} s left", (HOLD_S - h.held_s).max(0.0)),
            theme::small(),
            pal.text2,
        );
        return words;
    }
    if let Some(r) = news(v, a) {
        let s = vedette_model::Mono(v.now.since(r.at)).seconds().max(0.0);
        let calm = (pal.surface[1], pal.text3, pal.text1);
        let alarm = (pal.alarm2_fill, pal.alarm2, pal.alarm2);
        let sure = (pal.confirmed_fill, pal.confirmed, pal.confirmed);
        let (look, icon, strong, rest, right) = match &r.state {
            ReceiptState::Sent => (
                calm,
                Icon::Clock,
                format!("{} sent", r.what),
                format!("waiting {s:.1} s"),
                "sent",
            ),
            ReceiptState::Accepted => (
                calm,
                Icon::Clock,
                format!("{} accepted", r.what),
                "not seen in telemetry yet".to_owned(),
                "accepted",
            ),
            ReceiptState::Observed => (
                sure,
                Icon::Check,
                r.what.clone(),
                "accepted and seen".to_owned(),
                "observed",
            ),
            ReceiptState::Refused(why) => (
                alarm,
                Icon::Cross,
                format!("{} refused", r.what),
                why.clone(),
                "refused",
            ),
            ReceiptState::Unknown => (
                alarm,
                Icon::Question,
                format!("{} unknown", r.what),
                "no answer: what it does is not known".to_owned(),
                "unknown",
            ),
        };
        put(look.0, look.1, icon, look.2, &strong, &rest, right);
        return format!("{strong}, {rest}");
    }
    if let Some(why) = why_not {
        put(
            pal.surface[1],
            pal.line_soft,
            ic,
            pal.text3,
            &format!("{} · {who}", kind.name()),
            why,
            "not now",
        );
        return format!("not now: {why}");
    }
    draw::framed(p, bar, 4, pal.accent_fill, pal.accent);
    icon::paint(p, pos2(bar.left() + 22.0, mid), 18.0, ic, pal.accent);
    let right = if lay.compact {
        bar.right() - 12.0
    } else {
        draw::text(
            p,
            pos2(bar.right() - 12.0, mid),
            Align2::RIGHT_CENTER,
            "hold 1.5 s",
            theme::small(),
            pal.text2,
        )
        .left()
            - 8.0
    };
    let cap_r = draw::keycap(p, right, mid, cap, pal);
    let t = draw::text_in(
        p,
        pos2(x, mid),
        Align2::LEFT_CENTER,
        &format!("Hold to {} · {who}", kind.name()),
        theme::title(),
        pal.text1,
        cap_r.left() - 8.0 - x,
    );
    let rest = format!("— {}", consequence(v, l, a, kind));
    if cap_r.left() - t.right() > 60.0 {
        draw::text_in(
            p,
            pos2(t.right() + 6.0, mid),
            Align2::LEFT_CENTER,
            &rest,
            theme::body(),
            pal.text1,
            cap_r.left() - 12.0 - t.right() - 6.0,
        );
    }
    "at rest".to_owned()
}
