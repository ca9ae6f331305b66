//! A tenant's colours, made legible. The server makes a stylesheet of them, and the console shows what they will look like.

use std::fmt;

/// The accent and the page of a tenant without branding.
const PRIMARY: Rgb = Rgb([0x2f, 0x5b, 0xea]);
const LIGHT_PAGE: Rgb = Rgb([0xf5, 0xf6, 0xf9]);
const DARK_PAGE: Rgb = Rgb([0x0f, 0x12, 0x18]);

/// `--surface` and `--panel` of `design.css`: what text and controls stand on.
const LIGHT: [Rgb; 2] = [WHITE, Rgb([0xf5, 0xf6, 0xf9])];
const DARK: [Rgb; 2] = [Rgb([0x17, 0x1b, 0x24]), Rgb([0x1e, 0x24, 0x30])];

const WHITE: Rgb = Rgb([0xff; 3]);
const BLACK: Rgb = Rgb([0; 3]);

/// Least contrast of text (WCAG 2.2, 1.4.3), and of what marks a control (1.4.11).
const TEXT: f64 = 4.5;
const CONTROL: f64 = 3.0;

/// The stylesheet that gives the pages a tenant's colours, in light and in dark mode.
///
/// `primary` and `background` are `#rrggbb`; anything else counts as absent. A background is shown as it is in light
/// mode, and in dark mode only if it is dark; whatever else is needed is derived, so that text and controls keep the
/// contrast of WCAG 2.2 AA with any two colours.
#[must_use]
pub fn theme_css(primary: Option<&str>, background: Option<&str>) -> String {
    let light = Theme::of(primary, background, Scheme::Light);
    let dark = Theme::of(primary, background, Scheme::Dark);
    format!(":root {{\n{light}}}\n\n@media (prefers-color-scheme: dark) {{\n:root {{\n{dark}}}\n}}\n")
}

/// A colour scheme of the browser's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    Light,
    Dark,
}

/// The properties of `design.css` that follow a tenant's colours, in one colour scheme.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Theme {
    page: Rgb,
    glow: Rgb,
    primary: Rgb,
    primary_strong: Rgb,
    on_primary: Rgb,
    edge: Rgb,
    accent: Rgb,
    soft: Rgb,
}

impl Theme {
    /// The colours that a tenant's two make. `primary` and `background` are as for [`theme_css`].
    #[must_use]
    pub fn of(primary: Option<&str>, background: Option<&str>, scheme: Scheme) -> Self {
        let primary = primary.and_then(Rgb::parse).unwrap_or(PRIMARY);
        let background = background.and_then(Rgb::parse);
        match scheme {
            Scheme::Light => Self::light(primary, background),
            Scheme::Dark => Self::dark(primary, background),
        }
    }

    /// The names of the properties, and the colours as `#rrggbb`.
    #[must_use]
    pub fn properties(&self) -> [(&'static str, String); 8] {
        let Self { page, glow, primary, primary_strong, on_primary, edge, accent, soft } = self;
        [
            ("--page", page),
            ("--glow", glow),
            ("--primary", primary),
            ("--primary-strong", primary_strong),
            ("--on-primary", on_primary),
            ("--edge", edge),
            ("--accent", accent),
            ("--soft", soft),
        ]
        .map(|(name, colour)| (name, colour.to_string()))
    }

    fn light(primary: Rgb, background: Option<Rgb>) -> Self {
        let page = background.unwrap_or_else(|| LIGHT_PAGE.mix(primary, 0.05));
        let glow = background.unwrap_or_else(|| page.mix(primary, 0.18));
        Self::on(&LIGHT, primary, page, glow)
    }

    fn dark(primary: Rgb, background: Option<Rgb>) -> Self {
        let primary = primary.towards(WHITE, CONTROL, &DARK);
        let page = match background {
            Some(dark) if dark.contrast(WHITE) >= 12.0 => dark,
            Some(light) => light.towards(BLACK, 18.2, &[WHITE]),
            None => DARK_PAGE.mix(primary, 0.05),
        };
        let glow = if background.is_some() { page } else { page.mix(primary, 0.18) };
        Self::on(&DARK, primary, page, glow)
    }

    fn on(surfaces: &[Rgb; 2], primary: Rgb, page: Rgb, glow: Rgb) -> Self {
        let [surface, panel] = *surfaces;
        let ink = if surface.contrast(BLACK) > surface.contrast(WHITE) { BLACK } else { WHITE };
        let soft = surface.mix(primary, if ink == WHITE { 0.18 } else { 0.1 });
        let accent = primary.towards(ink, TEXT, &[surface, panel, soft]);
        let on_primary = if primary.contrast(WHITE) >= TEXT { WHITE } else { BLACK };
        let away = if on_primary == WHITE { BLACK } else { WHITE };
        let primary_strong = primary.mix(away, 0.12);
        let edge = if primary.contrast(surface) >= CONTROL { primary } else { accent };
        Self { page, glow, primary, primary_strong, on_primary, edge, accent, soft }
    }
}

impl fmt::Display for Theme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, colour) in self.properties() {
            writeln!(f, "  {name}: {colour};")?;
        }
        Ok(())
    }
}

/// A colour of the sRGB space.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Rgb([u8; 3]);

impl Rgb {
    fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('#')?;
        if digits.len() != 6 || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            return None;
        }
        let [_, red, green, blue] = u32::from_str_radix(digits, 16).ok()?.to_be_bytes();
        Some(Self([red, green, blue]))
    }

    /// Relative luminance, from 0 (black) to 1 (white): WCAG 2.2.
    fn luminance(self) -> f64 {
        let [red, green, blue] = self.0.map(|channel| {
            let value = f64::from(channel) / 255.0;
            if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        });
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }

    /// Contrast ratio, from 1 (the same) to 21 (black on white): WCAG 2.2.
    fn contrast(self, other: Self) -> f64 {
        let (one, two) = (self.luminance(), other.luminance());
        (one.max(two) + 0.05) / (one.min(two) + 0.05)
    }

    /// This colour with `share` (0 to 1) of it replaced by `other`.
    fn mix(self, other: Self, share: f64) -> Self {
        let mut channels = self.0;
        for (channel, end) in channels.iter_mut().zip(other.0) {
            let value = f64::from(*channel) * (1.0 - share) + f64::from(end) * share;
            *channel = value.round() as u8;
        }
        Self(channels)
    }

    /// The colour nearest to this one, on the way to `end`, that has the `least` contrast with every ground.
    fn towards(self, end: Self, least: f64, grounds: &[Self]) -> Self {
        (0..20u8)
            .map(|step| self.mix(end, f64::from(step) / 20.0))
            .find(|colour| grounds.iter().all(|ground| colour.contrast(*ground) >= least))
            .unwrap_or(end)
    }
}

impl fmt::Display for Rgb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self([red, green, blue]) = self;
        write!(f, "#{red:02x}{green:02x}{blue:02x}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DESIGN_CSS: &str = include_str!("../../../assets/shared/design.css");

    fn schemes(primary: Rgb, background: Option<Rgb>) -> [(Theme, &'static [Rgb; 2]); 2] {
        [(Theme::light(primary, background), &LIGHT), (Theme::dark(primary, background), &DARK)]
    }

    #[test]
    fn contrast_is_that_of_wcag() {
        assert!((WHITE.contrast(BLACK) - 21.0).abs() < 0.001);
        assert!((Rgb([0x77; 3]).contrast(WHITE) - 4.48).abs() < 0.01);
        assert!((Rgb([0xff, 0, 0]).contrast(WHITE) - 4.00).abs() < 0.01);
    }

    #[test]
    fn any_primary_colour_stays_legible() {
        let steps = || (0..=255u8).step_by(15);
        for primary in steps().flat_map(|r| steps().flat_map(move |g| steps().map(move |b| Rgb([r, g, b])))) {
            for (theme, [surface, panel]) in schemes(primary, None) {
                assert!(theme.on_primary.contrast(theme.primary) >= TEXT, "{primary}: text on a button");
                assert!(
                    theme.on_primary.contrast(theme.primary_strong) >= TEXT,
                    "{primary}: under the pointer"
                );
                assert!(theme.edge.contrast(*surface) >= CONTROL, "{primary}: edge of a button");
                for ground in [*surface, *panel, theme.soft] {
                    assert!(theme.accent.contrast(ground) >= TEXT, "{primary}: link on {ground}");
                }
            }
        }
    }

    #[test]
    fn a_legible_colour_is_left_as_it_is() {
        let [(light, _), (dark, _)] = schemes(Rgb([0x0b, 0x6b, 0x4f]), Some(Rgb([0xfd, 0xf6, 0xec])));
        assert_eq!(
            (light.primary.to_string(), light.accent.to_string()),
            ("#0b6b4f".into(), "#0b6b4f".into())
        );
        assert_eq!((light.page.to_string(), light.on_primary), ("#fdf6ec".into(), WHITE));
        assert!(dark.page.contrast(WHITE) >= 12.0, "a light background is not shown in the dark");
        let [_, (dark, _)] = schemes(PRIMARY, Some(Rgb([0x10, 0x18, 0x30])));
        assert_eq!(dark.page.to_string(), "#101830", "a dark one is");
    }

    #[test]
    fn only_six_hexadecimal_digits_are_a_colour() {
        assert_eq!(Rgb::parse("#0Af9bC"), Some(Rgb([0x0a, 0xf9, 0xbc])));
        for text in
            ["", "#", "#fff", "0af9bc", "#0af9bg", "#+af9bc", "#0af9bc;", "#0af9b\u{e9}", "red;}body{}"]
        {
            assert_eq!(Rgb::parse(text), None, "{text}");
            assert_eq!(theme_css(Some(text), Some(text)), theme_css(None, None), "{text}");
        }
    }

    #[test]
    fn the_shared_stylesheet_agrees() {
        let (light, dark) = DESIGN_CSS.split_once("@media (prefers-color-scheme: dark)").unwrap();
        for ((theme, [surface, panel]), css) in schemes(PRIMARY, None).into_iter().zip([light, dark]) {
            for line in theme.to_string().lines() {
                assert!(css.contains(line.trim()), "design.css should have `{}`", line.trim());
            }
            assert!(css.contains(&format!("--surface: {surface};\n")), "surface {surface}");
            assert!(css.contains(&format!("--panel: {panel};\n")), "panel {panel}");
        }
    }
}
