//! Pictures on their way: how old they are when a consumer has them, beside a bare GStreamer pipeline
//! in the same run; how often they are analysed meanwhile; and whether four streams are recorded
//! whole. A shell: sockets, threads, the machine's clock.

use std::net::{SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use gstreamer as gst;
use gstreamer::prelude::*;
use vedette_ingest::{Channel, ChannelConfig, SourceSpec};
use vedette_klv::{TsEvent, TsReader};
use vedette_model::{CameraId, Mono, Pts, Spectrum, Utc, VehicleId};
use vedette_sight::{Analyst, AnalystConfig, GrayFrame, LevelGround, SightPolicy, TrackIds};

use crate::pipes::{bytes, pipeline};
use crate::{BenchError, Row};

const ON: &str = "made here, 1080p30 H.264, UDP";
/// Pictures of the test film, a second.
const FPS: usize = 30;
/// Length of the test film, seconds.
const SECONDS: usize = 8;
/// The first picture is awaited so long, and each after it.
const FIRST: Duration = Duration::from_secs(20);
const NEXT: Duration = Duration::from_secs(3);
/// Pictures before this many are warm-up.
const WARM: usize = 15;

/// Rows about latency, pace and recording.
#[must_use]
pub fn live() -> Vec<Row> {
    let dir = std::env::temp_dir().join(format!("vedette-bench-live-{}", std::process::id()));
    let rows = rows(&dir).unwrap_or_else(|e| vec![Row::left_out("pictures on their way", ON, &e)]);
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

/// A film with moving detail everywhere, in a transport stream.
fn film(width: usize, height: usize, bit_s: usize) -> Result<Vec<u8>, BenchError> {
    bytes(
        &format!(
            "videotestsrc num-buffers={} pattern=zone-plate kx2=14 ky2=14 kt=2 ! \
             video/x-raw,format=I420,width={width},height={height},framerate={FPS}/1 ! \
             openh264enc complexity=low gop-size={FPS} bitrate={bit_s} rate-control=bitrate ! h264parse ! \
             mpegtsmux alignment=7 ! appsink name=end sync=false",
            FPS * SECONDS
        ),
        None,
    )
}

/// Sends a film at its own speed; gives when each picture's last datagram left, seconds since `begun`.
fn send(film: Arc<Vec<u8>>, to: SocketAddr, begun: Instant) -> std::io::Result<JoinHandle<Vec<f64>>> {
    let socket = UdpSocket::bind("127.0.0.1:0")?;
    socket.connect(to)?;
    std::thread::Builder::new().name("sender".into()).spawn(move || {
        let mut reader = TsReader::new();
        let mut first: Option<(u64, Instant)> = None;
        let mut left = Vec::new();
        for datagram in film.chunks(7 * 188) {
            let mut complete = 0;
            for event in reader.push(datagram) {
                match event {
                    TsEvent::Pcr { pcr27m, .. } => {
                        let (pcr, start) = *first.get_or_insert((pcr27m, instant()));
                        let due = Duration::from_micros(pcr27m.saturating_sub(pcr) / 27);
                        std::thread::sleep(due.saturating_sub(start.elapsed()));
                    }
                    TsEvent::VideoUnit { .. } => complete += 1,
                    _ => {}
                }
            }
            if socket.send(datagram).is_err() {
                break;
            }
            let now = begun.elapsed().as_secs_f64();
            left.extend(std::iter::repeat_n(now, complete));
        }
        left
    })
}

/// Lags of pictures that came, in order of coming, behind those that left, milliseconds, sorted.
fn lags(left: &[f64], came: &[f64]) -> Vec<f64> {
    // A reader knows a picture complete when the next begins; the last datagram of picture n is
    // counted when picture n + 1 starts at the latest, so that the n-th to come pairs with the n-th to leave.
    let mut out: Vec<f64> = left.iter().zip(came).skip(WARM).map(|(l, c)| (c - l) * 1e3).collect();
    out.sort_by(f64::total_cmp);
    out
}

fn quantile(sorted: &[f64], q: f64) -> f64 {
    let k = (q * sorted.len().saturating_sub(1) as f64) as usize;
    sorted.get(k).copied().unwrap_or(f64::NAN)
}

struct Seen {
    lags_ms: Vec<f64>,
    ages_ms: Vec<f64>,
    analysed_hz: f64,
}

fn clock(begun: Instant) -> impl Fn() -> Mono + Send + Sync + Clone {
    move || Mono(i64::try_from(begun.elapsed().as_micros()).unwrap_or(i64::MAX))
}

/// Through our channel, recording and analysing all the while.
fn ours(film: &Arc<Vec<u8>>, dir: &Path) -> Result<Seen, BenchError> {
    let begun = instant();
    let now = clock(begun);
    let any = SourceSpec::Udp(SocketAddr::from(([127, 0, 0, 1], 0)));
    let config = ChannelConfig::new(CameraId(1), any, Some(dir.join("ours")));
    let told = now.clone();
    let (channel, mut receivers) =
        Channel::start(config, Arc::new(told), Arc::new(|_| {}), &[2, 2]).map_err(|e| broken(&e.to_string()))?;
    let to = channel.local_address().ok_or_else(|| broken("no address"))?;
    let (Some(analysed), Some(shown)) = (receivers.pop(), receivers.pop()) else {
        return Err(broken("no frame queues"));
    };
    let stop = Arc::new(AtomicBool::new(false));
    let ended = Arc::clone(&stop);
    let sight = std::thread::Builder::new()
        .name("sight".into())
        .spawn(move || {
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
            let mut times = Vec::new();
            while !ended.load(Ordering::Acquire) {
                let Some(f) = analysed.recv_timeout(Duration::from_millis(50)) else {
                    continue;
                };
                let Ok(gray) = GrayFrame::new(f.width as usize, f.height as usize, &f.gray) else {
                    continue;
                };
                analyst.analyse(&gray, Utc(f.received.0), Pts(f.pts90k as i64), None, &ground);
                times.push(begun.elapsed().as_secs_f64());
            }
            times
        })
        .map_err(io(Path::new("thread")))?;
    let sender = send(Arc::clone(film), to, begun).map_err(io(Path::new("socket")))?;
    let (mut came, mut ages_ms) = (Vec::new(), Vec::new());
    // The first may be long in coming on a busy machine: the decoder starts with it.
    let mut patience = FIRST;
    while let Some(f) = shown.recv_timeout(std::mem::replace(&mut patience, NEXT)) {
        // Newest wins: what was left out came no later than this one.
        came.resize(f.sequence as usize, begun.elapsed().as_secs_f64());
        came.push(begun.elapsed().as_secs_f64());
        ages_ms.push(now().since(f.received) as f64 * 1e-3);
    }
    let left = sender.join().map_err(|_| broken("the sender died"))?;
    stop.store(true, Ordering::Release);
    let times = sight.join().map_err(|_| broken("the analyst died"))?;
    channel.stop();
    ages_ms.sort_by(f64::total_cmp);
    let span = times.last().zip(times.first()).map_or(0.0, |(b, a)| b - a);
    Ok(Seen {
        lags_ms: lags(&left, &came),
        ages_ms,
        analysed_hz: times.len().saturating_sub(1) as f64 / span.max(0.1),
    })
}

/// Through a bare pipeline, as `gst-launch-1.0` would make it, that decodes and hands over raw pictures:
/// nothing is recorded, analysed or converted.
fn bare(film: &Arc<Vec<u8>>) -> Result<Vec<f64>, BenchError> {
    let begun = instant();
    let port = UdpSocket::bind("127.0.0.1:0")
        .and_then(|s| s.local_addr())
        .map_err(io(Path::new("socket")))?
        .port();
    let (p, end) = pipeline(&format!(
        "udpsrc port={port} address=127.0.0.1 buffer-size=2000000 ! tsparse ! tsdemux latency=0 ! h264parse ! \
         avdec_h264 max-threads=2 thread-type=slice ! video/x-raw,format=I420 ! appsink name=end sync=false"
    ))?;
    p.set_state(gst::State::Playing).map_err(gst_error)?;
    p.state(gst::ClockTime::from_seconds(5)).0.map_err(gst_error)?;
    let to = SocketAddr::from(([127, 0, 0, 1], port));
    let sender = send(Arc::clone(film), to, begun).map_err(io(Path::new("socket")))?;
    let mut came = Vec::new();
    let mut patience = FIRST;
    while end
        .try_pull_sample(gst::ClockTime::from_seconds(patience.as_secs()))
        .is_some()
    {
        patience = NEXT;
        came.push(begun.elapsed().as_secs_f64());
    }
    p.set_state(gst::State::Null).map_err(gst_error)?;
    let left = sender.join().map_err(|_| broken("the sender died"))?;
    Ok(lags(&left, &came))
}

/// Four streams at once: bytes sent, bytes on disk, transport packets missing.
fn four(film: &Arc<Vec<u8>>, dir: &Path) -> Result<(u64, u64, u64), BenchError> {
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
        senders.push(send(Arc::clone(film), to, begun).map_err(io(Path::new("socket")))?);
    }
    for s in senders {
        s.join().map_err(|_| broken("a sender died"))?;
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

fn rows(dir: &Path) -> Result<Vec<Row>, BenchError> {
    std::fs::create_dir_all(dir).map_err(io(dir))?;
    let film_1080 = Arc::new(film(1920, 1080, 6_000_000)?);
    let seen = ours(&film_1080, dir)?;
    let plain = bare(&film_1080)?;
    let p95 = quantile(&seen.ages_ms, 0.95);
    let (sent, kept, lost) = four(&Arc::new(film(1280, 720, 3_000_000)?), dir)?;
    Ok(vec![
        Row::judged(
            "age of a picture when the consumer has it, analysis and recording on",
            ON,
            "p95 <= 60 ms",
            format!(
                "p50 {:.0} ms, p95 {p95:.0} ms ({} pictures)",
                quantile(&seen.ages_ms, 0.5),
                seen.ages_ms.len()
            ),
            p95 <= 60.0,
        ),
        Row::shown(
            "last datagram sent to picture in hand: ours beside a bare pipeline",
            ON,
            format!(
                "p50 {:.0} ms, p95 {:.0} ms beside p50 {:.0} ms, p95 {:.0} ms",
                quantile(&seen.lags_ms, 0.5),
                quantile(&seen.lags_ms, 0.95),
                quantile(&plain, 0.5),
                quantile(&plain, 0.95)
            ),
        ),
        Row::judged(
            "pictures analysed a second at 960 x 540, beside the above",
            ON,
            ">= 10",
            format!("{:.1}", seen.analysed_hz),
            seen.analysed_hz >= 10.0,
        ),
        Row::judged(
            "four streams of 720p30 at once, recorded",
            "made here, UDP",
            "every byte, no packet missing",
            format!("{kept} of {sent} bytes, {lost} packets missing"),
            kept == sent && lost == 0,
        ),
    ])
}
