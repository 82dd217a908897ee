//! The verbs, their flags and the exit codes: 0 so; 1 the answer is no; 2 wrong usage; 3 the
//! machine lacks something.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// Vedette: a ground control station for customs and border UAVs.
#[derive(Debug, Parser)]
#[command(version, about, disable_help_subcommand = true)]
pub(crate) struct Cli {
    /// Machine-readable output.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// What to do; without a verb the console opens on the newest station configuration.
    #[command(subcommand)]
    pub(crate) verb: Option<Verb>,
}

/// What the program does.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// The main job on a real border with simulated aircraft.
    Demo(DemoArgs),
    /// Make a patrol plan from a brief and have it judged.
    Plan(PlanArgs),
    /// Judge a plan; exit 0 only when it is clear.
    Check(CheckArgs),
    /// Search an area with one aircraft: a mission file, judged; exit 0 only when it is clear.
    Search(crate::search::SearchArgs),
    /// Offline areas: packs of border, terrain, zones and tiles.
    #[command(subcommand)]
    Atlas(crate::atlas::AtlasVerb),
    /// Fly real or simulated aircraft from a configuration, without a window.
    Station(StationArgs),
    /// Aircraft and cameras on the wire for any ground station.
    Sim(SimArgs),
    /// A scored exercise: briefing, flight in the console, debrief, score sheet.
    Train(crate::train::TrainArgs),
    /// A trainee's runs and progress; people side by side for supervisors only.
    Scores(crate::scores::ScoresArgs),
    /// Live table of what a MAVLink endpoint carries.
    Inspect(InspectArgs),
    /// Pass MAVLink frames between aircraft and other stations, without a console.
    Link(LinkArgs),
    /// Aircraft's MAVLink signing keys of a station.
    #[command(subcommand)]
    Keys(KeysVerb),
    /// Open a recorded session or a sealed bundle on the timeline.
    Review(ReviewArgs),
    /// Run a recorded session again without a window.
    Replay(ReplayArgs),
    /// Check a sealed evidence bundle.
    Verify(VerifyArgs),
    /// MISB metadata in video files.
    #[command(subcommand)]
    Klv(KlvVerb),
    /// People, two-wheelers and vehicles in a folder of thermal pictures.
    Detect(crate::detect::DetectArgs),
    /// Give recorded detections their track numbers.
    Track(crate::pieces::TrackArgs),
    /// Where a pixel of a recording is on the ground, with its 95 % ellipse.
    Geolocate(crate::pieces::GeolocateArgs),
    /// The measured tables.
    #[command(subcommand)]
    Bench(crate::pieces::BenchVerb),
    /// What this machine lacks.
    Doctor,
}

/// Flags of `demo`.
#[derive(Debug, Clone, Args)]
pub(crate) struct DemoArgs {
    /// No window: a scripted operator does the watch and the pictures are rendered.
    #[arg(long)]
    pub(crate) headless: bool,
    /// In the window too, let the scripted operator work.
    #[arg(long)]
    pub(crate) auto: bool,
    #[command(flatten)]
    pub(crate) effort: crate::stage::Effort,
    /// Seed of everything random.
    #[arg(long, default_value_t = 7)]
    pub(crate) seed: u64,
    /// Simulated seconds per second; default 1 in a window, 2 headless.
    #[arg(long)]
    pub(crate) speed: Option<f64>,
    /// Where results go.
    #[arg(long, default_value = "out/demo")]
    pub(crate) out: PathBuf,
    /// Site folder (border, zones).
    #[arg(long)]
    pub(crate) site: Option<PathBuf>,
    /// Brief of the watch.
    #[arg(long)]
    pub(crate) brief: Option<PathBuf>,
    /// Scenario of the simulator.
    #[arg(long)]
    pub(crate) scenario: Option<PathBuf>,
    /// UDP port the station listens on for MAVLink; 0 takes a free one.
    #[arg(long, default_value_t = 0)]
    pub(crate) port: u16,
    /// Leave out the rendered pictures.
    #[arg(long)]
    pub(crate) no_pictures: bool,
}

/// Flags of `plan`.
#[derive(Debug, Args)]
pub(crate) struct PlanArgs {
    /// Brief (TOML).
    pub(crate) brief: PathBuf,
    /// Where the plan goes.
    #[arg(long, default_value = "out/plan")]
    pub(crate) out: PathBuf,
    /// Site folder.
    #[arg(long)]
    pub(crate) site: Option<PathBuf>,
    /// Seed.
    #[arg(long, default_value_t = 7)]
    pub(crate) seed: u64,
}

/// Flags of `check`.
#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// Plan (JSON) as `plan` writes it, or a mission of another station (`.plan` of QGroundControl,
    /// `.waypoints` of Mission Planner).
    pub(crate) plan: PathBuf,
    /// Write when every cell of the border is passed, by whom, and the longest wait between, as JSON to this file.
    #[arg(long)]
    pub(crate) certificate: Option<PathBuf>,
    /// Brief that another station's mission is held against; its first aircraft flies it.
    #[arg(long)]
    pub(crate) brief: Option<PathBuf>,
    /// Site folder.
    #[arg(long)]
    pub(crate) site: Option<PathBuf>,
    /// Seed of the synthetic relief, if the plan was made on one.
    #[arg(long, default_value_t = 7)]
    pub(crate) seed: u64,
}

/// Flags of `station`.
#[derive(Debug, Args)]
pub(crate) struct StationArgs {
    /// Configuration (TOML).
    pub(crate) config: PathBuf,
    /// Open the console on it.
    #[arg(long)]
    pub(crate) window: bool,
    /// Card (TOML) of a detector network that looks at the thermal cameras beside the station's own; the model lies
    /// beside its card.
    #[arg(long, value_name = "CARD.toml")]
    pub(crate) model: Option<PathBuf>,
    /// Stop after this many seconds.
    #[arg(long)]
    pub(crate) seconds: Option<f64>,
    /// Run as a child that is started anew within two seconds when it freezes or falls.
    #[arg(long)]
    pub(crate) supervised: bool,
}

/// Flags of `sim`.
#[derive(Debug, Args)]
pub(crate) struct SimArgs {
    /// Scenario (TOML); without one an empty world.
    pub(crate) scenario: Option<PathBuf>,
    /// Number of aircraft of an empty world.
    #[arg(long, default_value_t = 1)]
    pub(crate) vehicles: u8,
    /// Autopilot family: ardupilot or px4.
    #[arg(long, default_value = "ardupilot")]
    pub(crate) family: String,
    /// Airframe: copter, plane or quadplane.
    #[arg(long, default_value = "copter")]
    pub(crate) airframe: String,
    /// Home: LAT,LON,AMSL.
    #[arg(long)]
    pub(crate) home: Option<String>,
    /// Send to this station (udpout:HOST:PORT).
    #[arg(long)]
    pub(crate) connect: Option<String>,
    /// Wait for stations here (udpin:HOST:PORT, tcpin:HOST:PORT, serial: or serial:PATH).
    #[arg(long)]
    pub(crate) listen: Option<String>,
    /// Send video here (udp://HOST:PORT; the next ports for further streams), or serve it to
    /// players (rtsp://HOST:PORT/CAMERA), or both, joined by a comma.
    #[arg(long)]
    pub(crate) video: Option<String>,
    /// Send the ground sensors' JSON lines here (HOST:PORT).
    #[arg(long)]
    pub(crate) sensors: Option<String>,
    /// Send AIS sentences (NMEA 0183) here (HOST:PORT).
    #[arg(long)]
    pub(crate) ais: Option<String>,
    /// Follow an autopilot elsewhere, as ArduPilot or PX4 SITL (tcp:HOST:PORT, udpin:HOST:PORT);
    /// may be given again for further ones.
    #[arg(long)]
    pub(crate) follow: Vec<String>,
    /// Time goes on only by the seconds read from standard input, a number a line.
    #[arg(long)]
    pub(crate) stepped: bool,
    /// Simulated seconds per second.
    #[arg(long, default_value_t = 1.0)]
    pub(crate) speed: f64,
    /// Seed.
    #[arg(long, default_value_t = 7)]
    pub(crate) seed: u64,
    /// Write the truth here (JSON lines).
    #[arg(long)]
    pub(crate) truth: Option<PathBuf>,
    /// Stop after this many seconds of simulated time.
    #[arg(long)]
    pub(crate) seconds: Option<f64>,
    /// How much work a picture is worth: fast, standard or fine.
    #[arg(long, default_value = "standard")]
    pub(crate) quality: vedette_sim::Quality,
    /// Pictures per second as a share of the scenario's (0.05 to 1): many streams on few cores.
    #[arg(long, default_value_t = 1.0)]
    pub(crate) picture_rate: f64,
}

/// Flags of `inspect`.
#[derive(Debug, Args)]
pub(crate) struct InspectArgs {
    /// Endpoint, as `udpin:0.0.0.0:14550`, `tcp:HOST:PORT`, `serial:PATH:BAUD`, `tlog:FILE`.
    pub(crate) endpoint: String,
    /// Only messages whose name holds this word, with this id, or from SYSTEM/COMPONENT.
    #[arg(long)]
    pub(crate) filter: Option<String>,
    /// Send nothing, not even a heartbeat.
    #[arg(long)]
    pub(crate) listen_only: bool,
    /// Stop after this many seconds.
    #[arg(long)]
    pub(crate) seconds: Option<f64>,
}

/// Flags of `link`.
#[derive(Debug, Args)]
pub(crate) struct LinkArgs {
    /// Endpoints; with --forward those of aircraft, without it all pass frames to all.
    #[arg(required = true)]
    pub(crate) endpoints: Vec<String>,
    /// Endpoints of other stations, as `udpout:127.0.0.1:14551`.
    #[arg(long, num_args = 1..)]
    pub(crate) forward: Vec<String>,
    /// Stations see only these message ids.
    #[arg(long, value_delimiter = ',')]
    pub(crate) only: Vec<u32>,
    /// Stations do not see these message ids.
    #[arg(long, value_delimiter = ',')]
    pub(crate) never: Vec<u32>,
    /// What stations send is not passed on.
    #[arg(long)]
    pub(crate) read_only: bool,
    /// Stop after this many seconds.
    #[arg(long)]
    pub(crate) seconds: Option<f64>,
}

/// What can be done with signing keys. ROOT is the station's session folder; a key is a passphrase
/// or 64 hex digits on standard input, and is never printed.
#[derive(Debug, Subcommand)]
pub(crate) enum KeysVerb {
    /// Which aircraft have keys, by their names.
    List {
        /// Session folder.
        root: PathBuf,
    },
    /// Take note of the key an aircraft holds already.
    Set {
        /// Session folder.
        root: PathBuf,
        /// Its system id.
        system: u8,
    },
    /// Forget an aircraft's key.
    Forget {
        /// Session folder.
        root: PathBuf,
        /// Its system id.
        system: u8,
    },
    /// Give an aircraft on a cable a new random key and see it used.
    Give {
        /// Session folder.
        root: PathBuf,
        /// Its system id.
        system: u8,
        /// The cable, as `serial:/dev/ttyACM0:115200`.
        endpoint: String,
    },
}

/// Flags of `review`.
#[derive(Debug, Args)]
pub(crate) struct ReviewArgs {
    /// Session folder or sealed bundle.
    pub(crate) what: PathBuf,
    /// Who looks.
    #[arg(long, default_value = "reviewer")]
    pub(crate) who: String,
    /// Why (goes into the access log).
    #[arg(long, default_value = "")]
    pub(crate) why: String,
    /// Open at this moment (RFC 3339 or HH:MM:SS); default the first alert.
    #[arg(long)]
    pub(crate) at: Option<String>,
    /// No window: write the picture here and print what is seen.
    #[arg(long)]
    pub(crate) picture: Option<PathBuf>,
}

/// Flags of `replay`.
#[derive(Debug, Args)]
pub(crate) struct ReplayArgs {
    /// Session folder.
    pub(crate) session: PathBuf,
    /// Print only the digest of the last view.
    #[arg(long)]
    pub(crate) digest: bool,
    /// Draw every screen at the moment of the first alert into this folder.
    #[arg(long, value_name = "DIR")]
    pub(crate) pictures: Option<PathBuf>,
}

/// Flags of `verify`.
#[derive(Debug, Args)]
pub(crate) struct VerifyArgs {
    /// Bundle folder.
    pub(crate) bundle: PathBuf,
    /// Certificate of the authority the station must belong to (PEM).
    #[arg(long)]
    pub(crate) authority: Option<PathBuf>,
}

/// What can be done with metadata.
#[derive(Debug, Subcommand)]
pub(crate) enum KlvVerb {
    /// One JSON object per metadata set.
    Dump {
        /// MPEG-TS or raw KLV file.
        file: PathBuf,
    },
    /// Issues by kind; exit 1 when there are any.
    Check {
        /// MPEG-TS or raw KLV file.
        file: PathBuf,
    },
    /// The stream with synchronous ST 0601 metadata and time-stamped pictures, for others' tools.
    Mux(crate::pieces::MuxArgs),
}
