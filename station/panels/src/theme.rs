//! The console's design tokens as Rust values, and how they become egui's style.
//!
//! Invariant: colours and sizes come from here and nowhere else; amber and red only for alarms,
//! green only for "confirmed", one accent. It must not know any station data.

use std::sync::Arc;

use egui::{Color32, CornerRadius, FontData, FontDefinitions, FontFamily, FontId, Stroke, Visuals};

/// Bytes of the fonts found on this machine; the shell reads the files. Any may be missing.
#[derive(Clone, Default)]
pub struct FontBytes {
    /// Inter, weight 400.
    pub sans: Option<Vec<u8>>,
    /// Inter, weight 500.
    pub sans_medium: Option<Vec<u8>>,
    /// Inter, weight 600.
    pub sans_strong: Option<Vec<u8>>,
    /// JetBrains Mono, weight 400.
    pub mono: Option<Vec<u8>>,
    /// JetBrains Mono, weight 600.
    pub mono_strong: Option<Vec<u8>>,
}

impl std::fmt::Debug for FontBytes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let has = |b: &Option<Vec<u8>>| b.is_some();
        write!(
            f,
            "FontBytes {{ sans: {}, medium: {}, strong: {}, mono: {}, mono strong: {} }}",
            has(&self.sans),
            has(&self.sans_medium),
            has(&self.sans_strong),
            has(&self.mono),
            has(&self.mono_strong)
        )
    }
}

const MEDIUM: &str = "sans-medium";
const STRONG: &str = "sans-strong";
const MONO_STRONG: &str = "mono-strong";

/// egui's font set: the machine's fonts first, egui's own behind them.
#[must_use]
pub fn fonts(bytes: &FontBytes) -> FontDefinitions {
    let mut d = FontDefinitions::default();
    let base_sans = d.families.get(&FontFamily::Proportional).cloned().unwrap_or_default();
    let base_mono = d.families.get(&FontFamily::Monospace).cloned().unwrap_or_default();
    let mut add = |family: FontFamily, chain: &[(&str, &Option<Vec<u8>>)], base: &[String]| {
        let mut names = Vec::new();
        for (name, data) in chain {
            if let Some(b) = data {
                d.font_data
                    .entry((*name).to_owned())
                    .or_insert_with(|| Arc::new(FontData::from_owned(b.clone())));
                names.push((*name).to_owned());
            }
        }
        names.extend(base.iter().cloned());
        d.families.insert(family, names);
    };
    let (s, m, b) = (
        ("Inter 400", &bytes.sans),
        ("Inter 500", &bytes.sans_medium),
        ("Inter 600", &bytes.sans_strong),
    );
    let (k, n) = (
        ("JetBrains Mono 400", &bytes.mono),
        ("JetBrains Mono 600", &bytes.mono_strong),
    );
    add(FontFamily::Proportional, &[s], &base_sans);
    add(FontFamily::Name(MEDIUM.into()), &[m, s], &base_sans);
    add(FontFamily::Name(STRONG.into()), &[b, m, s], &base_sans);
    add(FontFamily::Monospace, &[k], &base_mono);
    add(FontFamily::Name(MONO_STRONG.into()), &[n, k], &base_mono);
    d
}

/// Body text: rows, buttons.
#[must_use]
pub fn body() -> FontId {
    FontId::new(13.0, FontFamily::Proportional)
}
/// Control text, weight 500.
#[must_use]
pub fn control() -> FontId {
    FontId::new(13.0, FontFamily::Name(MEDIUM.into()))
}
/// Panel headings and names.
#[must_use]
pub fn strong() -> FontId {
    FontId::new(13.0, FontFamily::Name(STRONG.into()))
}
/// Alert titles, tail numbers, the hold bar.
#[must_use]
pub fn title() -> FontId {
    FontId::new(15.0, FontFamily::Name(STRONG.into()))
}
/// Labels, axes, map text.
#[must_use]
pub fn small() -> FontId {
    FontId::new(12.0, FontFamily::Proportional)
}
/// Small text, weight 600.
#[must_use]
pub fn small_strong() -> FontId {
    FontId::new(12.0, FontFamily::Name(STRONG.into()))
}
/// Key caps.
#[must_use]
pub fn key() -> FontId {
    FontId::new(11.0, FontFamily::Monospace)
}
/// Figures, clocks and hashes.
#[must_use]
pub fn mono() -> FontId {
    FontId::new(12.0, FontFamily::Monospace)
}
/// The UTC clock.
#[must_use]
pub fn figure() -> FontId {
    FontId::new(20.0, FontFamily::Name(MONO_STRONG.into()))
}
/// Large readings.
#[must_use]
pub fn figure_small() -> FontId {
    FontId::new(16.0, FontFamily::Name(MONO_STRONG.into()))
}

/// Every colour the console may use.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Palette {
    /// Depth steps 0 (window) to 4 (hover).
    pub surface: [Color32; 5],
    /// Dividers.
    pub line_soft: Color32,
    /// Control outlines.
    pub line_strong: Color32,
    /// Values, names, titles.
    pub text1: Color32,
    /// Labels.
    pub text2: Color32,
    /// Axes, hints.
    pub text3: Color32,
    /// Selected, in hand, now.
    pub accent: Color32,
    /// Hovered accent fill.
    pub accent_hover: Color32,
    /// Behind selected things.
    pub accent_fill: Color32,
    /// Text on the accent.
    pub on_accent: Color32,
    /// Priority 1.
    pub alarm1: Color32,
    /// Behind priority 1.
    pub alarm1_fill: Color32,
    /// Title of priority 1.
    pub alarm1_title: Color32,
    /// Priority 2.
    pub alarm2: Color32,
    /// Behind priority 2.
    pub alarm2_fill: Color32,
    /// A person or a proof said yes.
    pub confirmed: Color32,
    /// Behind confirmed things.
    pub confirmed_fill: Color32,
    /// Age of coverage, fresh to overdue.
    pub age: [Color32; 5],
    /// Terrain in shadow and in light.
    pub terrain: [Color32; 2],
    /// The border line on map and video.
    pub border: Color32,
    /// Multiplied onto grey pictures (white by day).
    pub picture_tint: Color32,
    /// Red night room.
    pub night: bool,
}

const fn hex(v: u32) -> Color32 {
    Color32::from_rgb((v >> 16) as u8, (v >> 8) as u8, v as u8)
}

/// Age classes: share of the promised revisit time.
pub const AGE_LIMITS: [f64; 4] = [0.2, 0.4, 0.6, 1.0];

impl Palette {
    /// The normal room.
    #[must_use]
    pub const fn dark() -> Self {
        Self {
            surface: [
                hex(0x0A_0C0E),
                hex(0x11_1417),
                hex(0x18_1C20),
                hex(0x22_282D),
                hex(0x2E_363D),
            ],
            line_soft: hex(0x26_2D33),
            line_strong: hex(0x5E_6C76),
            text1: hex(0xE9_EDEF),
            text2: hex(0xB4_BEC5),
            text3: hex(0x8E_9AA3),
            accent: hex(0x7C_C4F2),
            accent_hover: hex(0x9B_D2F6),
            accent_fill: hex(0x16_303F),
            on_accent: hex(0x06_141D),
            alarm1: hex(0xFF_6A60),
            alarm1_fill: hex(0x3A_1513),
            alarm1_title: hex(0xFF_FFFF),
            alarm2: hex(0xF0_B03A),
            alarm2_fill: hex(0x2C_210B),
            confirmed: hex(0x5C_CB95),
            confirmed_fill: hex(0x10_281D),
            age: [
                hex(0x3F_5C9C),
                hex(0x6C_73C4),
                hex(0x9E_87D8),
                hex(0xCF_A2E4),
                hex(0xF6_D3F4),
            ],
            terrain: [hex(0x08_0A0C), hex(0x60_676A)],
            border: hex(0xE9_EDEF),
            picture_tint: Color32::WHITE,
            night: false,
        }
    }

    /// The red night room: one hue, meaning in shape, fill and words.
    #[must_use]
    pub const fn night() -> Self {
        Self {
            surface: [
                hex(0x00_0000),
                hex(0x07_0000),
                hex(0x12_0202),
                hex(0x1E_0404),
                hex(0x30_0707),
            ],
            line_soft: hex(0x3A_0A08),
            line_strong: hex(0xA8_362C),
            text1: hex(0xFF_8A7A),
            text2: hex(0xF0_645A),
            text3: hex(0xE0_4A42),
            accent: hex(0xFF_C2B5),
            accent_hover: hex(0xFF_C2B5),
            accent_fill: hex(0x2A_0504),
            on_accent: hex(0x14_0000),
            alarm1: hex(0xFF_D9D0),
            alarm1_fill: hex(0x48_0B08),
            alarm1_title: hex(0xFF_E9E4),
            alarm2: hex(0xFF_8A7A),
            alarm2_fill: hex(0x2A_0605),
            confirmed: hex(0xFF_8A7A),
            confirmed_fill: hex(0x1E_0404),
            age: [
                hex(0x4A_0E0B),
                hex(0x7E_1B15),
                hex(0xB4_332A),
                hex(0xE8_574B),
                hex(0xFF_C2B5),
            ],
            terrain: [hex(0x08_0A0C), hex(0x60_676A)],
            border: hex(0xFF_8A7A),
            picture_tint: Color32::from_rgb(235, 61, 48),
            night: true,
        }
    }

    /// Day or night room.
    #[must_use]
    pub const fn of(night: bool) -> Self {
        if night { Self::night() } else { Self::dark() }
    }

    /// Colour of a stretch of border by the age of its last look as a share of the promise.
    #[must_use]
    pub fn age_colour(&self, share: f64) -> Color32 {
        let class = AGE_LIMITS.iter().filter(|l| share > **l).count();
        self.age[class.min(4)]
    }
}

/// Sizes of one breakpoint, logical pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Layout {
    /// Labels shrink to icons and keys.
    pub compact: bool,
    /// Top bar height.
    pub top: f32,
    /// Fleet width.
    pub fleet: f32,
    /// Right column width.
    pub right: f32,
    /// Timeline height.
    pub timeline: f32,
    /// Order bar height.
    pub order_bar: f32,
}

impl Layout {
    /// For a window of this size.
    #[must_use]
    pub fn of(size: egui::Vec2, timeline_open: bool) -> Self {
        if size.x < 1600.0 || size.y < 860.0 {
            Self {
                compact: true,
                top: 40.0,
                fleet: 224.0,
                right: 384.0_f32.min(size.x * 0.32),
                timeline: if timeline_open { 144.0 } else { 64.0 },
                order_bar: 97.0,
            }
        } else {
            Self {
                compact: false,
                top: 40.0,
                fleet: 304.0,
                right: 600.0_f32.min(size.x * 0.34),
                timeline: if timeline_open { 144.0 } else { 64.0 },
                order_bar: 105.0,
            }
        }
    }
}

fn named(family: &str) -> FontFamily {
    FontFamily::Name(family.into())
}

/// Whether the console's font families are bound in this context; drawing before that would
/// name families egui does not know.
#[must_use]
pub fn ready(ctx: &egui::Context) -> bool {
    ctx.fonts(|f| f.definitions().families.contains_key(&named(STRONG)))
}

/// Binds fonts (effective from the next pass) and style.
pub fn install(ctx: &egui::Context, bytes: &FontBytes, palette: &Palette) {
    ctx.set_fonts(fonts(bytes));
    style(ctx, palette);
}

/// Sets egui's own visuals to the palette.
pub fn style(ctx: &egui::Context, p: &Palette) {
    let mut v = Visuals::dark();
    v.window_fill = p.surface[1];
    v.panel_fill = p.surface[1];
    v.extreme_bg_color = p.surface[0];
    v.faint_bg_color = p.surface[2];
    v.override_text_color = Some(p.text1);
    v.selection.bg_fill = p.accent_fill;
    v.selection.stroke = Stroke::new(1.0, p.accent);
    v.hyperlink_color = p.accent;
    v.window_shadow = egui::Shadow::NONE;
    v.popup_shadow = egui::Shadow::NONE;
    v.window_stroke = Stroke::new(1.0, p.line_strong);
    v.window_corner_radius = CornerRadius::ZERO;
    v.menu_corner_radius = CornerRadius::ZERO;
    let w = &mut v.widgets;
    w.noninteractive.bg_fill = p.surface[1];
    w.noninteractive.bg_stroke = Stroke::new(1.0, p.line_soft);
    w.noninteractive.fg_stroke = Stroke::new(1.0, p.text2);
    w.noninteractive.corner_radius = CornerRadius::ZERO;
    for (s, fill, line) in [
        (&mut w.inactive, p.surface[3], p.line_strong),
        (&mut w.hovered, p.surface[4], p.line_strong),
        (&mut w.active, p.surface[1], p.accent),
        (&mut w.open, p.accent_fill, p.accent),
    ] {
        s.bg_fill = fill;
        s.weak_bg_fill = fill;
        s.bg_stroke = Stroke::new(1.0, line);
        s.fg_stroke = Stroke::new(1.0, p.text1);
        s.corner_radius = CornerRadius::same(4);
        s.expansion = 0.0;
    }
    ctx.all_styles_mut(|st| {
        st.visuals = v.clone();
        st.spacing.item_spacing = egui::vec2(8.0, 4.0);
        st.spacing.button_padding = egui::vec2(12.0, 6.0);
        st.spacing.interact_size.y = 32.0;
        st.animation_time = 0.0;
    });
}
