//! Two uses of one port, found before anything starts.
//!
//! Pure. What a run listens at is tried where it is opened; what it sends to needs no port of its
//! own, but pictures sent where something else goes, or where the run itself listens, reach nobody.
//! Knows addresses only.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use vedette_model::CameraId;

use super::{Endpoint, FollowEndpoint, ServeConfig};
use crate::SimError;
use crate::cues::SensorKind;
use crate::scenario::Scenario;

/// One use of an address.
struct Use {
    what: String,
    at: SocketAddr,
    tcp: bool,
    /// Words of many kinds may go to one ear; pictures and listeners want a port for themselves.
    alone: bool,
}

impl Use {
    fn clashes(&self, o: &Self) -> bool {
        let (a, b) = (self.at.ip(), o.at.ip());
        let one_host = a == b || a.is_unspecified() || b.is_unspecified();
        (self.alone || o.alone)
            && self.tcp == o.tcp
            && self.at.port() == o.at.port()
            // The system gives a free port for 0.
            && self.at.port() != 0
            && one_host
    }
}

/// Everything the run listens at and sends to.
fn uses(s: &Scenario, config: &ServeConfig, targets: &BTreeMap<CameraId, SocketAddr>) -> Vec<Use> {
    let mut out = Vec::new();
    let mut add = |what: String, at: SocketAddr, tcp: bool, alone: bool| out.push(Use { what, at, tcp, alone });
    for (id, at) in targets {
        add(format!("camera {}", id.0), *at, false, true);
    }
    if let Some(at) = config.rtsp {
        add("the RTSP server".to_owned(), at, true, true);
    }
    let of = |k: SensorKind| s.sensors.iter().any(|x| x.kind == k);
    if [SensorKind::Seismic, SensorKind::Tower, SensorKind::ESeal]
        .map(of)
        .contains(&true)
    {
        add("ground sensors (--sensors)".to_owned(), config.sensors, false, false);
    }
    if of(SensorKind::Ais) {
        add("AIS receivers (--ais)".to_owned(), config.ais, false, false);
    }
    if config.follow.is_empty() {
        for (k, v) in s.vehicles.iter().enumerate() {
            let (at, tcp) = match &config.mavlink {
                Endpoint::Listen(at) => (*at, false),
                Endpoint::Tcp(at) => (*at, true),
                Endpoint::Connect(_) | Endpoint::Serial(_) => continue,
            };
            let mut up = at;
            if at.port() != 0 {
                up.set_port(at.port().saturating_add(u16::try_from(k).unwrap_or(u16::MAX)));
            }
            add(format!("aircraft {} (--listen)", v.system), up, tcp, true);
        }
        if let Endpoint::Connect(to) = &config.mavlink {
            add("telemetry (--connect)".to_owned(), *to, false, false);
        }
    }
    for f in &config.follow {
        if let FollowEndpoint::Listen(at) = f {
            add("an autopilot to follow (--follow)".to_owned(), *at, false, true);
        }
    }
    out
}

/// Every two uses that want one port.
pub(super) fn clashes(
    s: &Scenario,
    config: &ServeConfig,
    targets: &BTreeMap<CameraId, SocketAddr>,
    wrong: &mut Vec<SimError>,
) {
    let all = uses(s, config, targets);
    for (k, a) in all.iter().enumerate() {
        for b in all[..k].iter().filter(|b| a.clashes(b)) {
            let kind = if a.tcp { "tcp" } else { "udp" };
            wrong.push(SimError::Shell {
                what: format!(
                    "{} and {} both use {kind} port {}; give one of them another, cameras with --video or in the scenario",
                    b.what,
                    a.what,
                    a.at.port()
                ),
                source: None,
            });
        }
    }
}
