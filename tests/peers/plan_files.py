#!/usr/bin/env python3
"""Opens the files of a plan with pymavlink's own waypoint loader, as Mission Planner's scripts and MAVProxy do.

    python plan_files.py out/plan

For every NAME.waypoints in the folder: it loads, has the items of NAME.plan beside it in the same order, commands and frames,
positions within 1e-7 degrees, heights within a millimetre. Needs pymavlink. One line per file, then "N passed, N failed"; exit
code 0 only when all passed and there was one.
"""

import json
import pathlib
import sys

from pymavlink import mavwp


def judge(path):
    loader = mavwp.MAVWPLoader()
    count = loader.load(str(path))
    plan = json.loads(path.with_suffix(".plan").read_text())
    items = plan["mission"]["items"]
    # The loader counts home as item 0.
    if count != len(items) + 1:
        return f"{count} items, the .plan has {len(items)} and home"
    for k, item in enumerate(items):
        w = loader.wp(k + 1)
        if (w.command, w.frame) != (item["command"], item["frame"]):
            return f"item {k + 1}: command {w.command} frame {w.frame}, the .plan says {item['command']} and {item['frame']}"
        lat, lon, alt = (v or 0.0 for v in item["params"][4:7])
        if abs(w.x - lat) > 1e-7 or abs(w.y - lon) > 1e-7 or abs(w.z - alt) > 1e-3:
            return f"item {k + 1}: at {w.x} {w.y} {w.z}, the .plan says {lat} {lon} {alt}"
    return None


def main():
    folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "out/plan")
    passed = failed = 0
    for path in sorted(folder.glob("*.waypoints")):
        wrong = judge(path)
        print(f"{'FAILED' if wrong else 'ok'} {path.name}{': ' + wrong if wrong else ''}")
        passed, failed = passed + (not wrong), failed + bool(wrong)
    print(f"{passed} passed, {failed} failed")
    sys.exit(0 if passed and not failed else 1)


if __name__ == "__main__":
    main()
