#!/bin/sh
# Flies simulated aircraft with ground stations nobody here wrote: pymavlink, MAVProxy and MAVSDK,
# every autopilot family and airframe. Installs them from PyPI into a virtual environment.
#
#   sh tests/peers/run.sh                         # everything
#   sh tests/peers/run.sh pymavlink               # one station
#   sh tests/peers/run.sh mavsdk px4 copter       # one combination
#
# VEDETTE   the program (default: target/debug/vedette); an `udp_vehicle` example works as well
# VENV      the virtual environment (default: target/peers-venv), made when it is not there
# SPEED     times real time (default: 4)    PORT  first UDP port (default: 14710)
# JOBS      combinations at once (default: half the processors, at least 1)
# Exit code: 0 all passed, 1 something failed, 3 no Python or no package index.
set -u
cd "$(dirname "$0")/../.."
TARGET=${CARGO_TARGET_DIR:-target}
VEDETTE=${VEDETTE:-$TARGET/debug/vedette}
VENV=${VENV:-$TARGET/peers-venv}
SPEED=${SPEED:-4}
PORT=${PORT:-14710}
JOBS=${JOBS:-$(( ($(nproc 2>/dev/null || echo 2) + 1) / 2 ))}
OUT=$(mktemp -d)
trap 'rm -rf "$OUT"' EXIT

[ -x "$VEDETTE" ] || { echo "no program at $VEDETTE: run 'make build' or set VEDETTE" >&2; exit 3; }
if [ ! -x "$VENV/bin/python" ]; then
    python3 -m venv "$VENV" || { echo "python3 with venv is missing (package python3-venv)" >&2; exit 3; }
fi
if ! "$VENV/bin/python" -c 'import pymavlink, mavsdk, MAVProxy, pyulog' 2>/dev/null; then
    echo "installing pymavlink, MAVProxy, MAVSDK and pyulog into $VENV" >&2
    "$VENV/bin/python" -m pip install -q --disable-pip-version-check \
        pymavlink==2.4.50 MAVProxy==1.8.75 mavsdk==4.1.0 pyulog ||
        { echo "the packages cannot be installed: no index, or no network" >&2; exit 3; }
fi

# One aircraft, one station. $1 station $2 family $3 airframe $4 port
fly() {
    case $(basename "$VEDETTE") in
        udp_vehicle*) "$VEDETTE" --family "$2" --airframe "$3" --speed "$SPEED" --connect "udpout:127.0.0.1:$4" ;;
        *) "$VEDETTE" sim --vehicles 1 --family "$2" --airframe "$3" --speed "$SPEED" --connect "udpout:127.0.0.1:$4" ;;
    esac >"$OUT/$1-$2-$3.sim" 2>&1 &
    sim=$!
    url="udpin:127.0.0.1:$4"
    [ "$1" = mavsdk ] && url="udpin://127.0.0.1:$4"
    timeout 420 "$VENV/bin/python" "tests/peers/${1}_flight.py" "$url" --family "$2" --airframe "$3" \
        >"$OUT/$1-$2-$3.log" 2>&1
    code=$?
    kill "$sim" 2>/dev/null
    wait "$sim" 2>/dev/null
    last=$(grep -a 'passed,' "$OUT/$1-$2-$3.log" | tail -1)
    printf '%-10s %-10s %-10s %s\n' "$1" "$2" "$3" "${last:-no end (exit code $code)}"
    if [ "$code" -ne 0 ]; then
        grep -a '^FAIL' "$OUT/$1-$2-$3.log" | sed 's/^/    /'
        tail -3 "$OUT/$1-$2-$3.sim" | sed 's/^/    aircraft: /'
        : >"$OUT/failed"
    fi
}

running=0
for station in pymavlink mavproxy mavsdk; do
    [ -n "${1:-}" ] && [ "$1" != "$station" ] && continue
    for family in ardupilot px4; do
        [ -n "${2:-}" ] && [ "$2" != "$family" ] && continue
        for airframe in copter plane quadplane; do
            [ -n "${3:-}" ] && [ "$3" != "$airframe" ] && continue
            fly "$station" "$family" "$airframe" "$PORT" &
            PORT=$((PORT + 1))
            running=$((running + 1))
            if [ "$running" -ge "$JOBS" ]; then
                wait
                running=0
            fi
        done
    done
done
wait
[ ! -e "$OUT/failed" ]
