//! Senders of the test films: a UDP port, a pipeline's mouth and an RTSP camera (RFC 2326, packets
//! inside the connection), each at the film's own speed and each telling when a picture was out.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use vedette_klv::{TsEvent, TsReader};

use super::{FIRST, FPS, SECONDS, broken, instant, io};
use crate::BenchError;
use crate::pipes::{buffers, bytes};

/// Something sent at once.
pub(super) struct Parcel {
    /// When, since the film's start.
    pub(super) due: Duration,
    pub(super) bytes: Vec<u8>,
    /// Pictures that are whole with it.
    pub(super) complete: usize,
}

/// A sender at work: when each picture's last byte was out, seconds since its clock's start.
pub(super) type Sender = JoinHandle<Vec<f64>>;

fn pictures(width: usize, height: usize, bit_s: usize) -> String {
    format!(
        "videotestsrc num-buffers={} pattern=zone-plate kx2=14 ky2=14 kt=2 ! \
         video/x-raw,format=I420,width={width},height={height},framerate={FPS}/1 ! \
         openh264enc complexity=low gop-size={FPS} bitrate={bit_s} rate-control=bitrate ! h264parse",
        FPS * SECONDS
    )
}

/// A film with moving detail everywhere, in a transport stream.
pub(super) fn film(width: usize, height: usize, bit_s: usize) -> Result<Vec<u8>, BenchError> {
    let pictures = pictures(width, height, bit_s);
    bytes(
        &format!("{pictures} ! mpegtsmux alignment=7 ! appsink name=end sync=false"),
        None,
    )
}

/// The same in RTP (RFC 6184).
pub(super) fn rtp(width: usize, height: usize, bit_s: usize) -> Result<Vec<Parcel>, BenchError> {
    let pictures = pictures(width, height, bit_s);
    let packets = buffers(&format!(
        "{pictures} config-interval=-1 ! rtph264pay pt=96 mtu=1400 ! appsink name=end sync=false"
    ))?;
    Ok(packets
        .into_iter()
        .map(|(at, bytes)| Parcel {
            due: at.unwrap_or_default(),
            // The marker bit: the last packet of a picture.
            complete: bytes.get(1).map_or(0, |b| usize::from(b >> 7)),
            bytes,
        })
        .collect())
}

/// A transport stream's datagrams, due by its clock references.
pub(super) fn datagrams(film: &[u8]) -> Vec<Parcel> {
    let mut reader = TsReader::new();
    let (mut first, mut due) = (None, Duration::ZERO);
    film.chunks(7 * 188)
        .map(|bytes| {
            let mut complete = 0;
            for event in reader.push(bytes) {
                match event {
                    TsEvent::Pcr { pcr27m, .. } => {
                        let since = pcr27m.saturating_sub(*first.get_or_insert(pcr27m));
                        due = Duration::from_micros(since / 27);
                    }
                    TsEvent::VideoUnit { .. } => complete += 1,
                    _ => {}
                }
            }
            Parcel {
                due,
                bytes: bytes.to_vec(),
                complete,
            }
        })
        .collect()
}

/// Time of a transport stream's first picture, 90 kHz.
pub(super) fn first_pts(film: &[u8]) -> Option<u64> {
    let mut reader = TsReader::new();
    let mut events = reader.push(film);
    events.extend(reader.finish());
    events.into_iter().find_map(|e| match e {
        TsEvent::VideoUnit { pts90k, .. } => pts90k,
        _ => None,
    })
}

fn play(parcels: &[Parcel], begun: Instant, mut put: impl FnMut(&[u8]) -> bool) -> Vec<f64> {
    let start = instant();
    let mut left = Vec::new();
    for p in parcels {
        std::thread::sleep(p.due.saturating_sub(start.elapsed()));
        if !put(&p.bytes) {
            break;
        }
        let now = begun.elapsed().as_secs_f64();
        left.extend(std::iter::repeat_n(now, p.complete));
    }
    left
}

fn thread(work: impl FnOnce() -> Vec<f64> + Send + 'static) -> Result<Sender, BenchError> {
    let t = std::thread::Builder::new().name("sender".into()).spawn(work);
    t.map_err(io(std::path::Path::new("thread")))
}

/// Plays a film into something of the caller's.
pub(super) fn into(
    film: Arc<Vec<Parcel>>,
    begun: Instant,
    put: impl FnMut(&[u8]) -> bool + Send + 'static,
) -> Result<Sender, BenchError> {
    thread(move || play(&film, begun, put))
}

/// Plays a film to a UDP port.
pub(super) fn udp(film: Arc<Vec<Parcel>>, to: SocketAddr, begun: Instant) -> Result<Sender, BenchError> {
    let socket = UdpSocket::bind("127.0.0.1:0")
        .and_then(|s| s.connect(to).map(|()| s))
        .map_err(io(std::path::Path::new("socket")))?;
    into(film, begun, move |b| socket.send(b).is_ok())
}

/// A camera that waits for one client and plays the film to it.
pub(super) fn rtsp(film: Arc<Vec<Parcel>>, begun: Instant) -> Result<(SocketAddr, Sender), BenchError> {
    let open = || {
        let l = TcpListener::bind("127.0.0.1:0")?;
        l.set_nonblocking(true)?;
        Ok((l.local_addr()?, l))
    };
    let (at, listener) = open().map_err(io(std::path::Path::new("socket")))?;
    let sender = thread(move || {
        let since = instant();
        while since.elapsed() < FIRST {
            if let Ok((peer, _)) = listener.accept() {
                return answer(peer, &film, begun).unwrap_or_default();
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Vec::new()
    })?;
    Ok((at, sender))
}

const SDP: &str = "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=film\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\na=control:*\r\n\
    m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=fmtp:96 packetization-mode=1\r\na=control:track1\r\n";

fn answer(mut peer: TcpStream, film: &[Parcel], begun: Instant) -> std::io::Result<Vec<f64>> {
    peer.set_nonblocking(false)?;
    peer.set_nodelay(true)?;
    let mut asked = Vec::new();
    let mut buffer = [0u8; 4096];
    loop {
        let Some(end) = asked.windows(4).position(|w| w == b"\r\n\r\n") else {
            let n = peer.read(&mut buffer)?;
            if n == 0 {
                return Ok(Vec::new());
            }
            asked.extend_from_slice(&buffer[..n]);
            continue;
        };
        let request = String::from_utf8_lossy(&asked[..end]).into_owned();
        asked.drain(..end + 4);
        let number = request.lines().find_map(|l| l.strip_prefix("CSeq: ")).unwrap_or("0");
        let more = match request.split(' ').next() {
            Some("OPTIONS") => "Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN\r\n\r\n".to_owned(),
            Some("DESCRIBE") => format!(
                "Content-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{SDP}",
                SDP.len()
            ),
            Some("SETUP") => "Session: 1\r\nTransport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n\r\n".to_owned(),
            _ => "Session: 1\r\n\r\n".to_owned(),
        };
        write!(peer, "RTSP/1.0 200 OK\r\nCSeq: {number}\r\n{more}")?;
        if request.starts_with("PLAY") {
            let mut framed = Vec::new();
            let left = play(film, begun, |b| {
                framed.clear();
                framed.extend([b'$', 0]);
                framed.extend((b.len() as u16).to_be_bytes());
                framed.extend(b);
                peer.write_all(&framed).is_ok()
            });
            // The client hears of the end after the last picture is through.
            std::thread::sleep(Duration::from_millis(500));
            return Ok(left);
        }
    }
}

/// What went wrong with a sender, or when its pictures left.
pub(super) fn left(sender: Sender) -> Result<Vec<f64>, BenchError> {
    sender.join().map_err(|_| broken("the sender died"))
}
