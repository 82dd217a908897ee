#!/bin/sh
# Flies simulated aircraft with ground stations nobody here wrote: pymavlink, MAVProxy and MAVSDK,
# every autopilot family and airframe. Installs them from PyPI into a virtual environment.
#
#   sh tests/peers/run.sh                         # everything: 18 flights
#   sh tests/peers/run.sh few                     # each station with both families, each airframe once or more
#   sh tests/peers/run.sh pymavlink               # one station
#   sh tests/peers/run.sh mavsdk px4 copter       # one combination
#
# VEDETTE   the program (default: target/debug/vedette); an `udp_vehicle` example works as well
# VENV      the virtual environment (default: target/peers-venv), made when it is not there
# HOME_AT   where the aircraft stand, LAT,LON,AMSL (default: ArduPilot's own test field, of which no
#           terrain is known here, so that it is flat: the flights are the same on every machine)
# SPEED     times real time (default: 4)    PORT  first UDP port (default: 14710)
# JOBS      flights at once (default: half the processors, at least 1)
# PEERS_OPTIONAL=1   no Python or no package index: say aloud what was left out, and pass
# Exit code: 0 all passed, 1 something failed, 3 no Python or no package index.
set -u
cd "$(dirname "$0")/../.."
TARGET=${CARGO_TARGET_DIR:-target}
VEDETTE=${VEDETTE:-$TARGET/debug/vedette}
VENV=${VENV:-$TARGET/peers-venv}
SPEED=${SPEED:-4}
PORT=${PORT:-14710}
HOME_AT=${HOME_AT:--35.363261,149.165230,584}
JOBS=${JOBS:-$(( ($(nproc 2>/dev/null || echo 2) + 1) / 2 ))}
OUT=$(mktemp -d)
trap 'rm -rf "$OUT"' EXIT

without() {
    if [ -n "${PEERS_OPTIONAL:-}" ]; then
        echo "LEFT OUT: flights with pymavlink, MAVProxy and MAVSDK: $1" >&2
        exit 0
    fi
    echo "$1" >&2
    exit 3
}

[ -x "$VEDETTE" ] || { echo "no program at $VEDETTE: run 'make build' or set VEDETTE" >&2; exit 3; }
if [ ! -x "$VENV/bin/pip" ]; then
    python3 -m venv "$VENV" >/dev/null 2>&1 || { rm -rf "$VENV"; without "python3 with venv is missing (package python3-venv)"; }
fi
if ! "$VENV/bin/python" -c 'import pymavlink, mavsdk, MAVProxy, pyulog' 2>/dev/null; then
    echo "installing pymavlink, MAVProxy, MAVSDK and pyulog into $VENV" >&2
    "$VENV/bin/python" -m pip install -q --disable-pip-version-check --retries 2 --timeout 20 \
        pymavlink==2.4.50 MAVProxy==1.8.75 mavsdk==4.1.0 pyulog ||
        without "the packages cannot be installed: no package index can be reached"
fi

# One aircraft, one station. $1 station $2 family $3 airframe $4 port
fly() {
    case $(basename "$VEDETTE") in
        udp_vehicle*) "$VEDETTE" --family "$2" --airframe "$3" --speed "$SPEED" --connect "udpout:127.0.0.1:$4" ;;
        *) "$VEDETTE" sim --vehicles 1 --family "$2" --airframe "$3" --speed "$SPEED" --home="$HOME_AT" --connect "udpout:127.0.0.1:$4" ;;
    esac >"$OUT/$1-$2-$3.sim" 2>&1 &
    sim=$!
    url="udpin:127.0.0.1:$4"
    [ "$1" = mavsdk ] && url="udpin://127.0.0.1:$4"
    began=$(date +%s)
    timeout 420 "$VENV/bin/python" "tests/peers/${1}_flight.py" "$url" --family "$2" --airframe "$3" \
        >"$OUT/$1-$2-$3.log" 2>&1
    code=$?
    kill "$sim" 2>/dev/null
    wait "$sim" 2>/dev/null
    last=$(grep -a 'passed,' "$OUT/$1-$2-$3.log" | tail -1)
    printf '%-10s %-10s %-10s %s (%s s)\n' "$1" "$2" "$3" "${last:-no end (exit code $code)}" $(($(date +%s) - began))
    [ -n "${PEERS_LOGS:-}" ] && mkdir -p "$PEERS_LOGS" && cp "$OUT/$1-$2-$3.log" "$PEERS_LOGS/"
    if [ "$code" -ne 0 ]; then
        grep -a '^FAIL' "$OUT/$1-$2-$3.log" | sed 's/^/    /'
        tail -3 "$OUT/$1-$2-$3.sim" | sed 's/^/    aircraft: /'
        : >"$OUT/failed"
    fi
}

# Which flights belong to `few`: every station with both families, every airframe, 6 of 18.
few() {
    case "$1 $2 $3" in
        "pymavlink ardupilot plane" | "pymavlink px4 copter") ;;
        "mavproxy ardupilot copter" | "mavproxy px4 quadplane") ;;
        "mavsdk px4 copter" | "mavsdk ardupilot quadplane") ;;
        *) return 1 ;;
    esac
}

# The planner's files in pymavlink's own loader, both families. $1 family
plan_files() {
    sed "s/family = \"ardupilot\"/family = \"$1\"/" mission/data/andorra-south.toml >"$OUT/$1.toml"
    if "$VEDETTE" plan "$OUT/$1.toml" --out "$OUT/plan-$1" >"$OUT/plan-$1.log" 2>&1 &&
        "$VENV/bin/python" tests/peers/plan_files.py "$OUT/plan-$1" >>"$OUT/plan-$1.log" 2>&1; then
        printf '%-10s %-10s planned files: %s\n' pymavlink "$1" "$(tail -1 "$OUT/plan-$1.log")"
    else
        printf '%-10s %-10s planned files: failed\n' pymavlink "$1"
        tail -5 "$OUT/plan-$1.log" | sed 's/^/    /'
        : >"$OUT/failed"
    fi
}

# The .tlog of a station that talked to a signed aircraft, in pymavlink's own reader. $1 port
flight_log() {
    endpoint="udpout:127.0.0.1:$1"
    root="$OUT/station"
    mkdir -p "$root"
    printf 'name = "peers"\nroot = "%s"\nsite = "maps/data/andorra"\nbrief = "mission/data/andorra-south.toml"\nlinks = ["%s"]\npilot = "pilot"\nplan_rule = "single-person"\nseed = 7\n' \
        "$root" "$endpoint" >"$OUT/station.toml"
    "$VEDETTE" sim --vehicles 1 --home="$HOME_AT" --listen "udpin:127.0.0.1:$1" >"$OUT/tlog.sim" 2>&1 &
    sim=$!
    if "$VEDETTE" keys give "$root" 1 "$endpoint" >"$OUT/tlog.log" 2>&1 &&
        "$VEDETTE" station "$OUT/station.toml" --seconds 12 >>"$OUT/tlog.log" 2>&1 &&
        grep -q 'frames are signed' "$OUT/tlog.log" &&
        "$VENV/bin/python" tests/peers/tlog_file.py "$root"/*.tlog >>"$OUT/tlog.log" 2>&1; then
        printf '%-10s %-10s .tlog of a signed flight: %s\n' pymavlink ardupilot "$(tail -1 "$OUT/tlog.log")"
    else
        printf '%-10s %-10s .tlog of a signed flight: failed\n' pymavlink ardupilot
        tail -5 "$OUT/tlog.log" | sed 's/^/    /'
        : >"$OUT/failed"
    fi
    kill "$sim" 2>/dev/null
    wait "$sim" 2>/dev/null
}
case "${1:-few}/$(basename "$VEDETTE")" in
    few/vedette | pymavlink/vedette)
        flight_log "$PORT"
        PORT=$((PORT + 1))
        for family in ardupilot px4; do
            [ -n "${2:-}" ] && [ "$2" != "$family" ] && continue
            plan_files "$family"
        done
        ;;
esac

running=0
for station in pymavlink mavproxy mavsdk; do
    [ -n "${1:-}" ] && [ "$1" != few ] && [ "$1" != "$station" ] && continue
    for family in ardupilot px4; do
        [ -n "${2:-}" ] && [ "$2" != "$family" ] && continue
        for airframe in copter plane quadplane; do
            [ -n "${3:-}" ] && [ "$3" != "$airframe" ] && continue
            [ "${1:-}" = few ] && ! few "$station" "$family" "$airframe" && continue
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
