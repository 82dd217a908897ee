//! Wire layout of every message a simulated aircraft sends or understands, as plain numbers.
//!
//! Invariant: fields stand in wire order (largest first, extensions last) with the `CRC_EXTRA`
//! of the official definitions (`all.xml`); enumerations stay numbers, so a command or mode
//! this aircraft has never heard of can still be read and answered UNSUPPORTED. Must not know
//! what any field means.

use super::{Reader, put_zero_trimmed};

/// A field type that goes on the wire little-endian.
pub(crate) trait Field: Sized {
    fn put(&self, out: &mut Vec<u8>);
    fn get(r: &mut Reader<'_>) -> Self;
}

macro_rules! number_fields {
    ($($t:ty),*) => {$(
        impl Field for $t {
            fn put(&self, out: &mut Vec<u8>) { out.extend_from_slice(&self.to_le_bytes()); }
            fn get(r: &mut Reader<'_>) -> Self { Self::from_le_bytes(r.take()) }
        }
    )*};
}
number_fields!(u8, i8, u16, i16, u32, i32, u64, i64, f32);

impl<T: Field + Copy, const N: usize> Field for [T; N] {
    fn put(&self, out: &mut Vec<u8>) {
        for v in self {
            v.put(out);
        }
    }
    fn get(r: &mut Reader<'_>) -> Self {
        std::array::from_fn(|_| T::get(r))
    }
}

/// One MAVLink message.
pub(crate) trait Message: Sized {
    const ID: u32;
    fn put(&self, out: &mut Vec<u8>);
    /// Missing bytes read as zero, as MAVLink 2 asks.
    fn get(payload: &[u8]) -> Self;
    /// Payload without trailing zeros (MAVLink 2 truncation), at least one byte.
    fn payload(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(64);
        self.put(&mut out);
        put_zero_trimmed(&mut out);
        out
    }
}

macro_rules! messages {
    ($($(#[$doc:meta])* $name:ident = $id:literal, $crc:literal { $($f:ident : $t:ty),* })*) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Clone, Copy)]
            pub(crate) struct $name { $(pub(crate) $f: $t),* }
            impl Message for $name {
                const ID: u32 = $id;
                fn put(&self, out: &mut Vec<u8>) { $(Field::put(&self.$f, out);)* }
                fn get(payload: &[u8]) -> Self {
                    let r = &mut Reader::new(payload);
                    Self { $($f: Field::get(r)),* }
                }
            }
            impl Default for $name {
                fn default() -> Self { Self::get(&[]) }
            }
        )*
        /// `CRC_EXTRA` of a message id this aircraft knows.
        pub(crate) const fn crc_extra(id: u32) -> Option<u8> {
            match id {
                $($id => Some($crc),)*
                _ => None,
            }
        }
    };
}

messages! {
    /// HEARTBEAT
    Heartbeat = 0, 50 { custom_mode: u32, kind: u8, autopilot: u8, base_mode: u8, system_status: u8, mavlink_version: u8 }
    /// SYS_STATUS
    SysStatus = 1, 124 { onboard_control_sensors_present: u32, onboard_control_sensors_enabled: u32, onboard_control_sensors_health: u32, load: u16, voltage_battery: u16, current_battery: i16, drop_rate_comm: u16, errors_comm: u16, errors_count1: u16, errors_count2: u16, errors_count3: u16, errors_count4: u16, battery_remaining: i8, onboard_control_sensors_present_extended: u32, onboard_control_sensors_enabled_extended: u32, onboard_control_sensors_health_extended: u32 }
    /// SYSTEM_TIME
    SystemTime = 2, 137 { time_unix_usec: u64, time_boot_ms: u32 }
    /// PING
    Ping = 4, 237 { time_usec: u64, seq: u32, target_system: u8, target_component: u8 }
    /// SET_MODE
    SetMode = 11, 89 { custom_mode: u32, target_system: u8, base_mode: u8 }
    /// PARAM_REQUEST_READ
    ParamRequestRead = 20, 214 { param_index: i16, target_system: u8, target_component: u8, param_id: [u8; 16] }
    /// PARAM_REQUEST_LIST
    ParamRequestList = 21, 159 { target_system: u8, target_component: u8 }
    /// PARAM_VALUE
    ParamValue = 22, 220 { param_value: f32, param_count: u16, param_index: u16, param_id: [u8; 16], param_type: u8 }
    /// PARAM_SET
    ParamSet = 23, 168 { param_value: f32, target_system: u8, target_component: u8, param_id: [u8; 16], param_type: u8 }
    /// GPS_RAW_INT
    GpsRawInt = 24, 24 { time_usec: u64, lat: i32, lon: i32, alt: i32, eph: u16, epv: u16, vel: u16, cog: u16, fix_type: u8, satellites_visible: u8, alt_ellipsoid: i32, h_acc: u32, v_acc: u32, vel_acc: u32, hdg_acc: u32, yaw: u16 }
    /// RAW_IMU
    RawImu = 27, 144 { time_usec: u64, xacc: i16, yacc: i16, zacc: i16, xgyro: i16, ygyro: i16, zgyro: i16, xmag: i16, ymag: i16, zmag: i16, id: u8, temperature: i16 }
    /// SCALED_PRESSURE
    ScaledPressure = 29, 115 { time_boot_ms: u32, press_abs: f32, press_diff: f32, temperature: i16, temperature_press_diff: i16 }
    /// ATTITUDE
    Attitude = 30, 39 { time_boot_ms: u32, roll: f32, pitch: f32, yaw: f32, rollspeed: f32, pitchspeed: f32, yawspeed: f32 }
    /// ATTITUDE_QUATERNION
    AttitudeQuaternion = 31, 246 { time_boot_ms: u32, q1: f32, q2: f32, q3: f32, q4: f32, rollspeed: f32, pitchspeed: f32, yawspeed: f32, repr_offset_q: [f32; 4] }
    /// LOCAL_POSITION_NED
    LocalPositionNed = 32, 185 { time_boot_ms: u32, x: f32, y: f32, z: f32, vx: f32, vy: f32, vz: f32 }
    /// GLOBAL_POSITION_INT
    GlobalPositionInt = 33, 104 { time_boot_ms: u32, lat: i32, lon: i32, alt: i32, relative_alt: i32, vx: i16, vy: i16, vz: i16, hdg: u16 }
    /// MISSION_ITEM
    MissionItem = 39, 254 { param1: f32, param2: f32, param3: f32, param4: f32, x: f32, y: f32, z: f32, seq: u16, command: u16, target_system: u8, target_component: u8, frame: u8, current: u8, autocontinue: u8, mission_type: u8 }
    /// MISSION_REQUEST
    MissionRequest = 40, 230 { seq: u16, target_system: u8, target_component: u8, mission_type: u8 }
    /// MISSION_SET_CURRENT
    MissionSetCurrent = 41, 28 { seq: u16, target_system: u8, target_component: u8 }
    /// MISSION_CURRENT
    MissionCurrent = 42, 28 { seq: u16, total: u16, mission_state: u8, mission_mode: u8, mission_id: u32, fence_id: u32, rally_points_id: u32 }
    /// MISSION_REQUEST_LIST
    MissionRequestList = 43, 132 { target_system: u8, target_component: u8, mission_type: u8 }
    /// MISSION_COUNT
    MissionCount = 44, 221 { count: u16, target_system: u8, target_component: u8, mission_type: u8, opaque_id: u32 }
    /// MISSION_CLEAR_ALL
    MissionClearAll = 45, 232 { target_system: u8, target_component: u8, mission_type: u8 }
    /// MISSION_ITEM_REACHED
    MissionItemReached = 46, 11 { seq: u16 }
    /// MISSION_ACK
    MissionAck = 47, 153 { target_system: u8, target_component: u8, kind: u8, mission_type: u8, opaque_id: u32 }
    /// MISSION_REQUEST_INT
    MissionRequestInt = 51, 196 { seq: u16, target_system: u8, target_component: u8, mission_type: u8 }
    /// NAV_CONTROLLER_OUTPUT
    NavControllerOutput = 62, 183 { nav_roll: f32, nav_pitch: f32, alt_error: f32, aspd_error: f32, xtrack_error: f32, nav_bearing: i16, target_bearing: i16, wp_dist: u16 }
    /// RC_CHANNELS
    RcChannels = 65, 118 { time_boot_ms: u32, chan1_raw: u16, chan2_raw: u16, chan3_raw: u16, chan4_raw: u16, chan5_raw: u16, chan6_raw: u16, chan7_raw: u16, chan8_raw: u16, chan9_raw: u16, chan10_raw: u16, chan11_raw: u16, chan12_raw: u16, chan13_raw: u16, chan14_raw: u16, chan15_raw: u16, chan16_raw: u16, chan17_raw: u16, chan18_raw: u16, chancount: u8, rssi: u8 }
    /// REQUEST_DATA_STREAM
    RequestDataStream = 66, 148 { req_message_rate: u16, target_system: u8, target_component: u8, req_stream_id: u8, start_stop: u8 }
    /// MISSION_ITEM_INT
    MissionItemInt = 73, 38 { param1: f32, param2: f32, param3: f32, param4: f32, x: i32, y: i32, z: f32, seq: u16, command: u16, target_system: u8, target_component: u8, frame: u8, current: u8, autocontinue: u8, mission_type: u8 }
    /// VFR_HUD
    VfrHud = 74, 20 { airspeed: f32, groundspeed: f32, alt: f32, climb: f32, heading: i16, throttle: u16 }
    /// COMMAND_INT
    CommandInt = 75, 158 { param1: f32, param2: f32, param3: f32, param4: f32, x: i32, y: i32, z: f32, command: u16, target_system: u8, target_component: u8, frame: u8, current: u8, autocontinue: u8 }
    /// COMMAND_LONG
    CommandLong = 76, 152 { param1: f32, param2: f32, param3: f32, param4: f32, param5: f32, param6: f32, param7: f32, command: u16, target_system: u8, target_component: u8, confirmation: u8 }
    /// COMMAND_ACK
    CommandAck = 77, 143 { command: u16, result: u8, progress: u8, result_param2: i32, target_system: u8, target_component: u8 }
    /// SET_POSITION_TARGET_LOCAL_NED
    SetPositionTargetLocalNed = 84, 143 { time_boot_ms: u32, x: f32, y: f32, z: f32, vx: f32, vy: f32, vz: f32, afx: f32, afy: f32, afz: f32, yaw: f32, yaw_rate: f32, type_mask: u16, target_system: u8, target_component: u8, coordinate_frame: u8 }
    /// SET_POSITION_TARGET_GLOBAL_INT
    SetPositionTargetGlobalInt = 86, 5 { time_boot_ms: u32, lat_int: i32, lon_int: i32, alt: f32, vx: f32, vy: f32, vz: f32, afx: f32, afy: f32, afz: f32, yaw: f32, yaw_rate: f32, type_mask: u16, target_system: u8, target_component: u8, coordinate_frame: u8 }
    /// HIGHRES_IMU
    HighresImu = 105, 93 { time_usec: u64, xacc: f32, yacc: f32, zacc: f32, xgyro: f32, ygyro: f32, zgyro: f32, xmag: f32, ymag: f32, zmag: f32, abs_pressure: f32, diff_pressure: f32, pressure_alt: f32, temperature: f32, fields_updated: u16, id: u8 }
    /// FILE_TRANSFER_PROTOCOL
    FileTransferProtocol = 110, 84 { target_network: u8, target_system: u8, target_component: u8, payload: [u8; 251] }
    /// TIMESYNC
    Timesync = 111, 34 { tc1: i64, ts1: i64, target_system: u8, target_component: u8 }
    /// LOG_REQUEST_LIST
    LogRequestList = 117, 128 { start: u16, end: u16, target_system: u8, target_component: u8 }
    /// LOG_ENTRY
    LogEntry = 118, 56 { time_utc: u32, size: u32, id: u16, num_logs: u16, last_log_num: u16 }
    /// LOG_REQUEST_DATA
    LogRequestData = 119, 116 { ofs: u32, count: u32, id: u16, target_system: u8, target_component: u8 }
    /// LOG_DATA
    LogData = 120, 134 { ofs: u32, id: u16, count: u8, data: [u8; 90] }
    /// LOG_ERASE
    LogErase = 121, 237 { target_system: u8, target_component: u8 }
    /// LOG_REQUEST_END
    LogRequestEnd = 122, 203 { target_system: u8, target_component: u8 }
    /// POWER_STATUS
    PowerStatus = 125, 203 { vcc: u16, vservo: u16, flags: u16 }
    /// TERRAIN_REPORT
    TerrainReport = 136, 1 { lat: i32, lon: i32, terrain_height: f32, current_height: f32, spacing: u16, pending: u16, loaded: u16 }
    /// BATTERY_STATUS
    BatteryStatus = 147, 154 { current_consumed: i32, energy_consumed: i32, temperature: i16, voltages: [u16; 10], current_battery: i16, id: u8, battery_function: u8, kind: u8, battery_remaining: i8, time_remaining: i32, charge_state: u8, voltages_ext: [u16; 4], mode: u8, fault_bitmask: u32 }
    /// AUTOPILOT_VERSION
    AutopilotVersion = 148, 178 { capabilities: u64, uid: u64, flight_sw_version: u32, middleware_sw_version: u32, os_sw_version: u32, board_version: u32, vendor_id: u16, product_id: u16, flight_custom_version: [u8; 8], middleware_custom_version: [u8; 8], os_custom_version: [u8; 8], uid2: [u8; 18] }
    /// FENCE_STATUS
    FenceStatus = 162, 189 { breach_time: u32, breach_count: u16, breach_status: u8, breach_type: u8, breach_mitigation: u8 }
    /// WIND
    Wind = 168, 1 { direction: f32, speed: f32, speed_z: f32 }
    /// CAMERA_FEEDBACK
    CameraFeedback = 180, 52 { time_usec: u64, lat: i32, lng: i32, alt_msl: f32, alt_rel: f32, roll: f32, pitch: f32, yaw: f32, foc_len: f32, img_idx: u16, target_system: u8, cam_idx: u8, flags: u8, completed_captures: u16 }
    /// EKF_STATUS_REPORT
    EkfStatusReport = 193, 71 { velocity_variance: f32, pos_horiz_variance: f32, pos_vert_variance: f32, compass_variance: f32, terrain_alt_variance: f32, flags: u16, airspeed_variance: f32 }
    /// WIND_COV
    WindCov = 231, 105 { time_usec: u64, wind_x: f32, wind_y: f32, wind_z: f32, var_horiz: f32, var_vert: f32, wind_alt: f32, horiz_accuracy: f32, vert_accuracy: f32 }
    /// HIGH_LATENCY2
    HighLatency2 = 235, 179 { timestamp: u32, latitude: i32, longitude: i32, custom_mode: u16, altitude: i16, target_altitude: i16, target_distance: u16, wp_num: u16, failure_flags: u16, kind: u8, autopilot: u8, heading: u8, target_heading: u8, throttle: u8, airspeed: u8, airspeed_sp: u8, groundspeed: u8, windspeed: u8, wind_heading: u8, eph: u8, epv: u8, temperature_air: i8, climb_rate: i8, battery: i8, custom0: i8, custom1: i8, custom2: i8 }
    /// VIBRATION
    Vibration = 241, 90 { time_usec: u64, vibration_x: f32, vibration_y: f32, vibration_z: f32, clipping_0: u32, clipping_1: u32, clipping_2: u32 }
    /// HOME_POSITION
    HomePosition = 242, 104 { latitude: i32, longitude: i32, altitude: i32, x: f32, y: f32, z: f32, q: [f32; 4], approach_x: f32, approach_y: f32, approach_z: f32, time_usec: u64 }
    /// MESSAGE_INTERVAL
    MessageInterval = 244, 95 { interval_us: i32, message_id: u16 }
    /// EXTENDED_SYS_STATE
    ExtendedSysState = 245, 130 { vtol_state: u8, landed_state: u8 }
    /// ADSB_VEHICLE
    AdsbVehicle = 246, 184 { icao_address: u32, lat: i32, lon: i32, altitude: i32, heading: u16, hor_velocity: u16, ver_velocity: i16, flags: u16, squawk: u16, altitude_type: u8, callsign: [u8; 9], emitter_type: u8, tslc: u8 }
    /// STATUSTEXT
    Statustext = 253, 83 { severity: u8, text: [u8; 50], id: u16, chunk_seq: u8 }
    /// SETUP_SIGNING
    SetupSigning = 256, 71 { initial_timestamp: u64, target_system: u8, target_component: u8, secret_key: [u8; 32] }
    /// CAMERA_INFORMATION
    CameraInformation = 259, 92 { time_boot_ms: u32, firmware_version: u32, focal_length: f32, sensor_size_h: f32, sensor_size_v: f32, flags: u32, resolution_h: u16, resolution_v: u16, cam_definition_version: u16, vendor_name: [u8; 32], model_name: [u8; 32], lens_id: u8, cam_definition_uri: [u8; 140], gimbal_device_id: u8, camera_device_id: u8 }
    /// CAMERA_SETTINGS
    CameraSettings = 260, 146 { time_boot_ms: u32, mode_id: u8, zoom_level: f32, focus_level: f32, camera_device_id: u8 }
    /// STORAGE_INFORMATION
    StorageInformation = 261, 179 { time_boot_ms: u32, total_capacity: f32, used_capacity: f32, available_capacity: f32, read_speed: f32, write_speed: f32, storage_id: u8, storage_count: u8, status: u8, kind: u8, name: [u8; 32], storage_usage: u8 }
    /// CAMERA_CAPTURE_STATUS
    CameraCaptureStatus = 262, 12 { time_boot_ms: u32, image_interval: f32, recording_time_ms: u32, available_capacity: f32, image_status: u8, video_status: u8, image_count: i32, camera_device_id: u8 }
    /// CAMERA_IMAGE_CAPTURED
    CameraImageCaptured = 263, 133 { time_utc: u64, time_boot_ms: u32, lat: i32, lon: i32, alt: i32, relative_alt: i32, q: [f32; 4], image_index: i32, camera_id: u8, capture_result: i8, file_url: [u8; 205] }
    /// VIDEO_STREAM_INFORMATION
    VideoStreamInformation = 269, 109 { framerate: f32, bitrate: u32, flags: u16, resolution_h: u16, resolution_v: u16, rotation: u16, hfov: u16, stream_id: u8, count: u8, kind: u8, name: [u8; 32], uri: [u8; 160], encoding: u8, camera_device_id: u8 }
    /// VIDEO_STREAM_STATUS
    VideoStreamStatus = 270, 59 { framerate: f32, bitrate: u32, flags: u16, resolution_h: u16, resolution_v: u16, rotation: u16, hfov: u16, stream_id: u8, camera_device_id: u8 }
    /// CAMERA_FOV_STATUS
    CameraFovStatus = 271, 22 { time_boot_ms: u32, lat_camera: i32, lon_camera: i32, alt_camera: i32, lat_image: i32, lon_image: i32, alt_image: i32, q: [f32; 4], hfov: f32, vfov: f32, camera_device_id: u8 }
    /// GIMBAL_MANAGER_INFORMATION
    GimbalManagerInformation = 280, 70 { time_boot_ms: u32, cap_flags: u32, roll_min: f32, roll_max: f32, pitch_min: f32, pitch_max: f32, yaw_min: f32, yaw_max: f32, gimbal_device_id: u8 }
    /// GIMBAL_MANAGER_STATUS
    GimbalManagerStatus = 281, 48 { time_boot_ms: u32, flags: u32, gimbal_device_id: u8, primary_control_sysid: u8, primary_control_compid: u8, secondary_control_sysid: u8, secondary_control_compid: u8 }
    /// GIMBAL_MANAGER_SET_ATTITUDE
    GimbalManagerSetAttitude = 282, 123 { flags: u32, q: [f32; 4], angular_velocity_x: f32, angular_velocity_y: f32, angular_velocity_z: f32, target_system: u8, target_component: u8, gimbal_device_id: u8 }
    /// GIMBAL_DEVICE_INFORMATION
    GimbalDeviceInformation = 283, 74 { uid: u64, time_boot_ms: u32, firmware_version: u32, hardware_version: u32, roll_min: f32, roll_max: f32, pitch_min: f32, pitch_max: f32, yaw_min: f32, yaw_max: f32, cap_flags: u16, custom_cap_flags: u16, vendor_name: [u8; 32], model_name: [u8; 32], custom_name: [u8; 32], gimbal_device_id: u8, cap_flags2: u32 }
    /// GIMBAL_DEVICE_ATTITUDE_STATUS
    GimbalDeviceAttitudeStatus = 285, 137 { time_boot_ms: u32, q: [f32; 4], angular_velocity_x: f32, angular_velocity_y: f32, angular_velocity_z: f32, failure_flags: u32, flags: u16, target_system: u8, target_component: u8, delta_yaw: f32, delta_yaw_velocity: f32, gimbal_device_id: u8 }
    /// GIMBAL_MANAGER_SET_PITCHYAW
    GimbalManagerSetPitchyaw = 287, 1 { flags: u32, pitch: f32, yaw: f32, pitch_rate: f32, yaw_rate: f32, target_system: u8, target_component: u8, gimbal_device_id: u8 }
    /// PROTOCOL_VERSION
    ProtocolVersion = 300, 217 { version: u16, min_version: u16, max_version: u16, spec_version_hash: [u8; 8], library_version_hash: [u8; 8] }
    /// COMPONENT_METADATA
    ComponentMetadata = 397, 182 { time_boot_ms: u32, file_crc: u32, uri: [u8; 100] }
    /// EVENT.
    Event = 410, 160 { id: u32, event_time_boot_ms: u32, sequence: u16, destination_component: u8, destination_system: u8, log_levels: u8, arguments: [u8; 40] }
    /// AVAILABLE_MODES
    AvailableModes = 435, 134 { custom_mode: u32, properties: u32, number_modes: u8, mode_index: u8, standard_mode: u8, mode_name: [u8; 35] }
    /// CURRENT_MODE
    CurrentMode = 436, 193 { custom_mode: u32, intended_custom_mode: u32, standard_mode: u8 }
    /// CONTROL_STATUS
    ControlStatus = 512, 21 { flags: u8, gcs_main: u8, gcs_secondary: [u8; 10] }
    /// OPEN_DRONE_ID_BASIC_ID
    OpenDroneIdBasicId = 12900, 114 { target_system: u8, target_component: u8, id_or_mac: [u8; 20], id_type: u8, ua_type: u8, uas_id: [u8; 20] }
    /// OPEN_DRONE_ID_LOCATION
    OpenDroneIdLocation = 12901, 254 { latitude: i32, longitude: i32, altitude_barometric: f32, altitude_geodetic: f32, height: f32, timestamp: f32, direction: u16, speed_horizontal: u16, speed_vertical: i16, target_system: u8, target_component: u8, id_or_mac: [u8; 20], status: u8, height_reference: u8, horizontal_accuracy: u8, vertical_accuracy: u8, barometer_accuracy: u8, speed_accuracy: u8, timestamp_accuracy: u8 }
    /// OPEN_DRONE_ID_SYSTEM
    OpenDroneIdSystem = 12904, 77 { operator_latitude: i32, operator_longitude: i32, area_ceiling: f32, area_floor: f32, operator_altitude_geo: f32, timestamp: u32, area_count: u16, area_radius: u16, target_system: u8, target_component: u8, id_or_mac: [u8; 20], operator_location_type: u8, classification_type: u8, category_eu: u8, class_eu: u8 }
    /// OPEN_DRONE_ID_OPERATOR_ID
    OpenDroneIdOperatorId = 12905, 49 { target_system: u8, target_component: u8, id_or_mac: [u8; 20], operator_id_type: u8, operator_id: [u8; 20] }
    /// OPEN_DRONE_ID_ARM_STATUS
    OpenDroneIdArmStatus = 12918, 139 { status: u8, error: [u8; 50] }
}
