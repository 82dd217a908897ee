//! What a session starts with, from a brief and a world.

use vedette_atlas::World;
use vedette_core::{CameraSpec, OperatorSpec, Setup, SiteLines};
use vedette_model::plan::Brief;
use vedette_model::{Authority, CameraId, OperatorId, SessionId, Spectrum, Utc, VehicleId};

/// Name and version in every record.
pub(crate) const SOFTWARE: &str = concat!("Vedette ", env!("CARGO_PKG_VERSION"));

/// Streams of an aircraft: thermal is ten times its system id plus one, visible plus two.
pub(crate) fn cameras(vehicles: impl IntoIterator<Item = VehicleId>) -> Vec<CameraSpec> {
    vehicles
        .into_iter()
        .flat_map(|v| {
            [(1, Spectrum::Thermal), (2, Spectrum::Visible)].map(|(n, spectrum)| CameraSpec {
                camera: CameraId(v.0 * 10 + n),
                vehicle: v,
                spectrum,
            })
        })
        .collect()
}

/// A session id that sorts by time.
pub(crate) fn session_id(utc: Utc) -> SessionId {
    let (y, mo, d, h, m, s, _) = utc.civil();
    SessionId(format!("{y:04}{mo:02}{d:02}T{h:02}{m:02}{s:02}Z"))
}

/// A setup with one pilot and one supervisor.
pub(crate) fn setup(
    session: SessionId,
    station: &str,
    brief: Brief,
    world: &World,
    policy: vedette_sight::Policy,
    seed: u64,
    pilot: &OperatorId,
) -> Setup {
    Setup {
        session,
        station: station.to_owned(),
        software: SOFTWARE.to_owned(),
        operators: vec![
            OperatorSpec {
                id: pilot.clone(),
                name: "Operator 2 · pilot".into(),
                authority: Authority::Pilot,
            },
            OperatorSpec {
                id: OperatorId("supervisor-1".into()),
                name: "Shift lead".into(),
                authority: Authority::Supervisor,
            },
        ],
        cameras: cameras(brief.fleet.iter().map(|a| a.vehicle)),
        site: SiteLines::of(world),
        brief,
        policy,
        seed,
    }
}
