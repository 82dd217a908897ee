#!/usr/bin/env python3
"""Flies a simulated aircraft with MAVProxy, typing its commands as an operator would.

    python mavproxy_flight.py udpin:127.0.0.1:14550 --family ardupilot --airframe copter

Needs MAVProxy 1.8.75 from PyPI and an aircraft that sends to the given endpoint; starts MAVProxy
and nothing else. One line per step, then "N passed, N failed"; exit code 0 only when all passed.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import threading
import time

MODULES = "log,signing,wp,rally,fence,ftp,param,arm,mode,cmdlong,misc,link,camera"


class Failed(Exception):
    pass


class Proxy:
    def __init__(self, endpoint):
        self.home = tempfile.mkdtemp(prefix="mavproxy-")
        script = os.path.join(os.path.dirname(sys.executable), "mavproxy.py")
        self.p = subprocess.Popen(
            [sys.executable, "-u", script, f"--master={endpoint}", "--mav20", f"--state-basedir={self.home}",
             f"--default-modules={MODULES}", "--source-system=255"],
            cwd=self.home, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, bufsize=1,
            env=dict(os.environ, HOME=self.home, TERM="dumb"))
        self.text = ""
        self.mark = 0
        self.ok = self.bad = 0
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        while True:
            c = self.p.stdout.read(1)
            if not c:
                return
            self.text += c

    def type(self, words):
        self.mark = len(self.text)
        self.p.stdin.write(words + "\n")
        self.p.stdin.flush()

    def see(self, pattern, seconds, every=None, each=1):
        """Waits until the pattern stands in what came since the last command.

        `every` is typed again each so many seconds, as a person does on a radio that loses a
        datagram: MAVProxy itself does not ask for a lost acknowledgement twice.
        """
        end, last = time.time() + seconds, time.time()
        while time.time() < end:
            m = re.search(pattern, self.text[self.mark:])
            if m:
                return m
            if self.p.poll() is not None:
                break
            if every and time.time() - last > each:
                last = time.time()
                self.p.stdin.write(every + "\n")
                self.p.stdin.flush()
            time.sleep(0.05)
        raise Failed(f"never saw /{pattern}/; last: {self.text[self.mark:][-300:]!r}")

    def step(self, name, f):
        try:
            note = f()
            self.ok += 1
            print(f"OK    {name}" + (f": {note}" if note else ""), flush=True)
            return True
        except (Failed, OSError) as e:
            self.bad += 1
            print(f"FAIL  {name}: {e}", flush=True)
            return False


def write(path, rows):
    with open(path, "w") as out:
        out.write("QGC WPL 110\n")
        for k, r in enumerate(rows):
            out.write("\t".join(str(v) for v in [k, int(k == 0), *r, 1]) + "\n")


def run(endpoint, family, airframe):
    x = Proxy(endpoint)
    px4, copter = family == "px4", airframe == "copter"

    x.step("online", lambda: x.see(r"Detected vehicle \d+:1|online system \d+", 30).group(0))

    def parameters():
        m = x.see(r"Received (\d+) parameters( \(ftp\))?", 60)
        if int(m.group(1)) < 60:
            raise Failed(m.group(0))
        if not px4 and not m.group(2):
            raise Failed("not by file transfer: " + m.group(0))
        return m.group(0)

    x.step("parameters", parameters)

    def set_parameter():
        name, value = ("RTL_RETURN_ALT", "33.0") if px4 else ("RTL_ALT", "2400.0") if copter else ("RTL_ALTITUDE", "90.0")
        x.type(f"param set {name} {value}")
        return x.see(rf"{name}\s+{value}", 10, every=f"param show {name}").group(0)

    x.step("set a parameter", set_parameter)

    def at():
        x.type("status HOME_POSITION")
        m = x.see(r"latitude\s*:\s*(-?\d+), longitude\s*:\s*(-?\d+)", 5)
        return int(m.group(1)) * 1e-7, int(m.group(2)) * 1e-7

    home = [0.0, 0.0]

    def where():
        x.see(r"(?s).*", 1)
        home[:] = at()
        return f"{home[0]:.5f} {home[1]:.5f}"

    if not x.step("home position", where):
        return x
    lat, lon = home
    k = 1 if copter else 4

    def mission():
        up = 30 if copter else 60
        rows = [] if px4 else [[0, 16, 0, 0, 0, 0, lat, lon, 0]]
        rows += [[3, 22, 10, 0, 0, 0, lat, lon, up], [3, 16, 0, 0, 0, 0, lat + 0.0008 * k, lon, up],
                 [3, 16, 0, 0, 0, 0, lat + 0.0008 * k, lon + 0.001 * k, up], [3, 20, 0, 0, 0, 0, 0, 0, 0]]
        up_file, back = os.path.join(x.home, "up.txt"), os.path.join(x.home, "back.txt")
        write(up_file, rows)
        x.type(f"wp load {up_file}")
        x.see(r"Got MISSION_ACK: TYPE_MISSION: ACCEPTED", 24, every=f"wp load {up_file}", each=8)
        x.type(f"wp save {back}")
        x.see(r"Saved \d+ waypoints|Saved waypoints", 24, every=f"wp save {back}", each=8)
        with open(back) as f:
            got = [line.split() for line in f.read().splitlines()[1:]]
        if [g[3] for g in got][-4:] != [str(r[1]) for r in rows][-4:]:
            raise Failed(str(got))
        return f"{len(got)} items"

    x.step("mission up and down", mission)

    def saved(kind, path):
        """Commands of the list the aircraft gives back."""
        x.type(f"{kind} save {path}")
        x.see(r"Saved \d+ ", 24, every=f"{kind} save {path}", each=8)
        with open(path) as f:
            return [int(line.split()[3]) for line in f.read().splitlines()[1:]]

    def fence():
        path = os.path.join(x.home, "fence.txt")
        r = 0.03
        write(path, [[0, 5001, 4, 0, 0, 0, lat + a * r, lon + b * r, 0] for a, b in ((1, 1), (1, -1), (-1, -1), (-1, 1))])
        x.type(f"fence load {path}")
        x.see(r"Got MISSION_ACK: TYPE_FENCE: ACCEPTED", 24, every=f"fence load {path}", each=8)
        back = saved("fence", os.path.join(x.home, "fence-back.txt"))
        if back != [5001] * 4:
            raise Failed(str(back))
        return f"{len(back)} corners"

    x.step("fence up and down", fence)

    def rally():
        path = os.path.join(x.home, "rally.txt")
        write(path, [[3, 5100, 0, 0, 0, 0, lat - 0.0005 * k, lon, 40]])
        x.type(f"rally load {path}")
        x.see(r"Got MISSION_ACK: TYPE_RALLY: ACCEPTED", 24, every=f"rally load {path}", each=8)
        back = saved("rally", os.path.join(x.home, "rally-back.txt"))
        if back != [5100]:
            raise Failed(str(back))
        return "1 point"

    x.step("rally up and down", rally)

    def camera():
        x.type("camera discover")
        x.see(r"discovery requested", 5)
        x.see(r"flags=0x[0-9a-f]+ gimbal=", 15, every="camera info")
        x.type("camera streams")
        streams = x.see(r"(?m)^\d+: .*\d+x\d+ .*$", 15, every="camera streams").group(0).strip()
        x.type("camera photo")
        x.see(r"Camera \d+ image \d+ captured", 12, every="camera photo", each=4)
        for word, told in (("start", "yes"), ("stop", "no")):
            x.type(f"camera record {word}")
            time.sleep(1.5)
            x.type("camera info")
            x.see(rf"recording={told} photos=[1-9]", 10, every="camera info")
        return streams

    x.step("camera and video streams", camera)

    def gimbal():
        x.type("camera mount angle -40 30")
        end, at = time.time() + 20, None
        while time.time() < end:
            x.type("camera mount info")
            at = x.see(r"attitude roll=\S+ pitch=(-?\d+\.\d) yaw=(-?\d+\.\d)|pending|No MAVLink gimbal", 10)
            if at.group(1) and abs(float(at.group(1)) + 40) < 3:
                return at.group(0)
            time.sleep(0.5)
        raise Failed(f"never there: {at and at.group(0)}")

    x.step("gimbal", gimbal)

    def logs():
        x.type("ftp list " + ("/fs/microsd" if px4 else "@SYS"))
        return x.see(r"(?m)^.*(log|vehicle\.txt).*$", 10).group(0).strip()

    if not px4:
        x.step("files listed", logs)

    def mode(name, sub):
        # MAVProxy 1.8.75 cannot set PX4's modes by name ("required argument is not a float").
        if px4:
            x.type(f"long DO_SET_MODE 1 4 {sub}")
            # The acknowledgement is one datagram; the mode is told of every second.
            x.see(rf"Got COMMAND_ACK: DO_SET_MODE: ACCEPTED|{name}>|Mode {name}", 10)
        else:
            x.type(f"mode {name}")
            x.see(rf"{name}>|Mode {name}", 10)

    def take_off():
        if copter and not px4:
            mode("GUIDED", 3)
            x.type("arm throttle")
            x.see(r"(?i)ARMED|Got COMMAND_ACK: COMPONENT_ARM_DISARM: ACCEPTED", 20)
            x.type("takeoff 20")
            x.see(r"Got COMMAND_ACK: NAV_TAKEOFF: ACCEPTED|Take Off started", 10)
        else:
            mode("MISSION" if px4 else "AUTO", 4)
            x.type("arm throttle")
            x.see(r"(?i)ARMED|Got COMMAND_ACK: COMPONENT_ARM_DISARM: ACCEPTED", 20)
        x.mark = len(x.text)
        return height(12)

    def height(metres):
        end = time.time() + 90
        while time.time() < end:
            x.type("status GLOBAL_POSITION_INT")
            m = x.see(r"relative_alt\s*:\s*(-?\d+)", 20)
            if int(m.group(1)) > metres * 1000:
                return f"{int(m.group(1)) / 1000:.1f} m"
            time.sleep(0.5)
        raise Failed(f"never above {metres} m; {x.text[-400:]!r}")

    flown = x.step("arm and take off", take_off)

    def goto():
        x.type(f"guided {lat + 0.0006 * k} {lon + 0.0006 * k} {25 if copter else 60}")
        end = time.time() + 60
        while time.time() < end:
            x.type("status GLOBAL_POSITION_INT")
            m = x.see(r"lat\s*:\s*(-?\d+), lon\s*:\s*(-?\d+)", 20)
            if abs(int(m.group(1)) * 1e-7 - lat - 0.0006 * k) < (0.0001 if copter else 0.0014):
                return
            time.sleep(0.5)
        raise Failed("never there")

    if flown and copter and not px4:
        x.step("goto", goto)

    def back():
        mode("RTL", 5)
        x.see(r"(?i)DISARMED|Throttle disarmed", 150)

    if flown:
        x.step("return, land, disarm", back)

    def signing():
        x.type("signing setup a phrase nobody guesses")
        time.sleep(2)
        x.type("signing key a phrase nobody guesses")
        time.sleep(1)
        x.type("param fetch " + ("RTL_RETURN_ALT" if px4 else "SYSID_THISMAV"))
        x.see(r"Requested parameter|RTL_RETURN_ALT|SYSID_THISMAV", 5)
        x.type("arm throttle")
        x.see(r"Got COMMAND_ACK: COMPONENT_ARM_DISARM", 10, every="arm throttle", each=3)
        x.type("disarm")
        time.sleep(2)
        x.type("signing remove")
        time.sleep(1)

    if flown:
        x.step("signing", signing)
    return x


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("endpoint")
    p.add_argument("--family", choices=["px4", "ardupilot"], default="ardupilot")
    p.add_argument("--airframe", choices=["copter", "plane", "quadplane"], default="copter")
    a = p.parse_args()
    x = run(a.endpoint, a.family, a.airframe)
    x.p.terminate()
    print(f"{x.ok} passed, {x.bad} failed", flush=True)
    os._exit(1 if x.bad else 0)


if __name__ == "__main__":
    main()
