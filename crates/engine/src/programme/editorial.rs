//! The editorial plan: the spaces that a company writes for, who writes and how much they can, and the pieces that are
//! planned or published.
//!
//! The engine keeps it with the rest of the programme and does nothing by it: what it says of a space is a matter of
//! dates, and `measure` works that out.

use super::check::did_you_mean;
use super::{Mistake, Place, Programme};
use crate::limits::{CONTRIBUTORS_MAX, PIECES_MAX, SPACES_MAX};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Editorial {
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub spaces: BTreeMap<String, Space>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub contributors: BTreeMap<String, Contributor>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub pieces: BTreeMap<String, Piece>,
}

/// A place where a company publishes: a blog, a newsletter, a channel of videos.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Space {
    /// The beginning of the addresses of its pages; empty for one whose visits are not on pages of ours.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub url: String,
    /// Days between one piece and the next, as it is meant to be.
    pub every_days: u16,
}

/// Somebody who writes, films or speaks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Contributor {
    /// What they have for it in a week.
    pub minutes_a_week: u32,
    pub expertise: Expertise,
}

/// Whose knowledge it is, or has to be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Expertise {
    /// Anybody who writes well can find it out.
    #[default]
    Shared,
    /// The company's own.
    Own,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Intent {
    #[default]
    Helpful,
    Selling,
}

/// How far a piece is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PieceState {
    #[default]
    Idea,
    Drafted,
    Ready,
    Published,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Piece {
    pub title: String,
    pub space: String,
    /// The contributor.
    pub by: String,
    /// The day on which it is published, or was: `2026-10-12`.
    pub on: String,
    /// What it takes to make it.
    pub minutes: u32,
    /// Whose it needs.
    pub expertise: Expertise,
    pub intent: Intent,
    pub state: PieceState,
}

impl Expertise {
    pub const ALL: [Self; 2] = [Self::Own, Self::Shared];

    pub fn name(self) -> &'static str {
        match self {
            Self::Own => "own",
            Self::Shared => "shared",
        }
    }
}

impl Intent {
    pub const ALL: [Self; 2] = [Self::Helpful, Self::Selling];

    pub fn name(self) -> &'static str {
        match self {
            Self::Helpful => "helpful",
            Self::Selling => "selling",
        }
    }
}

impl PieceState {
    pub const ALL: [Self; 4] = [Self::Idea, Self::Drafted, Self::Ready, Self::Published];

    pub fn name(self) -> &'static str {
        match self {
            Self::Idea => "idea",
            Self::Drafted => "drafted",
            Self::Ready => "ready",
            Self::Published => "published",
        }
    }
}

impl Piece {
    /// The day; `None` only where the programme has a mistake.
    pub fn day(&self) -> Option<Date> {
        self.on.parse().ok()
    }
}

impl Editorial {
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl Programme {
    /// What is wrong with its editorial plan.
    pub(super) fn editorial_mistakes(&self) -> Vec<Mistake> {
        let Editorial { spaces, contributors, pieces } = &self.editorial;
        let mut mistakes = Vec::new();
        let root = Place("editorial".to_owned());
        let mut add = |place: Place, message: String, suggestion: Option<String>| {
            mistakes.push(Mistake { place, offset: None, message, suggestion });
        };
        for (field, count, max) in [
            ("spaces", spaces.len(), SPACES_MAX),
            ("contributors", contributors.len(), CONTRIBUTORS_MAX),
            ("pieces", pieces.len(), PIECES_MAX),
        ] {
            if count > max {
                add(root.field(field), format!("an editorial plan has at most {max} {field}"), None);
            }
        }
        for (name, space) in spaces {
            if space.every_days == 0 {
                let message = "a space is written for at some beat".to_owned();
                let place = root.field("spaces").field(name).field("every_days");
                add(place, message, Some("for example `every: 7 days`".to_owned()));
            }
        }
        for (name, piece) in pieces {
            let place = root.field("pieces").field(name);
            if !spaces.contains_key(&piece.space) {
                let message = format!("the plan has no space \"{}\"", piece.space);
                add(place.field("space"), message, did_you_mean(&piece.space, spaces.keys()));
            }
            match contributors.get(&piece.by) {
                None => {
                    let message = format!("the plan has no contributor \"{}\"", piece.by);
                    add(place.field("by"), message, did_you_mean(&piece.by, contributors.keys()));
                }
                Some(one) if piece.expertise == Expertise::Own && one.expertise == Expertise::Shared => {
                    let message = format!(
                        "it needs the company's own expertise, and \"{}\" writes from what everybody can know",
                        piece.by
                    );
                    let suggestion = "give it to a contributor with `expertise: own`".to_owned();
                    add(place.field("by"), message, Some(suggestion));
                }
                Some(_) => {}
            }
            if piece.day().is_none() {
                let message = format!("\"{}\" is no day", piece.on);
                add(place.field("on"), message, Some("for example `on: 2026-10-12`".to_owned()));
            }
        }
        mistakes
    }
}
