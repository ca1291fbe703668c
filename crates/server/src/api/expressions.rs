//! Expressions in their two equal forms, the text that people write and the tree that programs build: each is turned
//! into the other here.

use super::extract::Body;
use crate::problem::Problem;
use axum::Json;
use engine::programme::Place;
use engine::segment::json::{from_json, to_json};
use engine::segment::{Expression, Owner, parse};
use serde::{Deserialize, Serialize};

/// An expression in one of its forms.
#[derive(Deserialize, utoipa::ToSchema)]
pub(super) struct ExpressionGiven {
    /// As text.
    expression: Option<String>,
    /// As a tree, which the reference of the segment language describes.
    #[schema(value_type = Option<Object>)]
    tree: Option<serde_json::Value>,
}

/// An expression and what it belongs to.
#[derive(Deserialize, utoipa::ToSchema)]
pub(super) struct ExpressionAsked {
    #[serde(flatten)]
    given: ExpressionGiven,
    /// Whose expression it is; a segment's, when absent. Only inside a journey a window can begin at the entry.
    #[serde(default)]
    of: ExpressionOwner,
}

#[derive(Clone, Copy, Default, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
enum ExpressionOwner {
    #[default]
    Segment,
    Journey,
}

/// An expression in both forms.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct ExpressionView {
    /// In the one way in which Trama writes it.
    expression: String,
    #[schema(value_type = Object)]
    tree: serde_json::Value,
}

/// Reads an expression in either form, and gives it back in both.
#[utoipa::path(
    post,
    path = "/api/v1/segments/parse",
    request_body = ExpressionAsked,
    responses((status = 200, body = ExpressionView), (status = 400, body = Problem))
)]
pub(super) async fn parse(Body(asked): Body<ExpressionAsked>) -> Result<Json<ExpressionView>, Problem> {
    let owner = match asked.of {
        ExpressionOwner::Segment => Owner::Segment,
        ExpressionOwner::Journey => Owner::Journey,
    };
    let expression = asked.given.read(owner)?;
    Ok(Json(ExpressionView { expression: expression.to_string(), tree: to_json(&expression) }))
}

impl ExpressionGiven {
    fn read(&self, owner: Owner) -> Result<Expression, Problem> {
        match self {
            Self { expression: Some(text), tree: None } => {
                let place = Place("expression".to_owned());
                let read = parse::parse_for(text, owner).map_err(|wrong| wrong.at(place));
                read.map_err(|mistake| Problem::expression("expression", mistake))
            }
            Self { expression: None, tree: Some(tree) } => from_json(tree, owner).map_err(|mistake| {
                let field = mistake.place.0.clone();
                Problem::expression(&field, mistake)
            }),
            _ => {
                let message = "give the expression either as `expression`, a text, or as `tree`";
                Err(Problem::bad_request("bad_json", "expression", message))
            }
        }
    }

    /// The expression as a text, and the field in which it came: as it was written, so that a mistake that is found
    /// later has its place in it.
    pub(super) fn text(self) -> Result<(String, &'static str), Problem> {
        match self {
            Self { expression: Some(text), tree: None } => Ok((text, "expression")),
            other => other.read(Owner::Segment).map(|expression| (expression.to_string(), "tree")),
        }
    }
}
