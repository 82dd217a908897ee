//! What a session starts with, from a brief and a world.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use vedette_atlas::World;
use vedette_core::{CameraSpec, OperatorSpec, Setup, SiteLines};
use vedette_model::plan::Brief;
use vedette_model::{Authority, Baseline, CameraId, OperatorId, PlanRule, SessionId, Spectrum, Utc, VehicleId};

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

/// Who approves what the pilot put on the table, where a site names nobody.
pub(crate) const SECOND: &str = "supervisor-1";

/// One pilot and one supervisor: the watch where a site names nobody.
pub(crate) fn people(pilot: &OperatorId) -> Vec<OperatorSpec> {
    vec![
        OperatorSpec {
            id: pilot.clone(),
            name: "Operator 2 · pilot".into(),
            authority: Authority::Pilot,
        },
        OperatorSpec {
            id: OperatorId(SECOND.into()),
            name: "Shift lead".into(),
            authority: Authority::Supervisor,
        },
    ]
}

/// People under a rule: two persons who fly or lead are needed where two persons bring a plan to
/// an aircraft, and nobody is named twice.
pub(crate) fn fit(people: &[OperatorSpec], rule: PlanRule) -> Result<(), String> {
    let mut ids: Vec<&str> = people.iter().map(|p| p.id.0.as_str()).collect();
    ids.sort_unstable();
    if let Some(w) = ids.windows(2).find(|w| w[0] == w[1]) {
        return Err(format!("people: {} is named twice", w[0]));
    }
    let may = people.iter().filter(|p| p.authority >= Authority::Pilot).count();
    if rule == PlanRule::TwoPersons && may < 2 {
        return Err(format!(
            "plan_rule is two-persons, but {may} of the people may approve a plan: name a second pilot or supervisor under [[people]], or say plan_rule = \"single-person\""
        ));
    }
    Ok(())
}

/// What a session starts with.
#[expect(clippy::too_many_arguments, reason = "the journal's first line says all of it")]
pub(crate) fn setup(
    session: SessionId,
    station: &str,
    brief: Brief,
    world: &World,
    policy: vedette_sight::Policy,
    seed: u64,
    operators: Vec<OperatorSpec>,
    plan_rule: PlanRule,
) -> Setup {
    Setup {
        session,
        station: station.to_owned(),
        software: SOFTWARE.to_owned(),
        operators,
        cameras: cameras(brief.fleet.iter().map(|a| a.vehicle)),
        site: SiteLines::of(world),
        brief,
        policy,
        seed,
        system: Some(crate::radio::SYSTEM_ID),
        baselines: BTreeMap::new(),
        plan_rule,
        detector: None,
    }
}

/// Parameters every aircraft of the fleet shall have, by its tail number: from the files named, else
/// from `TAIL.param` in the station's own folder of baselines.
pub(crate) fn baselines(
    brief: &Brief,
    named: &BTreeMap<String, PathBuf>,
    own: &Path,
) -> anyhow::Result<BTreeMap<VehicleId, (String, Arc<Baseline>)>> {
    for tail in named.keys() {
        anyhow::ensure!(
            brief.fleet.iter().any(|a| a.tail == *tail),
            "baselines.{tail}: no aircraft of the brief has this tail number"
        );
    }
    let mut out = BTreeMap::new();
    for a in &brief.fleet {
        let file = match named.get(&a.tail) {
            Some(f) => f.clone(),
            None => own.join(format!("{}.param", a.tail)),
        };
        if !named.contains_key(&a.tail) && !file.is_file() {
            continue;
        }
        let text = std::fs::read_to_string(&file)
            .with_context(|| format!("cannot read the baseline {} of {}", file.display(), a.tail))?;
        let baseline = Baseline::parse(&text, &file.display().to_string())?;
        out.insert(a.vehicle, (baseline_name(&text, &file), Arc::new(baseline)));
    }
    Ok(out)
}

/// As its first line says it (`# CU-01, baseline 2026-10-30, taken by …`), else the file's name.
fn baseline_name(text: &str, file: &Path) -> String {
    let said = text
        .lines()
        .next()
        .filter(|l| l.starts_with('#'))
        .and_then(|l| l.split(", ").find_map(|w| w.strip_prefix("baseline ")));
    match said {
        Some(name) => name.trim().to_owned(),
        None => file
            .file_stem()
            .map_or_else(|| "of this file".to_owned(), |s| s.to_string_lossy().into_owned()),
    }
}
