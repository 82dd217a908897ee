//! What battery, link and fence make the aircraft do, from the parameters its family has for it.
//!
//! Invariant: each acts once per event and says so in a status text; nothing takes an aircraft
//! out of its landing. Must not know how texts travel. Sources: ArduPilot and PX4 parameter
//! references (BATT_FS_*, FS_GCS_*, FS_LONG_ACTN, FS_OPTIONS, FENCE_ACTION; COM_LOW_BAT_ACT,
//! NAV_DLL_ACT, GF_ACTION).

use vedette_model::Airframe;

use crate::flight::Task;
use crate::guide::Place;
use crate::modes::Mode;
use crate::vehicle::SimVehicle;
use crate::watch::{CRITICAL, INFO, WARNING};

/// What is done about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Remedy {
    /// Told, nothing else.
    Tell,
    /// Stops or circles.
    Hold,
    Return,
    /// By the landing part of the mission where there is one, else as the airframe lands.
    Land,
    /// Motors off.
    Terminate,
}

/// Battery, by family, airframe, stage (1 low, 2 critical, 3 emergency) and parameter.
fn battery(px4: bool, airframe: Airframe, stage: u8, action: i64) -> Remedy {
    match (px4, airframe, action) {
        (true, _, 2) if stage >= 2 => Remedy::Land,
        (true, _, 3) if stage == 2 => Remedy::Return,
        (true, _, 3) if stage == 3 => Remedy::Land,
        (true, ..) => Remedy::Tell,
        (false, Airframe::Copter, 1) => Remedy::Land,
        (false, Airframe::Copter, 2 | 3 | 4 | 6) => Remedy::Return,
        (false, Airframe::Copter, 5) | (false, _, 3) => Remedy::Terminate,
        (false, Airframe::Copter, 7) => Remedy::Hold,
        (false, Airframe::Plane | Airframe::Quadplane, 1) => Remedy::Return,
        (false, Airframe::Plane | Airframe::Quadplane, 2 | 4 | 6) => Remedy::Land,
        _ => Remedy::Tell,
    }
}

/// Loss of the station's heartbeat.
fn link(px4: bool, airframe: Airframe, action: i64) -> Remedy {
    match (px4, airframe, action) {
        (true, _, 1) | (false, Airframe::Copter, 7) => Remedy::Hold,
        (true, _, 3) | (false, Airframe::Copter, 5) => Remedy::Land,
        (true, _, 5 | 6) => Remedy::Terminate,
        _ => Remedy::Return,
    }
}

/// Breach of the fence.
fn fence(px4: bool, airframe: Airframe, action: i64) -> Remedy {
    match (px4, airframe, action) {
        (_, _, 0) | (true, _, 1) => Remedy::Tell,
        (true, _, 2) | (false, Airframe::Copter, 4) => Remedy::Hold,
        (true, _, 4) => Remedy::Terminate,
        (true, _, 5) | (false, Airframe::Copter, 2) | (false, Airframe::Plane, 8) => Remedy::Land,
        _ => Remedy::Return,
    }
}

fn own_name(which: &str) -> &'static str {
    if which == "vertical" {
        "GF_MAX_VER_DIST"
    } else {
        "GF_MAX_HOR_DIST"
    }
}

impl SimVehicle {
    /// Does it, unless the aircraft stands or is landing already.
    pub(crate) fn remedy(&mut self, remedy: Remedy) {
        let landing = matches!(self.pilot.task, Task::Land { .. });
        if self.body.on_ground || landing {
            return;
        }
        let mode = match remedy {
            Remedy::Tell => return,
            Remedy::Terminate => {
                self.say(CRITICAL, "Terminating");
                self.disarm(true);
                return;
            }
            Remedy::Hold => Mode::hold(self.cfg.family, self.cfg.airframe),
            Remedy::Return => Mode::Return,
            Remedy::Land => {
                if self.cfg.airframe == Airframe::Plane && self.fly_landing() {
                    return;
                }
                Mode::Land
            }
        };
        if self.pilot.mode != mode {
            self.set_mode(mode);
        }
    }

    /// Stage of the battery by charge counted and by voltage.
    fn battery_stage(&mut self) -> u8 {
        let p = &self.params;
        let charge = self.battery.low(p);
        let volts = self.battery.volts();
        let patience = (p.get("BATT_LOW_TIMER", 10.0).max(0.0) * 10.0) as u64;
        let limits = [p.get("BATT_LOW_VOLT", 0.0), p.get("BATT_CRT_VOLT", 0.0)];
        for (count, limit) in self.watch.sagging.iter_mut().zip(limits) {
            *count = if limit > 0.0 && volts < limit { *count + 1 } else { 0 };
        }
        let sags = self.watch.sagging.map(|n| n > patience);
        charge.max(if sags[1] { 2 } else { u8::from(sags[0]) })
    }

    pub(crate) fn watch_battery(&mut self) {
        if self.battery.share() <= 0.0 && !self.body.on_ground {
            self.body.thrust_lost = 1.0;
        }
        let stage = self.battery_stage();
        if stage <= self.watch.battery_stage {
            return;
        }
        self.watch.battery_stage = stage;
        let word = ["", "low", "critical", "at emergency level"][usize::from(stage.min(3))];
        let used = self.battery.used_wh() / crate::energy::NOMINAL_V * 1000.0;
        let text = format!("Battery 1 is {word} {:.2}V used {used:.0} mAh", self.battery.volts());
        self.say(WARNING, &text);
        let name = if stage >= 2 {
            "BATT_FS_CRT_ACT"
        } else {
            "BATT_FS_LOW_ACT"
        };
        let action = self.params.get(name, self.params.get("COM_LOW_BAT_ACT", 3.0)) as i64;
        self.remedy(battery(self.cfg.px4(), self.cfg.airframe, stage, action));
    }

    pub(crate) fn watch_station(&mut self) {
        let Some(heard) = self.watch.gcs_heard else {
            return;
        };
        let p = &self.params;
        let wait = p.get("FS_GCS_TIMEOUT", p.get("FS_LONG_TIMEOUT", p.get("COM_DL_LOSS_T", 5.0)));
        let silent = (self.tick - heard) as f64 * 0.01 > wait.max(1.0);
        if !silent {
            if self.watch.gcs_lost {
                self.watch.gcs_lost = false;
                self.say(INFO, "GCS Failsafe Cleared");
            }
            return;
        }
        if self.watch.gcs_lost {
            return;
        }
        let action = p.get("FS_GCS_ENABLE", p.get("FS_GCS_ENABL", p.get("NAV_DLL_ACT", 0.0))) as i64;
        if action == 0 {
            return;
        }
        let auto = self.pilot.mode == Mode::Auto;
        let guided = auto || self.pilot.mode == Mode::Guided;
        // Copter: FS_OPTIONS bit 1 goes on with a mission; plane: FS_LONG_ACTN 0, and
        // FS_GCS_ENABL 3 looks at the link in AUTO only.
        let goes_on = match self.cfg.airframe {
            _ if self.cfg.px4() => false,
            Airframe::Copter => auto && p.get("FS_OPTIONS", 0.0) as u32 & 2 != 0,
            Airframe::Plane | Airframe::Quadplane => {
                (guided && p.get("FS_LONG_ACTN", 1.0) < 0.5) || (action == 3 && !auto)
            }
        };
        self.watch.gcs_lost = true;
        self.say(CRITICAL, "GCS Failsafe");
        if !goes_on {
            self.remedy(link(self.cfg.px4(), self.cfg.airframe, action));
        }
    }

    /// Inside every inclusion and outside every exclusion, below the ceiling.
    pub(crate) fn fence_kind(&self, p: &Place) -> u8 {
        let kinds = self.params.get("FENCE_TYPE", 7.0) as u32;
        let up = p.amsl - self.home.place.amsl;
        // PX4's limits are off at 0.
        let limit = |name: &str, own: f64| match self.params.get(own_name(name), 0.0) {
            v if v > 0.0 => v,
            _ => own,
        };
        let ceiling = limit("vertical", self.params.get("FENCE_ALT_MAX", f64::INFINITY));
        let reach = limit("horizontal", self.params.get("FENCE_RADIUS", f64::INFINITY));
        if kinds & 8 != 0 && up < self.params.get("FENCE_ALT_MIN", f64::NEG_INFINITY) {
            return 1;
        }
        if kinds & 1 != 0 && up > ceiling {
            return 2;
        }
        if kinds & 2 != 0 && p.across(&self.home.place) > reach {
            return 3;
        }
        if kinds & 4 != 0 && !self.inside_fence(p) {
            return 3;
        }
        0
    }

    fn inside_fence(&self, p: &Place) -> bool {
        let list = &self.plans.lists[1];
        let (mut any, mut inside) = (false, false);
        let mut i = 0;
        while let Some(item) = list.get(i) {
            let corner = |it: &crate::plans::Item| it.at().map(|at| self.place(at, p.amsl));
            match item.command {
                5001 | 5002 => {
                    let n = (item.param(0) as usize).clamp(3, 1024);
                    let ring: Vec<Place> = list.iter().skip(i).take(n).filter_map(corner).collect();
                    let within = in_ring(&ring, p);
                    if item.command == 5001 {
                        any = true;
                        inside |= within;
                    } else if within {
                        return false;
                    }
                    i += n;
                }
                5003 | 5004 => {
                    let within = corner(item).is_some_and(|c| c.across(p) <= item.param(0));
                    if item.command == 5003 {
                        any = true;
                        inside |= within;
                    } else if within {
                        return false;
                    }
                    i += 1;
                }
                _ => i += 1,
            }
        }
        !any || inside
    }

    /// Switched on by order or by parameter; PX4's is on wherever it has one.
    pub(crate) fn fence_enabled(&self) -> bool {
        self.watch.fence_on || self.params.get("FENCE_ENABLE", f64::from(u8::from(self.cfg.px4()))) > 0.5
    }

    pub(crate) fn watch_fence(&mut self) {
        if !self.fence_enabled() || self.body.on_ground {
            return;
        }
        let kind = self.fence_kind(&Place::of(&self.sensors.est));
        if kind == 0 {
            if self.watch.breached {
                self.watch.breached = false;
                self.watch.breach_kind = 0;
                self.say(INFO, "Fence breach cleared");
            }
            return;
        }
        if self.watch.breached {
            return;
        }
        self.watch.breached = true;
        self.watch.breaches = self.watch.breaches.saturating_add(1);
        self.watch.breach_kind = kind;
        self.watch.breach_ms = self.boot_ms();
        let words = match kind {
            1 => "Min Alt fence breached",
            2 => "Max Alt fence breached",
            _ => "Polygon fence breached",
        };
        self.say(CRITICAL, words);
        let action = self.params.get("FENCE_ACTION", self.params.get("GF_ACTION", 1.0)) as i64;
        self.remedy(fence(self.cfg.px4(), self.cfg.airframe, action));
    }
}

/// Even-odd rule in the local plane.
fn in_ring(ring: &[Place], p: &Place) -> bool {
    let mut inside = false;
    for (i, a) in ring.iter().enumerate() {
        let b = &ring[(i + 1) % ring.len()];
        if (a.e > p.e) != (b.e > p.e) {
            let t = (p.e - a.e) / (b.e - a.e);
            if p.n < a.n + t * (b.n - a.n) {
                inside = !inside;
            }
        }
    }
    inside
}
