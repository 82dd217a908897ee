//! Briefs as people write them: TOML in, checked values out.
//!
//! Invariant: a brief that passes has finite, positive numbers where they must be, so planning
//! never divides by what a person typed.

use vedette_model::plan::{Aircraft, Brief};

/// Why a brief was refused.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum BriefError {
    /// Not TOML, or a key is missing or unknown; the message has line and column.
    #[error("the brief cannot be read: {0}")]
    Toml(String),
    /// A value makes no sense.
    #[error("the brief asks for `{what}`: {why}")]
    Value {
        /// Which value.
        what: String,
        /// What is wrong and what is allowed.
        why: String,
    },
}

/// Reads and checks a brief.
///
/// # Errors
/// [`BriefError`] with the place and what is allowed there.
pub fn read_brief(text: &str) -> Result<Brief, BriefError> {
    let brief: Brief = toml::from_str(text).map_err(|e| BriefError::Toml(e.to_string()))?;
    check(&brief)?;
    Ok(brief)
}

fn value(what: &str, why: &str) -> BriefError {
    BriefError::Value {
        what: what.to_owned(),
        why: why.to_owned(),
    }
}

fn within(what: &str, v: f64, low: f64, high: f64) -> Result<(), BriefError> {
    if v.is_finite() && (low..=high).contains(&v) {
        Ok(())
    } else {
        Err(value(
            &format!("{what} = {v}"),
            &format!("it must lie between {low} and {high}"),
        ))
    }
}

pub(crate) fn check(b: &Brief) -> Result<(), BriefError> {
    let (r, l, w) = (&b.requirement, &b.limits, &b.wind);
    within("section.from_km", b.section.from_km, 0.0, 1e5)?;
    within("section.to_km", b.section.to_km, 0.0, 1e5)?;
    if b.section.to_km - b.section.from_km < 0.1 {
        return Err(value("section", "to_km must be at least 0.1 km beyond from_km"));
    }
    within("requirement.revisit_s", r.revisit_s, 1.0, 1e6)?;
    within("requirement.pixels_on_target", r.pixels_on_target, 0.1, 1e4)?;
    within("requirement.duration_s", r.duration_s, 30.0, 1e6)?;
    asked(b)?;
    for (i, l) in b.wind_layers.iter().enumerate() {
        let name = |field: &str| format!("wind_layers[{i}].{field}");
        within(&name("amsl_m"), l.amsl_m, -500.0, 20_000.0)?;
        within(&name("from_deg"), l.from_deg, -360.0, 360.0)?;
        within(&name("speed_m_s"), l.speed_m_s, 0.0, 60.0)?;
        within(&name("gust_m_s"), l.gust_m_s, 0.0, 60.0)?;
        if b.wind_layers[..i].iter().any(|o| (o.amsl_m - l.amsl_m).abs() < 1.0) {
            return Err(value(&name("amsl_m"), "two layers have the same height"));
        }
    }
    within("limits.stand_off_m", l.stand_off_m, 0.0, 50_000.0)?;
    within("limits.nav_sigma_m", l.nav_sigma_m, 0.0, 500.0)?;
    within("limits.min_agl_m", l.min_agl_m, 5.0, 5000.0)?;
    within("limits.max_agl_m", l.max_agl_m, l.min_agl_m, 10_000.0)?;
    within("limits.separation_h_m", l.separation_h_m, 0.0, 50_000.0)?;
    within("limits.separation_v_m", l.separation_v_m, 0.0, 5000.0)?;
    within("wind.from_deg", w.from_deg, -360.0, 360.0)?;
    within("wind.speed_m_s", w.speed_m_s, 0.0, 60.0)?;
    within("wind.gust_m_s", w.gust_m_s, 0.0, 60.0)?;
    let most = if b.bases.is_empty() { 6 } else { 200 };
    if b.fleet.is_empty() || b.fleet.len() > most {
        return Err(value(
            "fleet",
            "a section is planned with one to six aircraft, with bases that relieve them with up to 200",
        ));
    }
    for base in &b.bases {
        let name = |field: &str| format!("base {} {field}", base.name);
        vedette_geo::LatLon::new(base.at.lat_deg, base.at.lon_deg)
            .map_err(|err| value(&name("at"), &err.to_string()))?;
        within(&name("swap_s"), base.swap_s, 0.0, 86_400.0)?;
        within(&name("pads"), f64::from(base.pads), 1.0, 100.0)?;
        for [from, to] in &base.crew_h {
            within(&name("crew_h"), *from, 0.0, *to)?;
            within(&name("crew_h"), *to, *from, 1e4)?;
        }
    }
    for (i, a) in b.fleet.iter().enumerate() {
        if b.fleet[..i].iter().any(|o| o.vehicle == a.vehicle) {
            return Err(value("fleet.vehicle", "two aircraft have the same number"));
        }
        aircraft(a)?;
    }
    Ok(())
}

/// Demands of stretches make sense and lie on the section.
fn asked(b: &Brief) -> Result<(), BriefError> {
    for s in &b.sections {
        let name = format!("section {}", s.name);
        within(&name, s.from_km, 0.0, 1e5)?;
        within(&name, s.to_km, s.from_km + 0.01, 1e5)?;
    }
    for i in &b.requirement.intervals {
        let name = |field: &str| format!("interval {} {field}", i.name);
        let Some((from, to)) = i.km(&b.sections) else {
            return Err(value(
                &name("from_km, to_km"),
                "give both, or neither and the name of one of `sections`",
            ));
        };
        within(&name("from_km"), from, 0.0, 1e5)?;
        if to - from < 0.01 || to <= b.section.from_km || from >= b.section.to_km {
            return Err(value(
                &format!("interval {} {from} to {to} km", i.name),
                &format!(
                    "it must end beyond its start and touch the section, {} to {} km",
                    b.section.from_km, b.section.to_km
                ),
            ));
        }
        if let Some(r) = i.revisit_s {
            within(&name("revisit_s"), r, 1.0, b.requirement.revisit_s)?;
        }
        for w in &i.windows_h {
            within(&name("windows_h"), w[0], 0.0, 1e4)?;
            within(&name("windows_h"), w[1], w[0] + 0.01, 1e4)?;
        }
        for (field, c) in [("detection", i.detection), ("unpredictable", i.unpredictable)] {
            if let Some(c) = c {
                within(&name(&format!("{field}.least")), c.least, 0.0, 1.0)?;
                within(&name(&format!("{field}.crossing_s")), c.crossing_s, 1.0, 1e6)?;
            }
        }
        within(&name("priority"), f64::from(i.priority), 1.0, 100.0)?;
    }
    Ok(())
}

fn aircraft(a: &Aircraft) -> Result<(), BriefError> {
    let name = |field: &str| format!("{} {field}", a.tail);
    let (e, p, c) = (&a.envelope, &a.energy, &a.camera);
    vedette_geo::LatLon::new(a.base.lat_deg, a.base.lon_deg).map_err(|err| value(&name("base"), &err.to_string()))?;
    within(&name("cruise_m_s"), e.cruise_m_s, 1.0, 150.0)?;
    within(&name("min_m_s"), e.min_m_s, 0.0, e.cruise_m_s)?;
    within(&name("max_m_s"), e.max_m_s, e.cruise_m_s, 200.0)?;
    within(&name("climb_m_s"), e.climb_m_s, 0.2, 50.0)?;
    within(&name("descent_m_s"), e.descent_m_s, 0.2, 50.0)?;
    within(&name("max_bank_deg"), e.max_bank_deg, 5.0, 75.0)?;
    within(&name("battery_wh"), p.battery_wh, 1.0, 1e6)?;
    within(&name("cruise_w"), p.cruise_w, 1.0, 1e6)?;
    within(&name("hover_w"), p.hover_w, 1.0, 1e6)?;
    within(&name("mass_kg"), p.mass_kg, 0.1, 2000.0)?;
    within(&name("climb_efficiency"), p.climb_efficiency, 0.05, 1.0)?;
    within(&name("sigma_share"), p.sigma_share, 0.0, 1.0)?;
    within(&name("reserve_share"), p.reserve_share, 0.0, 0.9)?;
    within(&name("hfov_deg"), c.hfov_deg, 0.5, 150.0)?;
    within(&name("width_px"), f64::from(c.width_px), 16.0, 20_000.0)?;
    within(&name("height_px"), f64::from(c.height_px), 16.0, 20_000.0)?;
    within(&name("min_depression_deg"), c.min_depression_deg, -90.0, 90.0)?;
    within(
        &name("max_depression_deg"),
        c.max_depression_deg,
        c.min_depression_deg,
        90.0,
    )
}
