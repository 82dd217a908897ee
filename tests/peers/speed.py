#!/usr/bin/env python3
"""Frames a second of pymavlink, for `cargo bench -p vedette-protocol` to stand beside.

    python speed.py frames.bin signed.bin

Reads MAVLink 2 frames, plain and signed with a key of 32 sevens, and prints three figures: decoded,
signed, verified, frames a second each, best of three rounds.
"""

import os
import sys
import time

os.environ["MAVLINK20"] = "1"
from pymavlink.dialects.v20 import ardupilotmega as m  # noqa: E402


def parser():
    mav = m.MAVLink(None)
    mav.robust_parsing = True
    return mav


def best(work, n):
    rates = []
    for _ in range(3):
        start = time.process_time()
        work()
        rates.append(n / (time.process_time() - start))
    return max(rates)


def main():
    with open(sys.argv[1], "rb") as f:
        plain = f.read()
    with open(sys.argv[2], "rb") as f:
        signed = f.read()
    messages = parser().parse_buffer(plain)
    n = len(messages)

    def decode():
        assert len(parser().parse_buffer(plain)) == n

    def sign():
        mav = m.MAVLink(None, srcSystem=1, srcComponent=1)
        mav.signing.secret_key = b"\x07" * 32
        mav.signing.sign_outgoing = True
        mav.signing.timestamp = 1
        for msg in messages:
            msg.pack(mav)

    def verify():
        mav = parser()
        mav.signing.secret_key = b"\x07" * 32
        mav.signing.allow_unsigned_callback = lambda *_: False
        assert len([x for x in mav.parse_buffer(signed) if x.get_type() != "BAD_DATA"]) == n

    print(best(decode, n), best(sign, n), best(verify, n))


if __name__ == "__main__":
    main()
