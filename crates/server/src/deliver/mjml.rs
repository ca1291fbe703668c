//! MJML to HTML, once per template. Liquid goes through unharmed: each piece of it is replaced by a word before
//! and put back after, so that no quote, comparison or angle bracket in it meets the XML reader. Tags that stand
//! between sections, columns or components, where MJML allows no text, are wrapped in `mj-raw`.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt::Write;

use engine::programme::nearest;
use mrml::prelude::parser::{Error as ParseError, WarningKind};
use mrml::prelude::render::RenderOptions;

use super::html::{Kind, Piece, liquid_length, scan};

/// Why a source is no MJML, and the byte of it where that shows, if it is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NoMjml {
    pub(super) message: String,
    pub(super) suggestion: Option<String>,
    pub(super) at: Option<usize>,
}

impl NoMjml {
    fn new(message: impl Into<String>, at: Option<usize>) -> Self {
        Self { message: message.into(), suggestion: None, at }
    }
}

/// The elements of MJML 4, less `mj-include`: a template is one file.
const ELEMENTS: [&str; 33] = [
    "mj-head",
    "mj-attributes",
    "mj-all",
    "mj-class",
    "mj-breakpoint",
    "mj-font",
    "mj-preview",
    "mj-style",
    "mj-title",
    "mj-body",
    "mj-accordion",
    "mj-accordion-element",
    "mj-accordion-text",
    "mj-accordion-title",
    "mj-button",
    "mj-carousel",
    "mj-carousel-image",
    "mj-column",
    "mj-divider",
    "mj-group",
    "mj-hero",
    "mj-image",
    "mj-navbar",
    "mj-navbar-link",
    "mj-raw",
    "mj-section",
    "mj-social",
    "mj-social-element",
    "mj-spacer",
    "mj-table",
    "mj-text",
    "mj-wrapper",
    "mjml",
];

/// The elements in which only elements may stand.
const ONLY_ELEMENTS: [&str; 7] =
    ["mj-head", "mj-body", "mj-wrapper", "mj-section", "mj-group", "mj-column", "mj-hero"];

pub(super) fn html(source: &str) -> Result<String, NoMjml> {
    let pieces = scan(source);
    let document = document(&pieces).ok_or_else(|| NoMjml::new("there is no `mjml` element", None))?;
    pieces.iter().try_for_each(known)?;
    let masked = mask(source, &pieces[document.clone()]);
    let parsed = mrml::parse(&masked.text).map_err(|error| masked.locate(&error))?;
    let inline = parsed.warnings.iter().find(|warning| warning.kind == WarningKind::InlineStyleUnsupported);
    if let Some(warning) = inline {
        let message = "`mj-style inline` is not supported: set the attributes, or `mj-class`";
        return Err(NoMjml::new(message, Some(masked.source_offset(warning.span.start))));
    }
    // The default fonts would make every reader's mail program ask a third party for them.
    let options = RenderOptions { fonts: HashMap::new(), ..RenderOptions::default() };
    let rendered = parsed
        .element
        .render(&options)
        .map_err(|error| NoMjml::new(format!("this MJML cannot be rendered: {error}"), None))?;
    let outside = |pieces: &[Piece<'_>]| {
        pieces.iter().filter(|piece| piece.kind == Kind::Liquid).map(|piece| piece.text).collect::<String>()
    };
    let (before, after) = (outside(&pieces[..document.start]), outside(&pieces[document.end..]));
    Ok(before + &masked.unmask(&rendered) + &after)
}

/// The renderer takes an element it does not know for HTML, which no mail program knows either.
fn known(piece: &Piece<'_>) -> Result<(), NoMjml> {
    let Kind::Open(element) = &piece.kind else { return Ok(()) };
    let name = element.name.to_ascii_lowercase();
    if !name.starts_with("mj-") || ELEMENTS.contains(&name.as_str()) {
        return Ok(());
    }
    let suggestion = match nearest(&name, ELEMENTS) {
        _ if name == "mj-include" => Some("put its content here: a template is one file".to_owned()),
        near => near.map(|near| format!("did you mean `{near}`?")),
    };
    Err(NoMjml { message: format!("MJML has no element `{name}`"), suggestion, at: Some(piece.at) })
}

/// The pieces from `<mjml>` to `</mjml>`. Around them may be Liquid, such as an `assign`.
fn document(pieces: &[Piece<'_>]) -> Option<std::ops::Range<usize>> {
    let begins = |piece: &Piece<'_>| matches!(&piece.kind, Kind::Open(element) if element.is("mjml"));
    let ends =
        |piece: &Piece<'_>| matches!(&piece.kind, Kind::Close { name } if name.eq_ignore_ascii_case("mjml"));
    let start = pieces.iter().position(begins)?;
    let end = pieces.iter().rposition(ends).map_or(pieces.len(), |end| end + 1);
    (start < end).then_some(start..end)
}

struct Masked<'s> {
    text: String,
    /// The word that stands for a piece of Liquid is this and the piece's number and an `x`.
    word: String,
    liquid: Vec<&'s str>,
    /// Where in the masked text a piece of the source begins, and where in the source.
    places: Vec<(usize, usize)>,
}

fn mask<'s>(source: &'s str, pieces: &[Piece<'s>]) -> Masked<'s> {
    let word =
        (0..).map(|n| format!("liq{n}w")).find(|word| !source.contains(word)).expect("a source is finite");
    let mut masked = Masked { text: String::new(), word, liquid: Vec::new(), places: Vec::new() };
    let mut around: Vec<&str> = Vec::new();
    for piece in pieces {
        masked.places.push((masked.text.len(), piece.at));
        match &piece.kind {
            Kind::Liquid => {
                let wraps = around.last().is_some_and(|name| ONLY_ELEMENTS.contains(name));
                let word = masked.stand_in(piece.text);
                let wrapped = if wraps { Cow::from(format!("<mj-raw>{word}</mj-raw>")) } else { word.into() };
                masked.text.push_str(&wrapped);
            }
            Kind::Open(element) => {
                if !element.closed {
                    around.push(element.name);
                }
                masked.push_masked(piece.text);
            }
            Kind::Close { name } => {
                if let Some(open) = around.iter().rposition(|open| open == name) {
                    around.truncate(open);
                }
                masked.text.push_str(piece.text);
            }
            Kind::Text | Kind::Comment | Kind::Code => masked.push_masked(piece.text),
        }
    }
    masked
}

impl<'s> Masked<'s> {
    fn stand_in(&mut self, liquid: &'s str) -> String {
        self.liquid.push(liquid);
        format!("{}{}x", self.word, self.liquid.len() - 1)
    }

    /// A piece that may have Liquid inside: in attributes, styles, comments.
    fn push_masked(&mut self, text: &'s str) {
        let mut rest = text;
        while let Some(at) = rest.find(['{']) {
            let (before, here) = rest.split_at(at);
            self.text.push_str(before);
            let length = liquid_length(here);
            match length {
                Some(length) => {
                    let word = self.stand_in(&here[..length]);
                    self.text.push_str(&word);
                }
                None => self.text.push('{'),
            }
            rest = &here[length.unwrap_or(1)..];
        }
        self.text.push_str(rest);
    }

    fn unmask(&self, rendered: &str) -> String {
        let mut out = String::with_capacity(rendered.len());
        let mut parts = rendered.split(&self.word);
        out.push_str(parts.next().unwrap_or_default());
        for part in parts {
            let digits = part.bytes().take_while(u8::is_ascii_digit).count();
            let liquid = part[..digits].parse().ok().and_then(|number: usize| self.liquid.get(number));
            match (liquid, part[digits..].strip_prefix('x')) {
                (Some(liquid), Some(after)) => {
                    out.push_str(liquid);
                    out.push_str(after);
                }
                _ => write!(out, "{}{part}", self.word).expect("writing to a string"),
            }
        }
        out
    }

    fn locate(&self, error: &ParseError) -> NoMjml {
        let (what, span) = match error {
            ParseError::UnexpectedElement { position, .. } => {
                ("this element cannot stand here", Some(position))
            }
            ParseError::UnexpectedToken { position, .. } => ("this cannot stand here", Some(position)),
            ParseError::MissingAttribute { position, .. } => {
                ("this element lacks an attribute", Some(position))
            }
            ParseError::InvalidAttribute { position, .. } => {
                ("this attribute cannot be read", Some(position))
            }
            ParseError::InvalidFormat { position, .. } => ("this cannot be read", Some(position)),
            ParseError::IncludeLoaderError { position, .. } => ("nothing can be included", Some(position)),
            ParseError::EndOfStream { .. } => ("an element is never closed", None),
            ParseError::SizeLimit { .. } => ("it is too long", None),
            ParseError::ParserError { .. } => ("it is not well-formed", None),
            ParseError::NoRootNode => ("there is no `mjml` element", None),
        };
        let at = span.map(|span| self.source_offset(span.start));
        let message = match error {
            ParseError::MissingAttribute { name, .. } => format!("MJML: {what}: `{name}`"),
            _ => format!("MJML: {what}"),
        };
        NoMjml::new(message, at)
    }

    /// The byte of the source for a byte of the masked text: exact at the beginnings of pieces.
    fn source_offset(&self, masked: usize) -> usize {
        let piece = self.places.partition_point(|(begins, _)| *begins <= masked).saturating_sub(1);
        self.places.get(piece).map_or(0, |(_, source)| *source)
    }
}
