//! Pictures on their way, from a file, over UDP and from an RTSP camera: how old they are when a
//! consumer has them, beside a bare GStreamer pipeline in the same run; how often they are analysed
//! meanwhile; and whether four streams are recorded whole. Processor time stands beside every age, so
//! that a loaded machine is told from a slow program. A shell: sockets, threads, the machine's clock.

mod wire;

use std::net::{SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app as gst_app;
use vedette_ingest::{Channel, ChannelConfig, SourceSpec, give_way};
use vedette_klv::ts::pts_delta;
use vedette_model::{CameraId, Mono, Pts, Spectrum, Utc, VehicleId};
use vedette_sight::{
    Analyst, AnalystConfig, Governor, GovernorPolicy, GrayFrame, LevelGround, SightPolicy, Spent, TrackIds,
};

use crate::cpu::{load, program_s};
use crate::pipes::pipeline;
use crate::{BenchError, Row, processor_s};
use wire::Parcel;

const ON: &str = "made here, 1080p30 H.264";
/// Pictures of the test film, a second.
const FPS: usize = 30;
/// Length of the test film, seconds.
const SECONDS: usize = 8;
/// The first picture is awaited so long, and each after it.
const FIRST: Duration = Duration::from_secs(20);
const NEXT: Duration = Duration::from_secs(3);
/// Pictures before this many are warm-up.
const WARM: usize = 15;
/// Every way is measured so often, ours and bare in turn; medians are told.
const RUNS: usize = 3;

/// Rows about latency, pace and recording; of one way alone where it is named (`file`, `udp`, `rtsp`, `four`).
#[must_use]
pub fn live(only: Option<&str>) -> Vec<Row> {
    let dir = std::env::temp_dir().join(format!("vedette-bench-live-{}", std::process::id()));
    let rows = rows(&dir, only).unwrap_or_else(|e| vec![Row::left_out("pictures on their way", ON, &e)]);
    if let Err(e) = std::fs::remove_dir_all(&dir) {
        return vec![Row::left_out("pictures on their way", ON, &e)];
    }
    rows
}

#[expect(clippy::disallowed_methods, reason = "latency is measured on the machine's clock")]
fn instant() -> Instant {
    Instant::now()
}

fn io(path: &Path) -> impl Fn(std::io::Error) -> BenchError + '_ {
    move |source| BenchError::File {
        path: path.to_owned(),
        source,
    }
}

fn broken(why: &str) -> BenchError {
    BenchError::Data {
        path: "live streams".into(),
        why: why.to_owned(),
    }
}

fn gst_error(e: impl std::fmt::Display) -> BenchError {
    broken(&e.to_string())
}

/// How the pictures come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    File,
    Udp,
    Rtsp,
}

/// The films, made once.
struct Films {
    /// On disk, for [`Way::File`].
    path: PathBuf,
    datagrams: Arc<Vec<Parcel>>,
    /// Time of its first picture in the transport stream, 90 kHz.
    zero: u64,
    rtp: Arc<Vec<Parcel>>,
}

/// What one run gave; times in milliseconds, sorted.
struct Seen {
    /// From the last byte sent (from a file: read) to the picture in hand.
    lags_ms: Vec<f64>,
    /// Of that, since the bytes were in the station.
    ages_ms: Vec<f64>,
    analysed_hz: f64,
    /// Processor time of the whole program, sender included, a picture shown.
    cpu_ms: f64,
    pictures: usize,
    /// Pictures of which nothing was decoded.
    skipped: u64,
}

/// Lags of pictures that came, in order of coming, behind those that left, milliseconds, sorted.
fn lags(left: &[f64], came: &[f64]) -> Vec<f64> {
    let mut out: Vec<f64> = left.iter().zip(came).skip(WARM).map(|(l, c)| (c - l) * 1e3).collect();
    out.sort_by(f64::total_cmp);
    out
}

fn quantile(sorted: &[f64], q: f64) -> f64 {
    let k = (q * sorted.len().saturating_sub(1) as f64) as usize;
    sorted.get(k).copied().unwrap_or(f64::NAN)
}

fn clock(begun: Instant) -> impl Fn() -> Mono + Send + Sync + Clone {
    move || Mono(i64::try_from(begun.elapsed().as_micros()).unwrap_or(i64::MAX))
}

/// Analyses what comes, as governed as in a flight, until told to stop; when each analysis was done.
fn analyse(frames: &vedette_ingest::FrameReceiver, ended: &AtomicBool, begun: Instant) -> Vec<f64> {
    give_way();
    let mut analyst = Analyst::new(AnalystConfig {
        camera: CameraId(1),
        vehicle: VehicleId(1),
        spectrum: Spectrum::Thermal,
        policy: SightPolicy::default(),
        ids: TrackIds::of_camera(0, 1),
    });
    let ground = LevelGround {
        amsl: vedette_geo::Amsl(0.0),
        sigma_m: 5.0,
    };
    let mut governor = Governor::new(GovernorPolicy::default());
    let (mut times, mut taken, mut lost, mut before) = (Vec::new(), 0, 0, None);
    let now = clock(begun);
    while !ended.load(Ordering::Acquire) {
        let Some(f) = frames.recv_timeout(Duration::from_millis(50)) else {
            continue;
        };
        let wanted = governor.wants(taken).0;
        taken += 1;
        let Ok(gray) = GrayFrame::new(f.width as usize, f.height as usize, &f.gray) else {
            continue;
        };
        if !wanted {
            continue;
        }
        let spent = processor_s();
        analyst.analyse(&gray, Utc(f.received.0), Pts(f.pts90k as i64), None, &ground);
        times.push(begun.elapsed().as_secs_f64());
        let dropped = frames.dropped();
        let every = u64::from(governor.pace().analyse_every.max(1));
        let frame_us = before.map_or(0, |b: Mono| f.received.since(b)).max(0) as u64 / every;
        before = Some(f.received);
        let pace = governor.spent(
            now(),
            &Spent {
                analysis_us: ((processor_s() - spent) * 1e6) as u64,
                model_us: None,
                frame_us,
                lost: dropped - std::mem::replace(&mut lost, dropped),
            },
        );
        analyst.set_coarse(pace.coarse);
    }
    times
}

/// Through our channel, recording and analysing all the while.
fn ours(way: Way, films: &Films, dir: &Path) -> Result<Seen, BenchError> {
    let spent = program_s();
    let begun = instant();
    let now = clock(begun);
    let (source, mut sender) = match way {
        Way::File => (
            SourceSpec::File {
                path: films.path.clone(),
                paced: true,
            },
            None,
        ),
        Way::Udp => (SourceSpec::Udp(SocketAddr::from(([127, 0, 0, 1], 0))), None),
        Way::Rtsp => {
            let (at, sender) = wire::rtsp(Arc::clone(&films.rtp), begun)?;
            let url = format!("rtsp://{at}/film");
            (SourceSpec::Rtsp { url, tcp: true }, Some(sender))
        }
    };
    let config = ChannelConfig::new(CameraId(1), source, Some(dir.join("ours")));
    let told = now.clone();
    let (channel, mut receivers) =
        Channel::start(config, Arc::new(told), Arc::new(|_| {}), &[2, 2]).map_err(|e| broken(&e.to_string()))?;
    let (Some(analysed), Some(shown)) = (receivers.pop(), receivers.pop()) else {
        return Err(broken("no frame queues"));
    };
    let stop = Arc::new(AtomicBool::new(false));
    let ended = Arc::clone(&stop);
    let sight = std::thread::Builder::new()
        .name("sight".into())
        .spawn(move || analyse(&analysed, &ended, begun))
        .map_err(io(Path::new("thread")))?;
    if way == Way::Udp {
        let to = channel.local_address().ok_or_else(|| broken("no address"))?;
        sender = Some(wire::udp(Arc::clone(&films.datagrams), to, begun)?);
    }
    let (mut came, mut ages_ms, mut pictures) = (Vec::new(), Vec::new(), 0);
    // Which picture of the film it is says its time: some may not have been decoded, and a camera's clock starts anywhere.
    let mut zero = match way {
        Way::File | Way::Udp => Some(films.zero),
        Way::Rtsp => None,
    };
    // The first may be long in coming on a busy machine: the decoder starts with it.
    let mut patience = FIRST;
    while let Some(f) = shown.recv_timeout(std::mem::replace(&mut patience, NEXT)) {
        let ticks = pts_delta(f.pts90k, *zero.get_or_insert(f.pts90k)).max(0) as usize;
        let at = (ticks * FPS + 45_000) / 90_000;
        // Newest wins: what was left out came no later than this one.
        came.resize((at + 1).max(came.len()), begun.elapsed().as_secs_f64());
        ages_ms.push(now().since(f.received) as f64 * 1e-3);
        pictures += 1;
        // From here on nothing more comes: a file's channel has ended, a camera is called anew.
        if at + 1 >= FPS * SECONDS {
            break;
        }
    }
    let left = sender.map(wire::left).transpose()?;
    let cpu_s = program_s() - spent;
    stop.store(true, Ordering::Release);
    let times = sight.join().map_err(|_| broken("the analyst died"))?;
    let stats = channel.stats();
    channel.stop();
    if pictures <= WARM {
        return Err(broken(&format!("{way:?}: {pictures} pictures came: {stats:?}")));
    }
    let mut ages_ms = ages_ms.split_off(WARM.min(ages_ms.len()));
    ages_ms.sort_by(f64::total_cmp);
    let span = times.last().zip(times.first()).map_or(0.0, |(b, a)| b - a);
    Ok(Seen {
        lags_ms: left.map_or_else(|| ages_ms.clone(), |left| lags(&left, &came)),
        ages_ms,
        analysed_hz: times.len().saturating_sub(1) as f64 / span.max(0.1),
        cpu_ms: cpu_s * 1e3 / pictures as f64,
        pictures,
        skipped: stats.skipped,
    })
}

/// Through a bare pipeline, as `gst-launch-1.0` would make it, that decodes and hands over raw pictures:
/// nothing is recorded, analysed or converted.
fn bare(way: Way, films: &Films) -> Result<Seen, BenchError> {
    const DECODE: &str = "h264parse ! avdec_h264 max-threads=2 thread-type=slice ! video/x-raw,format=I420 ! \
                          appsink name=end sync=false";
    const UNPACK: &str = "tsparse ! tsdemux latency=0";
    let spent = program_s();
    let begun = instant();
    let started = |p: &gst::Pipeline| p.set_state(gst::State::Playing).map_err(gst_error);
    let (p, end, sender) = match way {
        Way::File => {
            // The file's bytes at the file's pace: a file source alone would run ahead.
            let (p, end) = pipeline(&format!(
                "appsrc name=from caps=video/mpegts,systemstream=true ! {UNPACK} ! {DECODE}"
            ))?;
            let from = p.by_name("from").and_then(|e| e.downcast::<gst_app::AppSrc>().ok());
            let from = from.ok_or_else(|| broken("no appsrc"))?;
            started(&p)?;
            let put = move |b: &[u8]| from.push_buffer(gst::Buffer::from_slice(b.to_vec())).is_ok();
            (p, end, wire::into(Arc::clone(&films.datagrams), begun, put)?)
        }
        Way::Udp => {
            let port = UdpSocket::bind("127.0.0.1:0")
                .and_then(|s| s.local_addr())
                .map_err(io(Path::new("socket")))?
                .port();
            let (p, end) = pipeline(&format!(
                "udpsrc port={port} address=127.0.0.1 buffer-size=2000000 ! {UNPACK} ! {DECODE}"
            ))?;
            started(&p)?;
            p.state(gst::ClockTime::from_seconds(5)).0.map_err(gst_error)?;
            let to = SocketAddr::from(([127, 0, 0, 1], port));
            (p, end, wire::udp(Arc::clone(&films.datagrams), to, begun)?)
        }
        Way::Rtsp => {
            let (at, sender) = wire::rtsp(Arc::clone(&films.rtp), begun)?;
            let (p, end) = pipeline(&format!(
                "rtspsrc location=rtsp://{at}/film protocols=tcp latency=40 ! rtph264depay ! {DECODE}"
            ))?;
            started(&p)?;
            (p, end, sender)
        }
    };
    let mut came = Vec::new();
    let mut patience = FIRST;
    while came.len() < FPS * SECONDS
        && end
            .try_pull_sample(gst::ClockTime::from_seconds(patience.as_secs()))
            .is_some()
    {
        patience = NEXT;
        came.push(begun.elapsed().as_secs_f64());
    }
    let left = wire::left(sender)?;
    let cpu_s = program_s() - spent;
    p.set_state(gst::State::Null).map_err(gst_error)?;
    let lags_ms = lags(&left, &came);
    Ok(Seen {
        ages_ms: lags_ms.clone(),
        lags_ms,
        analysed_hz: 0.0,
        cpu_ms: cpu_s * 1e3 / came.len().max(1) as f64,
        pictures: came.len(),
        skipped: 0,
    })
}

/// Four streams at once: bytes sent, bytes on disk, transport packets missing.
fn four(film: &[u8], dir: &Path) -> Result<(u64, u64, u64), BenchError> {
    let parcels = Arc::new(wire::datagrams(film));
    let begun = instant();
    let mut open = Vec::new();
    for k in 1..=4 {
        let any = SourceSpec::Udp(SocketAddr::from(([127, 0, 0, 1], 0)));
        let config = ChannelConfig::new(CameraId(k), any, Some(dir.join("four")));
        let (channel, frames) = Channel::start(config, Arc::new(clock(begun)), Arc::new(|_| {}), &[2])
            .map_err(|e| broken(&e.to_string()))?;
        open.push((channel, frames));
    }
    let mut senders = Vec::new();
    for (channel, _) in &open {
        let to = channel.local_address().ok_or_else(|| broken("no address"))?;
        senders.push(wire::udp(Arc::clone(&parcels), to, begun)?);
    }
    for s in senders {
        wire::left(s)?;
    }
    std::thread::sleep(Duration::from_millis(1500));
    let mut lost = 0;
    for (channel, frames) in open {
        lost += channel.stats().lost_packets;
        drop(frames);
        channel.stop();
    }
    let mut kept = 0;
    let mut folders: Vec<PathBuf> = vec![dir.join("four")];
    while let Some(folder) = folders.pop() {
        for e in std::fs::read_dir(&folder).map_err(io(&folder))?.flatten() {
            let path = e.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|x| x == "ts") {
                kept += e.metadata().map_err(io(&path))?.len();
            }
        }
    }
    Ok((4 * film.len() as u64, kept, lost))
}

fn median(mut of: Vec<f64>) -> f64 {
    of.sort_by(f64::total_cmp);
    quantile(&of, 0.5)
}

/// The rows of one way.
fn rows_of(way: Way, films: &Films, dir: &Path) -> Result<Vec<Row>, BenchError> {
    let (name, from) = match way {
        Way::File => ("from a file", "read"),
        Way::Udp => ("over UDP", "last datagram sent"),
        Way::Rtsp => ("RTSP camera", "last packet sent"),
    };
    let (mut mine, mut plain) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        mine.push(ours(way, films, dir)?);
        plain.push(bare(way, films)?);
    }
    let of = |all: &[Seen], f: &dyn Fn(&Seen) -> f64| median(all.iter().map(f).collect());
    let lag = |all: &[Seen], q: f64| of(all, &|s| quantile(&s.lags_ms, q));
    let age = |q: f64| of(&mine, &|s| quantile(&s.ages_ms, q));
    let p95 = lag(&mine, 0.95);
    let (busy, cores) = load();
    let hz = of(&mine, &|s| s.analysed_hz);
    Ok(vec![
        Row::judged(
            &format!("{name}: {from} to picture in hand, analysis and recording on"),
            ON,
            "p95 <= 60 ms",
            format!(
                "p50 {:.0} ms, p95 {p95:.0} ms (in the station p50 {:.0}, p95 {:.0}), {:.0} ms of processor a picture, \
                 {:.0} of {} pictures, {:.0} not decoded; median of {RUNS} runs, load {busy:.1} on {cores} cores",
                lag(&mine, 0.5),
                age(0.5),
                age(0.95),
                of(&mine, &|s| s.cpu_ms),
                of(&mine, &|s| s.pictures as f64),
                FPS * SECONDS,
                of(&mine, &|s| s.skipped as f64)
            ),
            p95 <= 60.0,
        ),
        Row::shown(
            &format!("{name}: the same, a bare pipeline that only decodes"),
            ON,
            format!(
                "p50 {:.0} ms, p95 {:.0} ms, {:.0} ms of processor a picture, {:.0} of {} pictures",
                lag(&plain, 0.5),
                lag(&plain, 0.95),
                of(&plain, &|s| s.cpu_ms),
                of(&plain, &|s| s.pictures as f64),
                FPS * SECONDS
            ),
        ),
        Row::judged(
            &format!("{name}: pictures analysed a second at 960 x 540 meanwhile"),
            ON,
            ">= 10",
            format!("{hz:.1}"),
            hz >= 10.0,
        ),
    ])
}

fn rows(dir: &Path, only: Option<&str>) -> Result<Vec<Row>, BenchError> {
    let wanted = |name: &str| only.is_none_or(|o| o == name);
    std::fs::create_dir_all(dir).map_err(io(dir))?;
    let film_1080 = wire::film(1920, 1080, 6_000_000)?;
    let path = dir.join("film.ts");
    std::fs::write(&path, &film_1080).map_err(io(&path))?;
    let films = Films {
        path,
        datagrams: Arc::new(wire::datagrams(&film_1080)),
        zero: wire::first_pts(&film_1080).ok_or_else(|| broken("the test film has no pictures"))?,
        rtp: Arc::new(wire::rtp(1920, 1080, 6_000_000)?),
    };
    let mut rows = Vec::new();
    for (name, way) in [("file", Way::File), ("udp", Way::Udp), ("rtsp", Way::Rtsp)] {
        if wanted(name) {
            rows.extend(rows_of(way, &films, dir)?);
        }
    }
    if !wanted("four") {
        return Ok(rows);
    }
    let (sent, kept, lost) = four(&wire::film(1280, 720, 3_000_000)?, dir)?;
    rows.push(Row::judged(
        "four streams of 720p30 at once, recorded",
        "made here, UDP",
        "every byte, no packet missing",
        format!("{kept} of {sent} bytes, {lost} packets missing"),
        kept == sent && lost == 0,
    ));
    Ok(rows)
}
