//! The messages the station lives on, as plain fields: numbers stay numbers, so that an enum value
//! newer than our dialect hides neither an aircraft nor its answer.
//!
//! Invariant: fields stand in wire order (by size, extensions last; MAVLink serialization guide),
//! and a payload whose trailing zeros were cut off reads the same as the whole one. Field
//! meanings and units are those of MAVLink `common.xml` and `ardupilotmega.xml`.

/// A field that can be read from and written to a little-endian payload.
pub trait Field: Copy + Default {
    /// Bytes on the wire.
    const LEN: usize;
    /// Reads from exactly [`Self::LEN`] bytes.
    fn get(bytes: &[u8]) -> Self;
    /// Appends itself.
    fn put(&self, out: &mut Vec<u8>);
}

macro_rules! number_fields {
    ($($t:ty),*) => {$(
        impl Field for $t {
            const LEN: usize = size_of::<$t>();
            fn get(bytes: &[u8]) -> Self {
                let mut b = [0_u8; size_of::<$t>()];
                b.copy_from_slice(bytes);
                <$t>::from_le_bytes(b)
            }
            fn put(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.to_le_bytes());
            }
        }
    )*};
}
number_fields!(u8, i8, u16, i16, u32, i32, u64, i64, f32);

/// Array field; a wrapper because not every length has a `Default`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Array<T, const N: usize>(pub [T; N]);

impl<T: Field, const N: usize> Default for Array<T, N> {
    fn default() -> Self {
        Self([T::default(); N])
    }
}

impl<T: Field, const N: usize> Field for Array<T, N> {
    const LEN: usize = T::LEN * N;
    fn get(bytes: &[u8]) -> Self {
        let mut out = [T::default(); N];
        for (slot, chunk) in out.iter_mut().zip(bytes.chunks_exact(T::LEN)) {
            *slot = T::get(chunk);
        }
        Self(out)
    }
    fn put(&self, out: &mut Vec<u8>) {
        for v in &self.0 {
            v.put(out);
        }
    }
}

/// Characters, NUL-terminated unless they fill the field.
pub type Chars<const N: usize> = Array<u8, N>;

impl<const N: usize> Array<u8, N> {
    /// From text; what does not fit is cut off.
    #[must_use]
    pub fn from_text(text: &str) -> Self {
        let mut out = [0_u8; N];
        for (slot, b) in out.iter_mut().zip(text.bytes()) {
            *slot = b;
        }
        Self(out)
    }
    /// Text up to the first NUL; anything that is not printable becomes U+FFFD.
    #[must_use]
    pub fn to_text(&self) -> String {
        let end = self.0.iter().position(|b| *b == 0).unwrap_or(N);
        String::from_utf8_lossy(&self.0[..end])
            .chars()
            .map(|c| if c.is_control() { '\u{FFFD}' } else { c })
            .collect()
    }
}

/// A message with a fixed layout.
pub trait WireMessage: Sized + Default {
    /// Message id.
    const ID: u32;
    /// Payload length with extensions.
    const LEN: usize;
    /// Reads a payload; missing bytes are zeros, further bytes are ignored.
    fn from_payload(payload: &[u8]) -> Self;
    /// Whole payload.
    fn to_payload(&self) -> Vec<u8>;
}

macro_rules! wire_messages {
    ($($(#[$doc:meta])* $name:ident = $id:literal { $($field:ident : $t:ty),* $(,)? })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Default)]
        #[expect(missing_docs, reason = "field names, units and meanings are common.xml's")]
        pub struct $name { $(pub $field: $t),* }
        impl WireMessage for $name {
            const ID: u32 = $id;
            const LEN: usize = 0 $(+ <$t as Field>::LEN)*;
            fn from_payload(payload: &[u8]) -> Self {
                let mut whole = [0_u8; Self::LEN];
                let n = payload.len().min(Self::LEN);
                whole[..n].copy_from_slice(&payload[..n]);
                let mut _at = 0;
                $(
                    let $field = <$t as Field>::get(&whole[_at.._at + <$t as Field>::LEN]);
                    _at += <$t as Field>::LEN;
                )*
                Self { $($field),* }
            }
            fn to_payload(&self) -> Vec<u8> {
                let mut out = Vec::with_capacity(Self::LEN);
                $(self.$field.put(&mut out);)*
                out
            }
        }
    )*
        /// Ids of all messages read by this module with their payload lengths.
        pub const LAYOUTS: &[(u32, usize)] = &[$(($id, <$name as WireMessage>::LEN)),*];
    };
}

wire_messages! {
    /// HEARTBEAT. `kind` is MAV_TYPE.
    Heartbeat = 0 { custom_mode: u32, kind: u8, autopilot: u8, base_mode: u8, system_status: u8, mavlink_version: u8 }
    /// SYS_STATUS.
    SysStatus = 1 { present: u32, enabled: u32, health: u32, load: u16, voltage_mv: u16, current_ca: i16,
        drop_rate: u16, errors_comm: u16, errors_1: u16, errors_2: u16, errors_3: u16, errors_4: u16, remaining: i8,
        present_ext: u32, enabled_ext: u32, health_ext: u32 }
    /// SYSTEM_TIME.
    SystemTime = 2 { time_unix_usec: u64, time_boot_ms: u32 }
    /// PARAM_REQUEST_READ.
    ParamRequestRead = 20 { index: i16, target_system: u8, target_component: u8, id: Chars<16> }
    /// PARAM_REQUEST_LIST.
    ParamRequestList = 21 { target_system: u8, target_component: u8 }
    /// PARAM_VALUE.
    ParamValue = 22 { value: f32, count: u16, index: u16, id: Chars<16>, kind: u8 }
    /// PARAM_SET.
    ParamSet = 23 { value: f32, target_system: u8, target_component: u8, id: Chars<16>, kind: u8 }
    /// GPS_RAW_INT.
    GpsRawInt = 24 { time_usec: u64, lat: i32, lon: i32, alt: i32, eph: u16, epv: u16, vel: u16, cog: u16,
        fix_type: u8, satellites: u8, alt_ellipsoid: i32, h_acc: u32, v_acc: u32, vel_acc: u32, hdg_acc: u32, yaw: u16 }
    /// ATTITUDE, radians.
    Attitude = 30 { time_boot_ms: u32, roll: f32, pitch: f32, yaw: f32, roll_speed: f32, pitch_speed: f32, yaw_speed: f32 }
    /// GLOBAL_POSITION_INT.
    GlobalPositionInt = 33 { time_boot_ms: u32, lat: i32, lon: i32, alt: i32, relative_alt: i32, vx: i16, vy: i16, vz: i16, hdg: u16 }
    /// MISSION_ITEM (floating-point positions).
    MissionItemFloat = 39 { p1: f32, p2: f32, p3: f32, p4: f32, x: f32, y: f32, z: f32, seq: u16, command: u16,
        target_system: u8, target_component: u8, frame: u8, current: u8, autocontinue: u8, mission_type: u8 }
    /// MISSION_REQUEST.
    MissionRequest = 40 { seq: u16, target_system: u8, target_component: u8, mission_type: u8 }
    /// MISSION_CURRENT.
    MissionCurrent = 42 { seq: u16, total: u16, mission_state: u8, mission_mode: u8, mission_id: u32, fence_id: u32, rally_id: u32 }
    /// MISSION_REQUEST_LIST.
    MissionRequestList = 43 { target_system: u8, target_component: u8, mission_type: u8 }
    /// MISSION_COUNT.
    MissionCount = 44 { count: u16, target_system: u8, target_component: u8, mission_type: u8, opaque_id: u32 }
    /// MISSION_CLEAR_ALL.
    MissionClearAll = 45 { target_system: u8, target_component: u8, mission_type: u8 }
    /// MISSION_ITEM_REACHED.
    MissionItemReached = 46 { seq: u16 }
    /// MISSION_ACK. `result` is MAV_MISSION_RESULT.
    MissionAck = 47 { target_system: u8, target_component: u8, result: u8, mission_type: u8, opaque_id: u32 }
    /// MISSION_REQUEST_INT.
    MissionRequestInt = 51 { seq: u16, target_system: u8, target_component: u8, mission_type: u8 }
    /// MISSION_ITEM_INT.
    MissionItemInt = 73 { p1: f32, p2: f32, p3: f32, p4: f32, x: i32, y: i32, z: f32, seq: u16, command: u16,
        target_system: u8, target_component: u8, frame: u8, current: u8, autocontinue: u8, mission_type: u8 }
    /// VFR_HUD.
    VfrHud = 74 { airspeed: f32, groundspeed: f32, alt: f32, climb: f32, heading: i16, throttle: u16 }
    /// COMMAND_INT.
    CommandInt = 75 { p1: f32, p2: f32, p3: f32, p4: f32, x: i32, y: i32, z: f32, command: u16,
        target_system: u8, target_component: u8, frame: u8, current: u8, autocontinue: u8 }
    /// COMMAND_LONG.
    CommandLong = 76 { p1: f32, p2: f32, p3: f32, p4: f32, p5: f32, p6: f32, p7: f32, command: u16,
        target_system: u8, target_component: u8, confirmation: u8 }
    /// COMMAND_ACK. `result` is MAV_RESULT.
    CommandAck = 77 { command: u16, result: u8, progress: u8, result_param2: i32, target_system: u8, target_component: u8 }
    /// FILE_TRANSFER_PROTOCOL. Its payload has a layout of its own (services/ftp).
    FileTransferProtocol = 110 { target_network: u8, target_system: u8, target_component: u8, payload: Array<u8, 251> }
    /// TIMESYNC, nanoseconds.
    TimeSync = 111 { tc1: i64, ts1: i64, target_system: u8, target_component: u8 }
    /// LOG_REQUEST_LIST.
    LogRequestList = 117 { start: u16, end: u16, target_system: u8, target_component: u8 }
    /// LOG_ENTRY.
    LogEntry = 118 { time_utc: u32, size: u32, id: u16, num_logs: u16, last_log_num: u16 }
    /// LOG_REQUEST_DATA.
    LogRequestData = 119 { ofs: u32, count: u32, id: u16, target_system: u8, target_component: u8 }
    /// LOG_DATA.
    LogData = 120 { ofs: u32, id: u16, count: u8, data: Array<u8, 90> }
    /// LOG_REQUEST_END.
    LogRequestEnd = 122 { target_system: u8, target_component: u8 }
    /// BATTERY_STATUS.
    BatteryStatus = 147 { current_consumed: i32, energy_consumed: i32, temperature: i16, voltages: Array<u16, 10>,
        current_ca: i16, id: u8, function: u8, kind: u8, remaining: i8, time_remaining: i32, charge_state: u8,
        voltages_ext: Array<u16, 4>, mode: u8, fault_bitmask: u32 }
    /// AUTOPILOT_VERSION.
    AutopilotVersion = 148 { capabilities: u64, uid: u64, flight_sw: u32, middleware_sw: u32, os_sw: u32, board: u32,
        vendor: u16, product: u16, flight_custom: Chars<8>, middleware_custom: Chars<8>, os_custom: Chars<8>, uid2: Chars<18> }
    /// CAMERA_FEEDBACK (ArduPilot): a picture was taken.
    CameraFeedback = 180 { time_usec: u64, lat: i32, lng: i32, alt_msl: f32, alt_rel: f32, roll: f32, pitch: f32, yaw: f32,
        foc_len: f32, img_idx: u16, target_system: u8, cam_idx: u8, flags: u8, completed_captures: u16 }
    /// WIND (ArduPilot): direction it comes from, degrees.
    Wind = 168 { direction: f32, speed: f32, speed_z: f32 }
    /// WIND_COV (PX4): the way it blows, north and east, metres per second.
    WindCov = 231 { time_usec: u64, north: f32, east: f32, down: f32, var_horiz: f32, var_vert: f32, alt: f32, h_acc: f32, v_acc: f32 }
    /// HIGH_LATENCY2: one message for all, over satellites.
    HighLatency2 = 235 { timestamp: u32, lat: i32, lon: i32, custom_mode: u16, altitude: i16, target_altitude: i16,
        target_distance: u16, wp_num: u16, failure_flags: u16, kind: u8, autopilot: u8, heading: u8, target_heading: u8,
        throttle: u8, airspeed: u8, airspeed_sp: u8, groundspeed: u8, windspeed: u8, wind_heading: u8, eph: u8, epv: u8,
        temperature_air: i8, climb_rate: i8, battery: i8, custom0: i8, custom1: i8, custom2: i8 }
    /// HOME_POSITION.
    HomePosition = 242 { lat: i32, lon: i32, alt: i32, x: f32, y: f32, z: f32, q: Array<f32, 4>,
        approach_x: f32, approach_y: f32, approach_z: f32, time_usec: u64 }
    /// EXTENDED_SYS_STATE.
    ExtendedSysState = 245 { vtol_state: u8, landed_state: u8 }
    /// ADSB_VEHICLE.
    AdsbVehicle = 246 { icao: u32, lat: i32, lon: i32, altitude: i32, heading: u16, hor_velocity: u16, ver_velocity: i16,
        flags: u16, squawk: u16, altitude_type: u8, callsign: Chars<9>, emitter_type: u8, tslc: u8 }
    /// STATUSTEXT.
    StatusText = 253 { severity: u8, text: Chars<50>, id: u16, chunk_seq: u8 }
    /// CAMERA_INFORMATION.
    CameraInformation = 259 { time_boot_ms: u32, firmware_version: u32, focal_length: f32, sensor_h: f32, sensor_v: f32,
        flags: u32, resolution_h: u16, resolution_v: u16, definition_version: u16, vendor_name: Chars<32>,
        model_name: Chars<32>, lens_id: u8, definition_uri: Chars<140>, gimbal_device_id: u8, camera_device_id: u8 }
    /// CAMERA_SETTINGS. Zoom and focus in percent, NaN unknown.
    CameraSettings = 260 { time_boot_ms: u32, mode_id: u8, zoom_level: f32, focus_level: f32, camera_device_id: u8 }
    /// CAMERA_CAPTURE_STATUS. `video_status` 0 idle, 1 recording.
    CameraCaptureStatus = 262 { time_boot_ms: u32, image_interval: f32, recording_time_ms: u32, available_mib: f32,
        image_status: u8, video_status: u8, image_count: i32, camera_device_id: u8 }
    /// CAMERA_IMAGE_CAPTURED. `capture_result` 1 kept, 0 not.
    CameraImageCaptured = 263 { time_utc: u64, time_boot_ms: u32, lat: i32, lon: i32, alt: i32, relative_alt: i32,
        q: Array<f32, 4>, image_index: i32, camera_id: u8, capture_result: i8, file_url: Chars<205> }
    /// VIDEO_STREAM_INFORMATION.
    VideoStreamInformation = 269 { framerate: f32, bitrate: u32, flags: u16, width: u16, height: u16, rotation: u16,
        hfov: u16, stream_id: u8, count: u8, kind: u8, name: Chars<32>, uri: Chars<160>, encoding: u8, camera_device_id: u8 }
    /// GIMBAL_MANAGER_INFORMATION, radians.
    GimbalManagerInformation = 280 { time_boot_ms: u32, cap_flags: u32, roll_min: f32, roll_max: f32, pitch_min: f32,
        pitch_max: f32, yaw_min: f32, yaw_max: f32, gimbal_device_id: u8 }
    /// GIMBAL_MANAGER_STATUS: who turns the camera.
    GimbalManagerStatus = 281 { time_boot_ms: u32, flags: u32, gimbal_device_id: u8, primary_system: u8,
        primary_component: u8, secondary_system: u8, secondary_component: u8 }
    /// GIMBAL_DEVICE_ATTITUDE_STATUS.
    GimbalDeviceAttitudeStatus = 285 { time_boot_ms: u32, q: Array<f32, 4>, rate_x: f32, rate_y: f32, rate_z: f32,
        failure_flags: u32, flags: u16, target_system: u8, target_component: u8, delta_yaw: f32,
        delta_yaw_rate: f32, gimbal_device_id: u8 }
    /// COMPONENT_METADATA.
    ComponentMetadata = 397 { time_boot_ms: u32, file_crc: u32, uri: Chars<100> }
    /// AVAILABLE_MODES.
    AvailableModes = 435 { custom_mode: u32, properties: u32, number_modes: u8, mode_index: u8, standard_mode: u8,
        mode_name: Chars<35> }
    /// OPEN_DRONE_ID_BASIC_ID.
    OpenDroneIdBasicId = 12900 { target_system: u8, target_component: u8, id_or_mac: Array<u8, 20>, id_type: u8, ua_type: u8,
        uas_id: Chars<20> }
    /// OPEN_DRONE_ID_LOCATION.
    OpenDroneIdLocation = 12901 { lat: i32, lon: i32, altitude_barometric: f32, altitude_geodetic: f32, height: f32,
        timestamp: f32, direction: u16, speed_horizontal: u16, speed_vertical: i16, target_system: u8, target_component: u8,
        id_or_mac: Array<u8, 20>, status: u8, height_reference: u8, horizontal_accuracy: u8, vertical_accuracy: u8,
        barometer_accuracy: u8, speed_accuracy: u8, timestamp_accuracy: u8 }
    /// OPEN_DRONE_ID_SYSTEM.
    OpenDroneIdSystem = 12904 { operator_lat: i32, operator_lon: i32, area_ceiling: f32, area_floor: f32,
        operator_altitude: f32, timestamp: u32, area_count: u16, area_radius: u16, target_system: u8, target_component: u8,
        id_or_mac: Array<u8, 20>, operator_location_type: u8, classification_type: u8, category_eu: u8, class_eu: u8 }
    /// OPEN_DRONE_ID_OPERATOR_ID.
    OpenDroneIdOperatorId = 12905 { target_system: u8, target_component: u8, id_or_mac: Array<u8, 20>, operator_id_type: u8,
        operator_id: Chars<20> }
    /// OPEN_DRONE_ID_ARM_STATUS.
    OpenDroneIdArmStatus = 12918 { status: u8, error: Chars<50> }
    /// EVENT. `id` is the component's number in the top byte and a hash of the event's name below it.
    Event = 410 { id: u32, time_boot_ms: u32, sequence: u16, destination_component: u8, destination_system: u8,
        log_levels: u8, arguments: Array<u8, 40> }
    /// CONTROL_STATUS (development.xml).
    ControlStatus = 512 { flags: u8, main: u8, others: Array<u8, 10> }
}
