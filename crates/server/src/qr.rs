//! QR codes for print: as SVG, whose size is a matter of its reader, or as PNG in dots that a printer can be exact about.
//! Pure.

use crate::limits::{QR_DOTS_MAX, QR_PIXELS_USUAL};
use qrcode::{Color, EcLevel, QrCode};

/// Light modules around a symbol; the standard asks for four, and scanners do.
const QUIET: usize = 4;

/// How much of a symbol may be dirty or torn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Correction {
    /// 7 %.
    Low,
    /// 15 %.
    #[default]
    Medium,
    /// 25 %.
    Quartile,
    /// 30 %: where something is printed over it.
    High,
}

impl Correction {
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "L" | "l" => Some(Self::Low),
            "M" | "m" => Some(Self::Medium),
            "Q" | "q" => Some(Self::Quartile),
            "H" | "h" => Some(Self::High),
            _ => None,
        }
    }

    fn level(self) -> EcLevel {
        match self {
            Self::Low => EcLevel::L,
            Self::Medium => EcLevel::M,
            Self::Quartile => EcLevel::Q,
            Self::High => EcLevel::H,
        }
    }
}

/// How large it is to be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Size {
    /// On paper, the quiet zone included.
    Millimetres(f64),
    /// On a screen.
    Pixels(u32),
}

impl Size {
    /// Reads `30mm`, `3cm`, `1.2in` or `600px`.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let end = text.find(|c: char| c.is_ascii_alphabetic())?;
        let number: f64 =
            text[..end].trim().parse().ok().filter(|number: &f64| number.is_finite() && *number > 0.0)?;
        match &text[end..] {
            "mm" => Some(Self::Millimetres(number)),
            "cm" => Some(Self::Millimetres(number * 10.0)),
            "in" => Some(Self::Millimetres(number * 25.4)),
            "px" => Some(Self::Pixels(number.round() as u32)),
            _ => None,
        }
    }
}

/// A symbol, and how it is to be drawn.
pub struct Symbol {
    code: QrCode,
    size: Option<Size>,
    dpi: u32,
}

/// Why there is none.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum QrError {
    #[error("the address is too long for a QR code with this error correction; use a lower one")]
    TooLong,
    #[error("it would be larger than {QR_DOTS_MAX} dots; ask for a smaller size or fewer dots an inch")]
    TooLarge,
    #[error(
        "{needed} dots would be needed for a dot a module, and there are {given}; ask for a larger size or more dots an inch"
    )]
    TooSmall { needed: usize, given: usize },
}

impl Symbol {
    pub fn new(text: &str, correction: Correction, size: Option<Size>, dpi: u32) -> Result<Self, QrError> {
        let code = QrCode::with_error_correction_level(text, correction.level());
        Ok(Self { code: code.map_err(|_| QrError::TooLong)?, size, dpi })
    }

    /// Modules of a side, the quiet zone included.
    fn side(&self) -> usize {
        self.code.width() + 2 * QUIET
    }

    /// Whether a module with the quiet zone around is dark.
    fn is_dark(&self, x: usize, y: usize) -> bool {
        let inside = |at: usize| at.checked_sub(QUIET).filter(|at| *at < self.code.width());
        match (inside(x), inside(y)) {
            (Some(x), Some(y)) => self.code[(x, y)] == Color::Dark,
            _ => false,
        }
    }

    /// One path of dark modules on white.
    pub fn svg(&self) -> String {
        let side = self.side();
        let size = match self.size {
            Some(Size::Millimetres(mm)) => format!(" width=\"{mm}mm\" height=\"{mm}mm\""),
            Some(Size::Pixels(pixels)) => format!(" width=\"{pixels}\" height=\"{pixels}\""),
            None => String::new(),
        };
        let mut path = String::new();
        for y in 0..side {
            let mut x = 0;
            while x < side {
                let run = (x..side).take_while(|x| self.is_dark(*x, y)).count();
                if run > 0 {
                    path.push_str(&format!("M{x} {y}h{run}v1h-{run}z"));
                }
                x += run.max(1);
            }
        }
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\"{size} viewBox=\"0 0 {side} {side}\" \
             shape-rendering=\"crispEdges\"><path fill=\"#fff\" d=\"M0 0h{side}v{side}H0z\"/><path d=\"{path}\"/></svg>\n"
        )
    }

    /// Black and white, each module the same whole number of dots; what is left over widens the quiet zone, so that the
    /// picture has the very size that was asked for.
    pub fn png(&self) -> Result<Vec<u8>, QrError> {
        let side = self.side();
        let dots = match self.size {
            Some(Size::Millimetres(mm)) => (mm / 25.4 * f64::from(self.dpi)).round() as usize,
            Some(Size::Pixels(pixels)) => pixels as usize,
            None => side * QR_PIXELS_USUAL.div_ceil(side),
        };
        if dots > QR_DOTS_MAX {
            return Err(QrError::TooLarge);
        }
        let module = dots / side;
        if module == 0 {
            return Err(QrError::TooSmall { needed: side, given: dots });
        }
        let edge = (dots - module * side) / 2;
        let dark = |x: usize, y: usize| {
            let at = |dot: usize| dot.checked_sub(edge).map(|dot| dot / module).filter(|at| *at < side);
            matches!((at(x), at(y)), (Some(x), Some(y)) if self.is_dark(x, y))
        };
        let row_bytes = dots.div_ceil(8);
        let mut bits = vec![0xff_u8; row_bytes * dots];
        for y in 0..dots {
            for x in (0..dots).filter(|x| dark(*x, y)) {
                bits[y * row_bytes + x / 8] &= !(0x80 >> (x % 8));
            }
        }
        let mut file = Vec::new();
        let mut encoder = png::Encoder::new(&mut file, dots as u32, dots as u32);
        encoder.set_color(png::ColorType::Grayscale);
        encoder.set_depth(png::BitDepth::One);
        if matches!(self.size, Some(Size::Millimetres(_))) {
            let per_metre = (f64::from(self.dpi) / 0.0254).round() as u32;
            let unit = png::Unit::Meter;
            encoder.set_pixel_dims(Some(png::PixelDimensions { xppu: per_metre, yppu: per_metre, unit }));
        }
        const IN_MEMORY: &str = "invariant: memory takes what is written";
        let mut writer = encoder.write_header().expect(IN_MEMORY);
        writer.write_image_data(&bits).expect(IN_MEMORY);
        writer.finish().expect(IN_MEMORY);
        Ok(file)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "https://bottega.example/q/market-flyer";

    /// What another program reads in a picture, and the picture: its width and its bits by row.
    fn decoded(png: &[u8]) -> (String, usize, Option<png::PixelDimensions>) {
        let mut decoder = png::Decoder::new(std::io::Cursor::new(png));
        decoder.set_transformations(png::Transformations::EXPAND);
        let mut reader = decoder.read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        reader.next_frame(&mut pixels).unwrap();
        let info = reader.info();
        let (width, dims) = (info.width as usize, info.pixel_dims);
        let mut image =
            rqrr::PreparedImage::prepare_from_greyscale(width, width, |x, y| pixels[y * width + x]);
        let grids = image.detect_grids();
        assert_eq!(grids.len(), 1);
        (grids[0].decode().unwrap().1, width, dims)
    }

    #[test]
    fn another_program_reads_every_size_and_correction() {
        for (correction, size, dpi, width) in [
            ("M", Some("30mm"), 300, 354),
            ("H", Some("30mm"), 300, 354),
            ("L", Some("1in"), 600, 600),
            ("Q", Some("5cm"), 150, 295),
            ("M", Some("400px"), 300, 400),
            ("M", None, 300, 1_036),
        ] {
            let size = size.map(|size| Size::parse(size).unwrap());
            let symbol = Symbol::new(TEXT, Correction::parse(correction).unwrap(), size, dpi).unwrap();
            let (text, dots, dims) = decoded(&symbol.png().unwrap());
            assert_eq!((text.as_str(), dots), (TEXT, width), "{correction} {size:?}");
            let per_metre = dims.map(|dims| dims.xppu);
            let expected =
                matches!(size, Some(Size::Millimetres(_))).then(|| (f64::from(dpi) / 0.0254).round() as u32);
            assert_eq!(per_metre, expected);
        }
    }

    #[test]
    fn there_is_a_quiet_zone_of_four_modules_all_around() {
        let symbol = Symbol::new(TEXT, Correction::Medium, Some(Size::Pixels(370)), 300).unwrap();
        let side = symbol.side();
        for at in 0..side {
            for edge in [0, 3, side - 4, side - 1] {
                assert!(!symbol.is_dark(at, edge) && !symbol.is_dark(edge, at), "{at} {edge}");
            }
        }
        assert!(symbol.is_dark(4, 4) && symbol.is_dark(side - 5, 4) && symbol.is_dark(4, side - 5));
        let svg = symbol.svg();
        assert!(
            svg.contains(&format!("viewBox=\"0 0 {side} {side}\"")) && svg.contains("M4 4h7v1h-7z"),
            "{svg}"
        );
        assert!(svg.contains("width=\"370\""));
    }

    #[test]
    fn what_cannot_be_printed_is_refused() {
        let of = |size: &str, dpi| Symbol::new(TEXT, Correction::Low, Size::parse(size), dpi).unwrap().png();
        assert!(matches!(of("2mm", 72), Err(QrError::TooSmall { needed: 37, given: 6 })));
        assert_eq!(of("9m", 300).map(drop), of("700px", 300).map(drop), "an unknown unit is no size");
        assert_eq!(of("2000mm", 600), Err(QrError::TooLarge));
        let long = "x".repeat(3_000);
        assert_eq!(Symbol::new(&long, Correction::High, None, 300).err(), Some(QrError::TooLong));
    }
}
