#!/usr/bin/env python3
"""Flies a simulated aircraft with pymavlink alone, as a stranger's ground station would.

    python pymavlink_flight.py udpin:127.0.0.1:14550 --family ardupilot --airframe copter

Needs pymavlink 2.4.50 (and pyulog for PX4's logs) and an aircraft that sends to the given endpoint; starts nothing itself.
One line per step, then "N passed, N failed"; exit code 0 only when all passed. Deadlines are in
the aircraft's own time (time_boot_ms), so a simulator may run faster or slower than the clock.
"""

import argparse
import math
import os
import random
import struct
import sys
import tempfile
import time

os.environ["MAVLINK20"] = "1"
from pymavlink import mavutil  # noqa: E402

m = mavutil.mavlink
MODES = {
    "copter": {"GUIDED": 4, "AUTO": 3, "RTL": 6, "LOITER": 5, "LAND": 9},
    "plane": {"GUIDED": 15, "AUTO": 10, "RTL": 11, "LOITER": 12, "LAND": 26},
}
MODES["quadplane"] = dict(MODES["plane"], LAND=20)
# PX4 packs main and sub mode into custom_mode; positions are taken in Hold.
PX4 = {"GUIDED": (4, 3), "AUTO": (4, 4), "RTL": (4, 5), "LOITER": (4, 3), "LAND": (4, 6)}


class Failed(Exception):
    pass


class Flight:
    def __init__(self, endpoint, airframe, family):
        self.air = airframe
        self.px4 = family == "px4"
        self.c = mavutil.mavlink_connection(endpoint, source_system=255, source_component=190)
        self.last = {}
        self.beat = 0.0
        self.boot = 0
        self.texts = []
        self.ok = 0
        self.bad = 0

    # plumbing -----------------------------------------------------------------------------
    def pump(self, timeout=0.2):
        now = time.time()
        if now - self.beat > 0.2:
            self.beat = now
            self.c.mav.heartbeat_send(m.MAV_TYPE_GCS, m.MAV_AUTOPILOT_INVALID, 0, 0, 0)
        msg = self.c.recv_match(blocking=True, timeout=timeout)
        if msg is None or msg.get_type() == "BAD_DATA":
            return None
        t = msg.get_type()
        if t == "STATUSTEXT":
            self.texts.append(msg.text)
        if t == "HEARTBEAT" and msg.get_srcComponent() != 1:
            return msg
        self.last[t] = msg
        if t == "GLOBAL_POSITION_INT":
            self.boot = msg.time_boot_ms / 1000.0
        return msg

    def wait(self, what, test, sim_s=60, wall_s=60):
        """Until test() is true, in aircraft seconds."""
        start, wall = self.boot, time.time()
        while time.time() - wall < wall_s and self.boot - start < sim_s:
            self.pump()
            if test():
                return
        raise Failed(f"{what}: not within {sim_s} s of flight; texts {self.texts[-3:]}")

    def get(self, types, test=lambda _: True, wall_s=3):
        end = time.time() + wall_s
        while time.time() < end:
            msg = self.pump()
            if msg is not None and msg.get_type() in types and test(msg):
                return msg
        raise Failed(f"no {types} within {wall_s} s")

    def command(self, cmd, *p, comp=1, want=0):
        p = list(p) + [0] * (7 - len(p))
        for attempt in range(3):
            self.c.mav.command_long_send(self.c.target_system, comp, cmd, attempt, *p)
            try:
                ack = self.get(["COMMAND_ACK"], lambda a: a.command == cmd and a.get_srcComponent() == comp, 2)
            except Failed:
                continue
            if want is not None and ack.result != want:
                raise Failed(f"command {cmd}: result {ack.result}, not {want}; {self.texts[-2:]}")
            return ack.result
        raise Failed(f"command {cmd}: no answer")

    def mode(self, name, wait=True):
        if self.px4:
            main, sub = PX4[name]
            n = main << 16 | sub << 24
            self.command(m.MAV_CMD_DO_SET_MODE, 1, main, sub)
        else:
            n = MODES[self.air][name]
            self.command(m.MAV_CMD_DO_SET_MODE, 1, n)
        if wait:
            self.wait(f"mode {name}", lambda: self.last["HEARTBEAT"].custom_mode == n, 10, 10)

    def armed(self):
        return bool(self.last["HEARTBEAT"].base_mode & 128)

    def here(self):
        g = self.last["GLOBAL_POSITION_INT"]
        return g.lat * 1e-7, g.lon * 1e-7, g.relative_alt * 1e-3

    def away(self, lat, lon):
        a = self.here()
        return math.hypot((a[0] - lat) * 111_320, (a[1] - lon) * 111_320 * math.cos(math.radians(lat)))

    def offset(self, north, east):
        lat, lon = self.home
        return lat + north / 111_320, lon + east / (111_320 * math.cos(math.radians(lat)))

    def step(self, name, f):
        try:
            note = f()
            self.ok += 1
            print(f"OK    {name}" + (f": {note}" if note else ""), flush=True)
            return True
        except (Failed, KeyError) as e:
            self.bad += 1
            print(f"FAIL  {name}: {e!r}" if isinstance(e, KeyError) else f"FAIL  {name}: {e}", flush=True)
            return False

    # files --------------------------------------------------------------------------------
    def ftp(self, opcode, data=b"", session=0, offset=0, size=None):
        self.seq = getattr(self, "seq", 0) + 1
        body = struct.pack("<HBBBBBBI", self.seq & 0xFFFF, session, opcode, len(data) if size is None else size, 0, 0, 0, offset)
        for _ in range(5):
            self.c.mav.file_transfer_protocol_send(0, self.c.target_system, 1, list((body + data).ljust(251, b"\0")))
            try:
                a = self.get(["FILE_TRANSFER_PROTOCOL"], lambda a: a.payload[0] | a.payload[1] << 8 == (self.seq + 1) & 0xFFFF, 1)
                p = bytes(a.payload)
                return p[3], p[12:12 + p[4]]
            except Failed:
                continue
        raise Failed(f"no answer to file operation {opcode}")

    def file(self, path):
        kind, data = self.ftp(4, path.encode())
        if kind != 128:
            raise Failed(f"{path}: refused with {list(data)}")
        out = b""
        while True:
            kind, data = self.ftp(5, offset=len(out), size=239)
            if kind != 128:
                break
            out += data
        self.ftp(1)
        return out

    def log(self):
        self.c.mav.log_request_list_send(self.c.target_system, 1, 0, 0xFFFF)
        e = self.get(["LOG_ENTRY"], lambda e: e.id == e.last_log_num, 5)
        got = {}
        while len(got) * 90 < e.size:
            first = next(k for k in range(e.size // 90 + 1) if k not in got)
            self.c.mav.log_request_data_send(self.c.target_system, 1, e.id, first * 90, 0xFFFFFFFF)
            try:
                while len(got) * 90 < e.size:
                    d = self.get(["LOG_DATA"], wall_s=1)
                    got[d.ofs // 90] = bytes(d.data[:d.count])
            except Failed:
                pass
        self.c.mav.log_request_end_send(self.c.target_system, 1)
        return b"".join(got[k] for k in sorted(got))[:e.size]

    # plans --------------------------------------------------------------------------------
    def item(self, cmd, lat=None, lon=None, alt=0.0, p=(0, 0, 0, 0), frame=m.MAV_FRAME_GLOBAL_RELATIVE_ALT_INT, x=0, y=0):
        placed = lat is not None
        return dict(cmd=cmd, p=p, alt=alt, frame=frame,
                    x=round(lat * 1e7) if placed else x, y=round(lon * 1e7) if placed else y)

    def upload(self, items, kind):
        send = self.c.mav
        send.mission_count_send(self.c.target_system, 1, len(items), kind)
        while True:
            r = self.get(["MISSION_REQUEST", "MISSION_REQUEST_INT", "MISSION_ACK"], lambda r: r.mission_type == kind, 5)
            if r.get_type() == "MISSION_ACK":
                return r.type
            i = items[r.seq]
            send.mission_item_int_send(self.c.target_system, 1, r.seq, i["frame"], i["cmd"], 0, 1,
                                       *i["p"], i["x"], i["y"], i["alt"], kind)

    def download(self, kind):
        self.c.mav.mission_request_list_send(self.c.target_system, 1, kind)
        n = self.get(["MISSION_COUNT"], lambda r: r.mission_type == kind).count
        out = []
        for seq in range(n):
            self.c.mav.mission_request_int_send(self.c.target_system, 1, seq, kind)
            out.append(self.get(["MISSION_ITEM_INT"], lambda r: r.seq == seq and r.mission_type == kind))
        self.c.mav.mission_ack_send(self.c.target_system, 1, 0, kind)
        return out

    def round_trip(self, items, kind, home_first):
        code = self.upload(items, kind)
        if code != 0:
            raise Failed(f"upload refused with {code}")
        back = self.download(kind)
        if len(back) != len(items):
            raise Failed(f"{len(items)} up, {len(back)} down")
        same = {6: 3, 5: 0, 11: 10, 2: 0}
        for k, (a, b) in enumerate(zip(items, back)):
            if home_first and k == 0:
                continue
            frames = same.get(a["frame"], a["frame"]) == same.get(b.frame, b.frame)
            place = abs(a["x"] - b.x) <= 1 and abs(a["y"] - b.y) <= 1 and abs(a["alt"] - b.z) < 0.02
            if a["cmd"] != b.command or not frames or not place:
                raise Failed(f"item {k}: {a} came back as {b}")
        return f"{len(items)} items"


def run(endpoint, airframe, family):
    f = Flight(endpoint, airframe, family)
    first = 0 if f.px4 else 1  # ArduPilot keeps home as item 0
    wings = airframe != "copter"
    high = 60 if wings else 25

    def connect():
        h = f.get(["HEARTBEAT"], lambda h: h.get_srcComponent() == 1, 30)
        f.c.target_system = h.get_srcSystem()
        f.c.target_component = 1
        f.pump()
        return f"system {h.get_srcSystem()}, type {h.type}, autopilot {h.autopilot}, mode {f.c.flightmode}"

    if not f.step("connect", connect):
        return f

    def version():
        f.command(m.MAV_CMD_REQUEST_MESSAGE, m.MAVLINK_MSG_ID_AUTOPILOT_VERSION)
        if "AUTOPILOT_VERSION" not in f.last:
            f.get(["AUTOPILOT_VERSION"])
        return f"capabilities {f.last['AUTOPILOT_VERSION'].capabilities:#x}"

    f.step("version", version)
    f.step("unknown command is UNSUPPORTED", lambda: f.command(31999, want=3) and None)

    def parameters():
        got, total = {}, None
        f.c.mav.param_request_list_send(f.c.target_system, 1)
        end = time.time() + 20
        while time.time() < end and (total is None or len(got) < total):
            msg = f.pump()
            if msg is not None and msg.get_type() == "PARAM_VALUE":
                total = msg.param_count
                if msg.param_index == 65535:
                    continue  # PX4's checksum has no place in the list
                got[msg.param_index] = (msg.param_id, msg.param_value)
        if total is None or len(got) < total:
            raise Failed(f"{len(got)} of {total}")
        return f"{total} of {total}"

    f.step("download all parameters", parameters)

    def set_parameter():
        name, value = ("RTL_ALT", 2500.0) if not wings else ("WP_LOITER_RAD", 70.0)
        kind = m.MAV_PARAM_TYPE_INT32
        if f.px4:
            name, value, kind = "RTL_RETURN_ALT", 35.0, m.MAV_PARAM_TYPE_REAL32
        f.c.mav.param_set_send(f.c.target_system, 1, name.encode(), value, kind)
        msg = f.get(["PARAM_VALUE"], lambda p: p.param_id == name)
        f.c.mav.param_request_read_send(f.c.target_system, 1, name.encode(), -1)
        msg = f.get(["PARAM_VALUE"], lambda p: p.param_id == name)
        if msg.param_value != value:
            raise Failed(f"{name} is {msg.param_value}")
        return f"{name} = {value:g}"

    f.step("set a parameter", set_parameter)

    def streams():
        for i in (33, 30, 1, 24, 42, 74, 285):
            f.command(m.MAV_CMD_SET_MESSAGE_INTERVAL, i, 250_000)
        f.get(["GLOBAL_POSITION_INT"])
        first, n, end = f.last["GLOBAL_POSITION_INT"].time_boot_ms, 0, time.time() + 30
        while n < 40 and time.time() < end:
            msg = f.pump()
            n += msg is not None and msg.get_type() == "GLOBAL_POSITION_INT"
        rate = n / max(1e-3, (f.last["GLOBAL_POSITION_INT"].time_boot_ms - first) / 1000)
        if not 2.4 < rate < 5.6:
            raise Failed(f"{rate:.2f} Hz, asked for 4")
        return f"{rate:.2f} Hz"

    f.step("streams at the asked rate", streams)
    f.step("ready to arm", lambda: f.wait("ready", lambda: f.last["SYS_STATUS"].onboard_control_sensors_health & 0x10000000, 60))

    def home():
        f.command(m.MAV_CMD_GET_HOME_POSITION)
        if "HOME_POSITION" not in f.last:
            f.get(["HOME_POSITION"])
        h = f.last["HOME_POSITION"]
        f.home = (h.latitude * 1e-7, h.longitude * 1e-7)
        f.home_amsl = h.altitude * 1e-3
        return f"{f.home[0]:.5f} {f.home[1]:.5f}"

    if not f.step("home position", home):
        return f

    k = 4 if wings else 1
    points = [f.offset(60 * k, 20 * k), f.offset(60 * k, 100 * k), f.offset(-40 * k, 100 * k)]
    mission = [f.item(16, *f.home, 0, frame=0)] * first + [f.item(22, *f.home, high, p=(10, 0, 0, 0))]
    mission += [f.item(16, *points[0], high), f.item(1000, p=(-30, 90, float("nan"), float("nan")), frame=2)]
    mission += [f.item(16, *points[1], high + 10), f.item(16, *points[2], high)]
    if wings:
        far = f.offset(-700, 0)
        mission += [f.item(189, *far, 60), f.item(16, *far, 60), f.item(21, *f.home, 0)]
    else:
        mission += [f.item(20, frame=2)]
    reach = 3000.0
    fence = [f.item(5001, *f.offset(a * reach, b * reach), 0, p=(4, 0, 0, 0), frame=0)
             for a, b in ((1, 1), (1, -1), (-1, -1), (-1, 1))]
    rally = [f.item(5100, *f.offset(-30 * k, 30 * k), high), f.item(5100, *f.offset(500, 500), high)]
    f.step("mission up, down, compared", lambda: f.round_trip(mission, 0, not f.px4))
    f.step("fence up, down, compared", lambda: f.round_trip(fence, 1, False))
    f.step("rally up, down, compared", lambda: f.round_trip(rally, 2, False))

    def abandoned():
        f.c.mav.mission_count_send(f.c.target_system, 1, 5, 0)
        f.get(["MISSION_REQUEST", "MISSION_REQUEST_INT"])
        f.get(["MISSION_ACK"], lambda a: a.type != 0, 15)
        n = len(f.download(0))
        if n != len(mission):
            raise Failed(f"{n} items are left of {len(mission)}")
        return "old plan kept"

    f.step("abandoned upload", abandoned)

    def bad_item():
        code = f.upload([mission[0], f.item(4242, *f.home, 0)], 0)
        if code != 3 or len(f.download(0)) != len(mission):
            raise Failed(f"code {code}")
        return "UNSUPPORTED, old plan kept"

    f.step("unknown item", bad_item)

    def take_off():
        if f.px4:
            nan = float("nan")
            f.command(m.MAV_CMD_NAV_TAKEOFF, nan, nan, nan, nan, nan, nan, f.home_amsl + high)
            f.command(m.MAV_CMD_COMPONENT_ARM_DISARM, 1)
        else:
            f.mode("GUIDED")
            f.command(m.MAV_CMD_COMPONENT_ARM_DISARM, 1)
            f.command(m.MAV_CMD_NAV_TAKEOFF, 0, 0, 0, 0, 0, 0, high)
        f.wait("armed", f.armed, 10)
        f.wait("height", lambda: f.here()[2] > high - 4, 90, 120)
        return f"{f.here()[2]:.1f} m"

    if not f.step("GUIDED, arm, take off", take_off):
        return f

    def goto():
        f.mode("GUIDED")
        target = f.offset(80 * k, -60 * k)
        f.c.mav.command_int_send(f.c.target_system, 1, m.MAV_FRAME_GLOBAL_RELATIVE_ALT_INT, m.MAV_CMD_DO_REPOSITION,
                                 0, 0, -1, 1, 0, float("nan"), round(target[0] * 1e7), round(target[1] * 1e7), high)
        ack = f.get(["COMMAND_ACK"], lambda a: a.command == m.MAV_CMD_DO_REPOSITION)
        if ack.result != 0:
            raise Failed(f"result {ack.result}")
        f.wait("there", lambda: f.away(*target) < (130 if wings else 5), 120, 120)
        return f"{f.away(*target):.1f} m from the point"

    f.step("goto", goto)

    def gimbal():
        f.command(1000, -45, 90, float("nan"), float("nan"), 16, 0, 0)

        def pointed():
            g = f.last.get("GIMBAL_DEVICE_ATTITUDE_STATUS")
            if g is None:
                return False
            w, x, y, z = g.q
            pitch = math.degrees(math.asin(max(-1, min(1, 2 * (w * y - z * x)))))
            yaw = math.degrees(math.atan2(2 * (w * z + x * y), 1 - 2 * (y * y + z * z)))
            return abs(pitch + 45) < 3 and abs(yaw - 90) < 5 and g.flags & 64
        f.wait("pointed", pointed, 15)
        roi = f.offset(0, 0)
        f.command(195, 0, 0, 0, 0, roi[0], roi[1], 0)
        f.command(197)
        return "pitch -45, yaw 90 locked to north; ROI set and cleared"

    f.step("gimbal", gimbal)

    def camera():
        f.command(512, m.MAVLINK_MSG_ID_CAMERA_INFORMATION, comp=100)
        f.command(512, m.MAVLINK_MSG_ID_VIDEO_STREAM_INFORMATION, comp=100)
        v = f.last["VIDEO_STREAM_INFORMATION"]
        f.command(2000, 0, 0, 1, comp=100)
        f.wait("a picture", lambda: "CAMERA_IMAGE_CAPTURED" in f.last, 5, 5)
        return f"{v.count} streams, the last at {v.uri}; one picture taken"

    f.step("camera and video streams", camera)

    def rubbish():
        rng, n, before = random.Random(7), 0, f.last["HEARTBEAT"].custom_mode
        good = m.MAVLink_command_long_message(f.c.target_system, 1, 400, 0, *[0.0] * 7).pack(f.c.mav)
        for _ in range(1500):
            junk = bytearray(rng.randbytes(rng.randrange(1, 280)))
            if n % 3 == 0:
                junk = bytearray(good)
                junk[rng.randrange(len(junk))] ^= 1 << rng.randrange(8)
            elif n % 3 == 1:
                junk[:2] = bytes([0xFD, rng.randrange(256)])
            f.c.write(bytes(junk))
            n += 1
            if n % 20 == 0:
                f.pump(0.02)
        f.command(m.MAV_CMD_REQUEST_MESSAGE, m.MAVLINK_MSG_ID_AUTOPILOT_VERSION)
        if f.last["HEARTBEAT"].custom_mode != before or not f.armed():
            raise Failed("the rubbish changed something")
        return f"{n} malformed datagrams, still answers"

    f.step("rubbish while flying", rubbish)

    def mission_flown():
        f.command(m.MAV_CMD_DO_SET_MISSION_CURRENT, 1 + first)
        f.mode("AUTO")
        reached = set()

        def flown():
            r = f.last.get("MISSION_ITEM_REACHED")
            if r is not None:
                reached.add(r.seq)
            return {1 + first, 3 + first, 4 + first} <= reached
        f.wait("waypoints", flown, 300, 240)
        return f"items {sorted(reached)}"

    f.step("AUTO mission flown", mission_flown)

    def return_and_land():
        f.mode("GUIDED")
        f.mode("RTL", wait=False)  # a plane with a landing in its mission goes on in AUTO
        f.wait("down and disarmed", lambda: not f.armed(), 500, 400)
        return f"{f.away(*f.home):.0f} m from home, battery {f.last['SYS_STATUS'].battery_remaining} %"

    f.step("return, land, disarm", return_and_land)

    def cleared():
        f.c.mav.mission_clear_all_send(f.c.target_system, 1, 2)
        a = f.get(["MISSION_ACK"], lambda a: a.mission_type == 2)
        n = len(f.download(2))
        if a.type != 0 or n:
            raise Failed(f"ack {a.type}, {n} left")

    f.step("rally cleared", cleared)

    def packed():
        data = f.file("@PARAM/param.pck")
        magic, here, total = struct.unpack("<HHH", data[:6])
        if magic != 0x671B or here != total or here < 100:
            raise Failed(f"{magic:#x}, {here} of {total}")
        return f"{here} parameters in {len(data)} bytes"

    if not f.px4:
        f.step("parameters as one file", packed)

    def flight_log():
        data = f.log()
        name = "x.ulg" if f.px4 else "x.BIN"
        path = os.path.join(tempfile.mkdtemp(), name)
        with open(path, "wb") as out:
            out.write(data)
        if f.px4:
            from pyulog import ULog

            u = ULog(path)
            points = next(d for d in u.data_list if d.name == "vehicle_global_position").data["lat"]
            where, params = abs(points[0] - f.home[0]) < 0.01, len(u.initial_parameters)
        else:
            from pymavlink import DFReader

            log = DFReader.DFReader_binary(path)
            points, params, where = [], 0, False
            while (msg := log.recv_msg()) is not None:
                if msg.get_type() == "POS":
                    points.append(msg.Lat)
                    where = abs(msg.Lat - f.home[0]) < 0.05
                params += msg.get_type() == "PARM"
        if len(points) < 50 or not where or params < 60:
            raise Failed(f"{len(points)} positions, {params} parameters, near home: {where}")
        return f"{len(data)} bytes, {len(points)} positions, {params} parameters"

    f.step("flight log fetched and read by its own tool", flight_log)

    def answers(wall_s=2):
        """Whether the aircraft answers what we send now."""
        f.c.mav.command_long_send(f.c.target_system, 1, m.MAV_CMD_REQUEST_MESSAGE, 0, m.MAVLINK_MSG_ID_AUTOPILOT_VERSION, *[0] * 6)
        try:
            f.get(["COMMAND_ACK"], lambda a: a.command == m.MAV_CMD_REQUEST_MESSAGE, wall_s)
            return True
        except Failed:
            return False

    def clock(boot_s=0):
        """Signature time of the aircraft's own clock (it may run faster than ours)."""
        return int((f.utc - 1420070400 + boot_s) * 1e5)

    def signing():
        f.command(m.MAV_CMD_REQUEST_MESSAGE, m.MAVLINK_MSG_ID_SYSTEM_TIME)
        f.utc = f.last["SYSTEM_TIME"].time_unix_usec * 1e-6
        key, other = bytes(range(1, 33)), bytes(32 - k for k in range(32))
        for _ in range(2):
            f.c.mav.setup_signing_send(f.c.target_system, 1, list(key), clock())
        f.c.setup_signing(key, sign_outgoing=True, allow_unsigned_callback=lambda *a: False, initial_timestamp=clock(1), link_id=5)
        if not answers():
            raise Failed("signed, and no answer")
        start = time.time()
        while time.time() - start < 2:
            f.pump()
        if f.c.mav.signing.badsig_count or not f.c.mav.signing.goodsig_count:
            raise Failed(f"{f.c.mav.signing.goodsig_count} good, {f.c.mav.signing.badsig_count} bad signatures from the aircraft")
        f.c.mav.signing.sign_outgoing = False
        if answers():
            raise Failed("acts on an unsigned command")
        f.c.mav.signing.sign_outgoing = True
        f.c.mav.signing.secret_key = other
        f.c.mav.command_long_send(f.c.target_system, 1, m.MAV_CMD_COMPONENT_ARM_DISARM, 0, 1, *[0] * 6)
        f.c.mav.signing.secret_key = key
        old, f.c.mav.signing.link_id = f.c.mav.signing.timestamp, 9
        f.c.mav.signing.timestamp = old - 7_000_000
        if answers():
            raise Failed("acts on a command signed 70 s ago on a new link")
        f.c.mav.signing.timestamp, f.c.mav.signing.link_id = old + 100, 5
        if f.armed() or not answers():
            raise Failed("a forged arming had an effect, or the true key has none any more")
        n = f.c.mav.signing.goodsig_count
        f.c.mav.setup_signing_send(f.c.target_system, 1, [0] * 32, 0)
        time.sleep(0.2)
        f.c.disable_signing()
        if not answers():
            raise Failed("signing does not end")
        return f"{n} good signatures; unsigned, forged and old frames refused; off again"

    f.step("signing", signing)
    return f


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("endpoint", help="pymavlink endpoint, for example udpin:127.0.0.1:14550")
    p.add_argument("--airframe", choices=sorted(MODES), default="copter")
    p.add_argument("--family", choices=["ardupilot", "px4"], default="ardupilot")
    a = p.parse_args()
    f = run(a.endpoint, a.airframe, a.family)
    print(f"{f.ok} passed, {f.bad} failed")
    sys.exit(1 if f.bad else 0)


if __name__ == "__main__":
    main()
