//! The aircraft's parameters: names, types, values, as its family has them.
//!
//! Invariant: the list never changes length or order after boot; a value set is a value of its
//! type. Names that the aircraft acts on are read through [`Params::get`]; the rest are there
//! because stations look for them. Must not know peers.

use vedette_model::Airframe;

use crate::config::VehicleConfig;

/// MAV_PARAM_TYPE.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    I8 = 2,
    I16 = 4,
    I32 = 6,
    F32 = 9,
}

/// One parameter.
#[derive(Debug, Clone)]
pub(crate) struct Param {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) value: f64,
    /// Value at boot.
    pub(crate) default: f64,
}

/// All of them.
#[derive(Debug, Clone)]
pub(crate) struct Params {
    list: Vec<Param>,
    /// Places in the list in order of names: values are looked up many times a tick.
    by_name: Vec<u16>,
    /// PX4 sends the bytes of integers; ArduPilot casts to float.
    bytewise: bool,
}

type Row = (&'static str, Kind, f64);
use Kind::{F32, I8, I16, I32};

/// Both ArduPilot airframes.
const ARDU: &[Row] = &[
    ("FORMAT_VERSION", I16, 120.0),
    ("SYSID_THISMAV", I16, 1.0),
    ("SYSID_MYGCS", I16, 255.0),
    ("TELEM_DELAY", I8, 0.0),
    ("SCHED_LOOP_RATE", I16, 400.0),
    ("LOG_BITMASK", I32, 176_126.0),
    ("LOG_BACKEND_TYPE", I8, 1.0),
    ("LOG_DISARMED", I8, 0.0),
    ("ARMING_CHECK", I32, 1.0),
    ("ARMING_REQUIRE", I8, 1.0),
    ("ARMING_ACCTHRESH", F32, 0.75),
    ("ARMING_OPTIONS", I32, 0.0),
    ("BATT_MONITOR", I8, 4.0),
    ("BATT_CAPACITY", I32, 6757.0),
    ("BATT_LOW_VOLT", F32, 0.0),
    ("BATT_LOW_MAH", F32, 0.0),
    ("BATT_CRT_VOLT", F32, 0.0),
    ("BATT_CRT_MAH", F32, 0.0),
    ("BATT_FS_LOW_ACT", I8, 2.0),
    ("BATT_FS_CRT_ACT", I8, 1.0),
    ("BATT_LOW_TIMER", I8, 10.0),
    ("BATT_AMP_OFFSET", F32, 0.0),
    ("BATT_AMP_PERVLT", F32, 17.0),
    ("BATT_VOLT_MULT", F32, 10.1),
    ("BRD_TYPE", I8, 24.0),
    ("BRD_SAFETY_DEFLT", I8, 0.0),
    ("BRD_BOOT_DELAY", I16, 0.0),
    ("CAM1_TYPE", I8, 6.0),
    ("CAM1_INTRVAL_MIN", F32, 0.0),
    ("CAM1_MNT_INST", I8, 0.0),
    ("COMPASS_ENABLE", I8, 1.0),
    ("COMPASS_USE", I8, 1.0),
    ("COMPASS_AUTODEC", I8, 1.0),
    ("COMPASS_DEC", F32, 0.0),
    ("COMPASS_LEARN", I8, 0.0),
    ("COMPASS_OFS_X", F32, 5.0),
    ("COMPASS_OFS_Y", F32, 13.0),
    ("COMPASS_OFS_Z", F32, -18.0),
    ("COMPASS_DEV_ID", I32, 97_539.0),
    ("DID_ENABLE", I8, 0.0),
    ("EK3_ENABLE", I8, 1.0),
    ("EK3_SRC1_POSXY", I8, 3.0),
    ("EK3_SRC1_POSZ", I8, 1.0),
    ("EK3_SRC1_VELXY", I8, 3.0),
    ("EK3_SRC1_YAW", I8, 1.0),
    ("EK3_GPS_CHECK", I8, 31.0),
    ("FENCE_ENABLE", I8, 0.0),
    ("FENCE_TYPE", I8, 7.0),
    ("FENCE_ACTION", I8, 1.0),
    ("FENCE_ALT_MAX", F32, 1000.0),
    ("FENCE_ALT_MIN", F32, -10.0),
    ("FENCE_RADIUS", F32, 20_000.0),
    ("FENCE_MARGIN", F32, 2.0),
    ("FENCE_TOTAL", I8, 0.0),
    ("FENCE_RET_RALLY", I8, 0.0),
    ("FS_OPTIONS", I32, 0.0),
    ("GPS1_TYPE", I8, 1.0),
    ("GPS1_GNSS_MODE", I8, 0.0),
    ("GPS_HDOP_GOOD", I16, 140.0),
    ("GPS_AUTO_SWITCH", I8, 1.0),
    ("GPS_INJECT_TO", I8, 127.0),
    ("INS_ACC_ID", I32, 2_753_028.0),
    ("INS_GYR_ID", I32, 2_752_772.0),
    ("INS_USE", I8, 1.0),
    ("INS_ACCOFFS_X", F32, 0.001),
    ("INS_ACCOFFS_Y", F32, 0.001),
    ("INS_ACCOFFS_Z", F32, 0.001),
    ("INS_ACCSCAL_X", F32, 1.001),
    ("INS_ACCSCAL_Y", F32, 1.001),
    ("INS_ACCSCAL_Z", F32, 1.001),
    ("INS_GYRO_FILTER", I16, 20.0),
    ("INS_ACCEL_FILTER", I16, 20.0),
    ("MIS_RESTART", I8, 0.0),
    ("MIS_OPTIONS", I16, 0.0),
    ("MIS_TOTAL", I16, 0.0),
    ("MNT1_TYPE", I8, 4.0),
    ("MNT1_PITCH_MIN", I16, -90.0),
    ("MNT1_PITCH_MAX", I16, 20.0),
    ("MNT1_YAW_MIN", I16, -180.0),
    ("MNT1_YAW_MAX", I16, 180.0),
    ("MNT1_DEFLT_MODE", I8, 3.0),
    ("RALLY_TOTAL", I8, 0.0),
    ("RALLY_LIMIT_KM", F32, 5.0),
    ("RALLY_INCL_HOME", I8, 1.0),
    ("RC1_MIN", I16, 1100.0),
    ("RC1_MAX", I16, 1900.0),
    ("RC1_TRIM", I16, 1500.0),
    ("RC2_MIN", I16, 1100.0),
    ("RC2_MAX", I16, 1900.0),
    ("RC2_TRIM", I16, 1500.0),
    ("RC3_MIN", I16, 1100.0),
    ("RC3_MAX", I16, 1900.0),
    ("RC3_TRIM", I16, 1500.0),
    ("RC4_MIN", I16, 1100.0),
    ("RC4_MAX", I16, 1900.0),
    ("RC4_TRIM", I16, 1500.0),
    ("RCMAP_ROLL", I8, 1.0),
    ("RCMAP_PITCH", I8, 2.0),
    ("RCMAP_THROTTLE", I8, 3.0),
    ("RCMAP_YAW", I8, 4.0),
    ("SERIAL0_BAUD", I32, 115.0),
    ("SERIAL0_PROTOCOL", I8, 2.0),
    ("SERIAL1_BAUD", I32, 57.0),
    ("SERIAL1_PROTOCOL", I8, 2.0),
    ("SR0_POSITION", I16, 0.0),
    ("SR0_EXTRA1", I16, 0.0),
    ("STAT_BOOTCNT", I16, 12.0),
    ("STAT_FLTTIME", I32, 40_211.0),
    ("STAT_RUNTIME", I32, 91_037.0),
    ("TERRAIN_ENABLE", I8, 1.0),
    ("TERRAIN_SPACING", I16, 100.0),
    ("TERRAIN_FOLLOW", I8, 0.0),
];

const COPTER: &[Row] = &[
    ("FRAME_CLASS", I8, 1.0),
    ("FRAME_TYPE", I8, 1.0),
    ("RTL_ALT", I32, 3000.0),
    ("RTL_ALT_FINAL", I16, 0.0),
    ("RTL_CLIMB_MIN", I16, 0.0),
    ("RTL_SPEED", I16, 0.0),
    ("RTL_LOIT_TIME", I32, 2000.0),
    ("RTL_CONE_SLOPE", F32, 3.0),
    ("WPNAV_SPEED", F32, 1000.0),
    ("WPNAV_SPEED_UP", F32, 250.0),
    ("WPNAV_SPEED_DN", F32, 150.0),
    ("WPNAV_ACCEL", F32, 250.0),
    ("WPNAV_RADIUS", F32, 200.0),
    ("LAND_SPEED", I16, 50.0),
    ("LAND_SPEED_HIGH", I16, 0.0),
    ("LAND_ALT_LOW", F32, 1000.0),
    ("PILOT_TKOFF_ALT", F32, 0.0),
    ("PILOT_SPEED_UP", I16, 250.0),
    ("LOIT_SPEED", F32, 1250.0),
    ("CIRCLE_RADIUS", F32, 1000.0),
    ("CIRCLE_RATE", F32, 20.0),
    ("FS_GCS_ENABLE", I8, 0.0),
    ("FS_GCS_TIMEOUT", F32, 5.0),
    ("FS_THR_ENABLE", I8, 0.0),
    ("FS_EKF_ACTION", I8, 1.0),
    ("FS_EKF_THRESH", F32, 0.8),
    ("FS_CRASH_CHECK", I8, 1.0),
    ("DISARM_DELAY", I8, 10.0),
    ("AUTO_OPTIONS", I32, 0.0),
    ("GUID_TIMEOUT", F32, 3.0),
    ("WP_YAW_BEHAVIOR", I8, 2.0),
    ("FLTMODE1", I8, 5.0),
    ("FLTMODE2", I8, 4.0),
    ("FLTMODE3", I8, 3.0),
    ("FLTMODE4", I8, 6.0),
    ("FLTMODE5", I8, 9.0),
    ("FLTMODE6", I8, 0.0),
    ("MOT_SPIN_ARM", F32, 0.1),
    ("MOT_SPIN_MIN", F32, 0.15),
    ("MOT_THST_EXPO", F32, 0.65),
    ("MOT_THST_HOVER", F32, 0.39),
    ("ATC_RAT_RLL_P", F32, 0.135),
    ("ATC_RAT_PIT_P", F32, 0.135),
    ("ATC_RAT_YAW_P", F32, 0.18),
    ("PSC_POSXY_P", F32, 1.0),
    ("PSC_VELXY_P", F32, 2.0),
    ("ANGLE_MAX", I16, 3000.0),
];

const PLANE: &[Row] = &[
    ("AIRSPEED_CRUISE", F32, 20.0),
    ("AIRSPEED_MIN", F32, 13.0),
    ("AIRSPEED_MAX", F32, 28.0),
    ("ROLL_LIMIT_DEG", F32, 45.0),
    ("PTCH_LIM_MAX_DEG", F32, 20.0),
    ("PTCH_LIM_MIN_DEG", F32, -25.0),
    ("NAVL1_PERIOD", F32, 15.0),
    ("NAVL1_DAMPING", F32, 0.75),
    ("WP_RADIUS", F32, 50.0),
    ("WP_LOITER_RAD", I16, 80.0),
    ("WP_MAX_RADIUS", F32, 0.0),
    ("RTL_ALTITUDE", F32, 100.0),
    ("RTL_RADIUS", I16, 0.0),
    ("RTL_AUTOLAND", I8, 2.0),
    ("RTL_CLIMB_MIN", I16, 0.0),
    ("TKOFF_ALT", F32, 50.0),
    ("TKOFF_DIST", I16, 200.0),
    ("TKOFF_ROTATE_SPD", F32, 0.0),
    ("TKOFF_THR_MINACC", F32, 0.0),
    ("LAND_FLARE_ALT", F32, 3.0),
    ("LAND_FLARE_SEC", F32, 2.0),
    ("LAND_DISARMDELAY", I8, 5.0),
    ("LAND_PITCH_DEG", F32, 0.0),
    ("LAND_TYPE", I8, 0.0),
    ("FS_GCS_ENABL", I8, 0.0),
    ("FS_LONG_ACTN", I8, 1.0),
    ("FS_LONG_TIMEOUT", F32, 5.0),
    ("FS_SHORT_ACTN", I8, 0.0),
    ("FS_SHORT_TIMEOUT", F32, 1.5),
    ("THR_FAILSAFE", I8, 0.0),
    ("TECS_CLMB_MAX", F32, 4.0),
    ("TECS_SINK_MAX", F32, 4.0),
    ("TECS_SINK_MIN", F32, 2.0),
    ("TECS_SPDWEIGHT", F32, 1.0),
    ("TECS_TIME_CONST", F32, 5.0),
    ("ARSPD_TYPE", I8, 1.0),
    ("ARSPD_USE", I8, 1.0),
    ("RLL2SRV_TCONST", F32, 0.45),
    ("PTCH2SRV_TCONST", F32, 0.45),
    ("FLTMODE1", I8, 10.0),
    ("FLTMODE2", I8, 11.0),
    ("FLTMODE3", I8, 12.0),
    ("FLTMODE4", I8, 15.0),
    ("FLTMODE5", I8, 5.0),
    ("FLTMODE6", I8, 0.0),
    ("Q_ENABLE", I8, 0.0),
    ("THR_MAX", I8, 100.0),
    ("THR_MIN", I8, 0.0),
    ("TRIM_THROTTLE", I8, 45.0),
];

const QUADPLANE: &[Row] = &[
    ("Q_RTL_ALT", I16, 30.0),
    ("Q_RTL_MODE", I8, 1.0),
    ("Q_LAND_SPEED", F32, 50.0),
    ("Q_WP_SPEED", F32, 500.0),
    ("Q_TRANSITION_MS", I16, 5000.0),
    ("Q_ASSIST_SPEED", F32, 0.0),
    ("Q_FRAME_CLASS", I8, 1.0),
    ("Q_GUIDED_MODE", I8, 1.0),
    ("Q_OPTIONS", I32, 0.0),
    ("Q_MAV_TYPE", I8, 0.0),
];

const PX4: &[Row] = &[
    ("SYS_AUTOSTART", I32, 4001.0),
    ("SYS_HITL", I32, 0.0),
    ("MAV_SYS_ID", I32, 1.0),
    ("MAV_COMP_ID", I32, 1.0),
    ("MAV_TYPE", I32, 2.0),
    ("MAV_PROTO_VER", I32, 2.0),
    ("BAT1_N_CELLS", I32, 6.0),
    ("BAT1_CAPACITY", F32, 6757.0),
    ("BAT_LOW_THR", F32, 0.2),
    ("BAT_CRIT_THR", F32, 0.1),
    ("BAT_EMERGEN_THR", F32, 0.05),
    ("COM_LOW_BAT_ACT", I32, 3.0),
    ("COM_DL_LOSS_T", I32, 10.0),
    ("NAV_DLL_ACT", I32, 0.0),
    ("NAV_RCL_ACT", I32, 0.0),
    ("COM_RC_IN_MODE", I32, 4.0),
    ("COM_DISARM_LAND", F32, 2.0),
    ("COM_ARM_WO_GPS", I32, 0.0),
    ("COM_FLTMODE1", I32, 3.0),
    ("COM_FLTMODE2", I32, 4.0),
    ("COM_OBL_RC_ACT", I32, 0.0),
    ("GF_ACTION", I32, 3.0),
    ("GF_MAX_HOR_DIST", F32, 0.0),
    ("GF_MAX_VER_DIST", F32, 0.0),
    ("GF_SOURCE", I32, 0.0),
    ("MIS_TAKEOFF_ALT", F32, 10.0),
    ("MIS_DIST_1WP", F32, 5000.0),
    ("MIS_YAWMODE", I32, 1.0),
    ("MIS_MNT_YAW_CTL", I32, 0.0),
    ("NAV_ACC_RAD", F32, 2.0),
    ("NAV_LOITER_RAD", F32, 80.0),
    ("NAV_FW_ALT_RAD", F32, 10.0),
    ("NAV_MC_ALT_RAD", F32, 0.8),
    ("RTL_RETURN_ALT", F32, 30.0),
    ("RTL_DESCEND_ALT", F32, 30.0),
    ("RTL_LAND_DELAY", F32, 0.0),
    ("RTL_TYPE", I32, 0.0),
    ("MPC_XY_CRUISE", F32, 10.0),
    ("MPC_XY_VEL_MAX", F32, 12.0),
    ("MPC_Z_VEL_MAX_UP", F32, 3.0),
    ("MPC_Z_VEL_MAX_DN", F32, 1.5),
    ("MPC_LAND_SPEED", F32, 0.7),
    ("MPC_TKO_SPEED", F32, 1.5),
    ("MPC_ACC_HOR", F32, 3.0),
    ("MPC_TILTMAX_AIR", F32, 35.0),
    ("FW_AIRSPD_TRIM", F32, 20.0),
    ("FW_AIRSPD_MIN", F32, 13.0),
    ("FW_AIRSPD_MAX", F32, 28.0),
    ("FW_R_LIM", F32, 45.0),
    ("FW_T_CLMB_MAX", F32, 4.0),
    ("FW_LND_ANG", F32, 5.0),
    ("NPFG_PERIOD", F32, 15.0),
    ("RWTO_TKOFF", I32, 1.0),
    ("CAL_ACC0_ID", I32, 1_310_988.0),
    ("CAL_GYRO0_ID", I32, 1_310_988.0),
    ("CAL_MAG0_ID", I32, 197_388.0),
    ("EKF2_AID_MASK", I32, 1.0),
    ("EKF2_GPS_CHECK", I32, 245.0),
    ("EKF2_HGT_REF", I32, 1.0),
    ("SDLOG_MODE", I32, 0.0),
    ("SDLOG_PROFILE", I32, 1.0),
    ("MNT_MODE_IN", I32, 4.0),
    ("MNT_MODE_OUT", I32, 2.0),
    ("TRIG_MODE", I32, 0.0),
    ("CBRK_SUPPLY_CHK", I32, 0.0),
    ("CBRK_USB_CHK", I32, 197_848.0),
    ("CBRK_IO_SAFETY", I32, 22_027.0),
];

impl Params {
    pub(crate) fn new(cfg: &VehicleConfig) -> Self {
        let px4 = cfg.px4();
        let mut rows: Vec<Row> = Vec::new();
        if px4 {
            rows.extend(PX4);
        } else {
            rows.extend(ARDU);
            match cfg.airframe {
                Airframe::Copter => rows.extend(COPTER),
                Airframe::Plane => rows.extend(PLANE),
                Airframe::Quadplane => {
                    rows.extend(PLANE);
                    rows.extend(QUADPLANE);
                }
            }
        }
        let list: Vec<Param> = rows
            .into_iter()
            .map(|(name, kind, value)| Param {
                name,
                kind,
                value,
                default: value,
            })
            .collect();
        let mut by_name: Vec<u16> = (0..list.len() as u16).collect();
        by_name.sort_by_key(|i| list[usize::from(*i)].name);
        let mut p = Self {
            list,
            by_name,
            bytewise: px4,
        };
        let env = &cfg.envelope;
        let mah = cfg.energy.battery_wh / crate::energy::NOMINAL_V * 1000.0;
        for (name, value) in [
            ("SYSID_THISMAV", f64::from(cfg.system)),
            ("SYSID_MYGCS", f64::from(cfg.gcs_system)),
            ("MAV_SYS_ID", f64::from(cfg.system)),
            ("MAV_TYPE", f64::from(crate::modes::mav_type(cfg.airframe))),
            ("BATT_CAPACITY", mah.round()),
            ("BAT1_CAPACITY", mah.round()),
            ("BATT_LOW_MAH", (mah * cfg.energy.reserve_share).round()),
            ("BATT_CRT_MAH", (mah * cfg.energy.reserve_share * 0.5).round()),
            (
                "BATT_FS_LOW_ACT",
                if cfg.airframe == Airframe::Copter { 2.0 } else { 1.0 },
            ),
            (
                "BATT_FS_CRT_ACT",
                if cfg.airframe == Airframe::Copter { 1.0 } else { 2.0 },
            ),
            ("BAT_LOW_THR", cfg.energy.reserve_share),
            ("WPNAV_SPEED", env.cruise_m_s * 100.0),
            ("WPNAV_SPEED_UP", env.climb_m_s * 100.0),
            ("WPNAV_SPEED_DN", env.descent_m_s * 100.0),
            ("MPC_XY_CRUISE", env.cruise_m_s),
            ("MPC_Z_VEL_MAX_UP", env.climb_m_s),
            ("MPC_Z_VEL_MAX_DN", env.descent_m_s),
            ("AIRSPEED_CRUISE", env.cruise_m_s),
            ("AIRSPEED_MIN", env.min_m_s),
            ("AIRSPEED_MAX", env.max_m_s),
            ("FW_AIRSPD_TRIM", env.cruise_m_s),
            ("FW_AIRSPD_MIN", env.min_m_s),
            ("FW_AIRSPD_MAX", env.max_m_s),
            ("ROLL_LIMIT_DEG", env.max_bank_deg),
            ("FW_R_LIM", env.max_bank_deg),
            ("TECS_CLMB_MAX", env.climb_m_s),
            ("TECS_SINK_MAX", env.descent_m_s),
            ("Q_ENABLE", if cfg.airframe == Airframe::Quadplane { 1.0 } else { 0.0 }),
            ("MNT1_PITCH_MIN", cfg.gimbal.pitch_min_deg),
            ("MNT1_PITCH_MAX", cfg.gimbal.pitch_max_deg),
        ] {
            p.set(name, value);
        }
        for q in &mut p.list {
            q.default = q.value;
        }
        p
    }

    /// Name, whether an integer, value.
    pub(crate) fn values(&self) -> impl Iterator<Item = (&'static str, bool, f64)> {
        self.list.iter().map(|p| (p.name, p.kind != F32, p.value))
    }

    /// ArduPilot's packed file of all (`AP_Filesystem_Param`), in order of name.
    pub(crate) fn pack(&self, with_defaults: bool) -> Vec<u8> {
        let magic: u16 = if with_defaults { 0x671c } else { 0x671b };
        let count = self.list.len() as u16;
        let mut out = Vec::with_capacity(6 + 12 * self.list.len());
        for word in [magic, count, count] {
            out.extend_from_slice(&word.to_le_bytes());
        }
        let mut sorted: Vec<&Param> = self.list.iter().collect();
        sorted.sort_by_key(|p| p.name);
        let mut last = "";
        for p in sorted {
            let shared = p
                .name
                .bytes()
                .zip(last.bytes())
                .take_while(|(a, b)| a == b)
                .count()
                .min(15)
                .min(p.name.len() - 1);
            let flagged = with_defaults && p.value != p.default;
            let kind = match p.kind {
                I8 => 1,
                I16 => 2,
                I32 => 3,
                F32 => 4,
            };
            out.push(kind | if flagged { 0x10 } else { 0 });
            out.push(shared as u8 | ((p.name.len() - shared - 1) as u8) << 4);
            out.extend_from_slice(&p.name.as_bytes()[shared..]);
            for v in [Some(p.value), flagged.then_some(p.default)].into_iter().flatten() {
                match p.kind {
                    I8 => out.push(v as i8 as u8),
                    I16 => out.extend_from_slice(&(v as i16).to_le_bytes()),
                    I32 => out.extend_from_slice(&(v as i32).to_le_bytes()),
                    F32 => out.extend_from_slice(&(v as f32).to_le_bytes()),
                }
            }
            last = p.name;
        }
        out
    }

    /// PX4's `_HASH_CHECK`: CRC-32 over names and value bytes in order of name.
    pub(crate) fn hash(&self) -> u32 {
        let mut sorted: Vec<&Param> = self.list.iter().collect();
        sorted.sort_by_key(|p| p.name);
        sorted.into_iter().fold(0, |crc, p| {
            let crc = crate::files::crc32(crc, p.name.as_bytes());
            let bytes = if p.kind == F32 {
                (p.value as f32).to_le_bytes()
            } else {
                (p.value as i32).to_le_bytes()
            };
            crate::files::crc32(crc, &bytes)
        })
    }

    pub(crate) fn len(&self) -> usize {
        self.list.len()
    }

    pub(crate) fn at(&self, index: usize) -> Option<&Param> {
        self.list.get(index)
    }

    pub(crate) fn index(&self, name: &str) -> Option<usize> {
        let k = self.by_name.partition_point(|i| self.list[usize::from(*i)].name < name);
        let i = usize::from(*self.by_name.get(k)?);
        (self.list[i].name == name).then_some(i)
    }

    /// Value, or `otherwise` where this family has no such parameter.
    pub(crate) fn get(&self, name: &str, otherwise: f64) -> f64 {
        self.index(name).map_or(otherwise, |i| self.list[i].value)
    }

    /// Sets a value, brought into its type's range; false for unknown names and non-numbers.
    pub(crate) fn set(&mut self, name: &str, value: f64) -> bool {
        let Some(i) = self.index(name) else {
            return false;
        };
        if !value.is_finite() {
            return false;
        }
        let p = &mut self.list[i];
        p.value = match p.kind {
            I8 => value.round().clamp(-128.0, 127.0),
            I16 => value.round().clamp(-32_768.0, 32_767.0),
            I32 => value.round().clamp(-2_147_483_648.0, 2_147_483_647.0),
            F32 => f64::from(value as f32),
        };
        true
    }

    /// The 32 bits on the wire.
    pub(crate) fn to_wire(&self, p: &Param) -> f32 {
        if self.bytewise && p.kind != F32 {
            f32::from_bits((p.value as i32) as u32)
        } else {
            p.value as f32
        }
    }

    /// What the 32 bits of a PARAM_SET of this type mean.
    pub(crate) fn read_wire(&self, kind: u8, bits: f32) -> f64 {
        if self.bytewise && kind != Kind::F32 as u8 {
            f64::from(bits.to_bits() as i32)
        } else {
            f64::from(bits)
        }
    }
}
