#!/usr/bin/env python3
"""Opens a flight's .tlog with pymavlink, as Mission Planner's and MAVProxy's tools do.

    python tlog_file.py ROOT/SESSION.tlog

The frames were signed on the wire. In the file none is: every one decodes, its checksum holds, times never run backwards, the
aircraft's words and the station's are both there, and no message that carries a key. Needs pymavlink. Prints "N messages ..." and
exits with 0, or says what is wrong.
"""

import collections
import sys

from pymavlink import mavutil

WANTED = ["HEARTBEAT", "ATTITUDE", "GLOBAL_POSITION_INT", "SYS_STATUS", "AUTOPILOT_VERSION", "COMMAND_LONG", "COMMAND_ACK"]


def main():
    log = mavutil.mavlink_connection(sys.argv[1], robust_parsing=True)
    seen, senders, last = collections.Counter(), set(), 0.0
    while (m := log.recv_match()) is not None:
        name = m.get_type()
        if name == "BAD_DATA":
            return f"message {sum(seen.values())} cannot be read: {m.reason}"
        if m.get_signed():
            return f"{name} is signed"
        if m._timestamp < last:
            return f"{name} is {last - m._timestamp} s before the one in front of it"
        last = m._timestamp
        seen[name] += 1
        senders.add(m.get_srcSystem())
    for name in WANTED:
        if not seen[name]:
            return f"no {name} in {sum(seen.values())} messages"
    if seen["SETUP_SIGNING"]:
        return "it holds a key"
    if not {1, 253} <= senders:
        return f"only systems {sorted(senders)} speak in it"
    print(f"{sum(seen.values())} messages of {len(seen)} kinds, none signed, no key")
    return None


if __name__ == "__main__":
    wrong = main()
    if wrong:
        sys.exit(wrong)
