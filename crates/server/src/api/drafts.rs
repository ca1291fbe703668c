//! Definitions that somebody gives: as they are to be saved, or laid over those that are live for one question, after which
//! nothing of them is kept. And what is wrong with the programme that they would give.

use super::definitions::{NamedView, named, parse_kind};
use crate::defined::Defined;
use crate::problem::Problem;
use crate::programme::{Edit, Edited, Finding, Kind, Named, Node, Said, Severity, owner};
use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use engine::programme::Place;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A definition to be saved, as text or as JSON; of a message, perhaps its templates alone.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DefinitionGiven {
    /// As its file or its entry in a file says it.
    yaml: Option<String>,
    /// The same as JSON: of an entry, its value.
    #[schema(value_type = Option<Object>)]
    definition: Option<Node>,
    /// Files beside a message, by name: others stay, and one that is `null` is taken away.
    #[serde(default)]
    templates: BTreeMap<String, Option<String>>,
}

/// A definition beside those that are live: as it is to be, or taken out.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Draft {
    /// Such as `journey`.
    kind: String,
    name: String,
    /// As its file or its entry in a file says it.
    yaml: Option<String>,
    /// The same as JSON: of an entry, its value.
    #[schema(value_type = Option<Object>)]
    definition: Option<Node>,
    /// Files beside a message, by name: others stay, and one that is `null` is taken away.
    #[serde(default)]
    templates: BTreeMap<String, Option<String>>,
    /// It is not there.
    #[serde(default)]
    removed: bool,
}

/// Definitions laid over those that are live.
pub(super) enum Laid {
    Fit(Box<Edited>),
    /// The answer that names every mistake.
    Mistaken(Response),
}

/// Why a change was not made: what is wrong with the programme that it would give.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct MistakenView {
    #[schema(value_type = String)]
    code: &'static str,
    message: String,
    findings: Vec<FindingView>,
    /// Of something that was to be taken out: what is built on it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    used_by: Vec<NamedView>,
}

/// Something wrong or doubtful.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct FindingView {
    file: String,
    line: usize,
    column: usize,
    /// `error` or `warning`.
    severity: &'static str,
    message: String,
    suggestion: Option<String>,
    /// Path into the programme, such as `journeys.cart.steps[1].until`.
    place: String,
    /// Where in a text that was given, if it is there.
    at: Option<MarkView>,
}

#[derive(Serialize, utoipa::ToSchema)]
struct MarkView {
    /// The definition in whose text it is.
    definition: NamedView,
    line: usize,
    column: usize,
}

impl DefinitionGiven {
    /// What becomes of the definition that it is of.
    pub(super) fn edit(self, kind: Kind, name: String) -> Result<Edit, Problem> {
        let Self { yaml, definition, templates } = self;
        let said = match (yaml, definition) {
            (Some(yaml), None) => Said::Yaml(yaml),
            (None, Some(node)) => Said::Json(node),
            (None, None) if !templates.is_empty() => Said::Same,
            _ => {
                let message = "give the definition either as `yaml`, a text, or as `definition`, an object";
                return Err(Problem::bad_request("bad_json", "definition", message));
            }
        };
        check_names(kind, &name, &templates)?;
        Ok(Edit { kind, name, said, templates })
    }
}

impl Draft {
    pub(super) fn edit(self) -> Result<Edit, Problem> {
        let Self { kind, name, yaml, definition, templates, removed } = self;
        let kind = parse_kind(&kind)?;
        if !removed {
            return DefinitionGiven { yaml, definition, templates }.edit(kind, name);
        }
        if yaml.is_some() || definition.is_some() || !templates.is_empty() {
            let message = format!("the {} \"{name}\" is to be removed, and says something", kind.name());
            return Err(Problem::bad_request("bad_json", "removed", message));
        }
        Ok(Edit { kind, name, said: Said::Nothing, templates })
    }
}

/// Lays definitions over those that are live.
pub(super) async fn laid(defined: &Arc<Defined>, edits: Vec<Edit>) -> Result<Laid, Problem> {
    let live = Arc::clone(defined);
    let edit = move || live.folder.edit(&edits);
    let edited = tokio::task::spawn_blocking(edit).await.expect("invariant: a check does not panic");
    let edited = edited.map_err(|unfit| Problem::bad_request("other_definition", "definition", unfit.why))?;
    Ok(match edited.checked.errors() {
        0 => Laid::Fit(Box::new(edited)),
        _ => Laid::Mistaken(mistaken(defined, &edited, &edited.checked.findings)),
    })
}

pub(super) fn mistaken(defined: &Defined, edited: &Edited, findings: &[Finding]) -> Response {
    let names: BTreeSet<Named> = defined.folder.names().map(|(kind, name)| (kind, name.to_owned())).collect();
    let errors = findings.iter().filter(|finding| finding.severity == Severity::Error);
    let users: BTreeSet<Named> =
        errors.filter_map(|finding| owner(&Place(finding.place.clone()), &names)).collect();
    let gone = edited.is_without;
    let (status, code, message) = match (gone, findings.len()) {
        (true, _) => (StatusCode::CONFLICT, "in_use", "other definitions are built on it".to_owned()),
        (false, 1) => {
            (StatusCode::BAD_REQUEST, "programme_mistakes", "the programme would have a mistake".to_owned())
        }
        (false, count) => {
            let message = format!("the programme would have {count} mistakes");
            (StatusCode::BAD_REQUEST, "programme_mistakes", message)
        }
    };
    let used_by =
        if gone { users.iter().map(|(kind, name)| named(*kind, name)).collect() } else { Vec::new() };
    let findings = findings.iter().map(|finding| finding_view(edited, finding)).collect();
    (status, Json(MistakenView { code, message, findings, used_by })).into_response()
}

pub(super) fn finding_view(edited: &Edited, finding: &Finding) -> FindingView {
    FindingView {
        file: finding.file.display().to_string(),
        line: finding.line,
        column: finding.column,
        severity: finding.severity.name(),
        message: finding.message.clone(),
        suggestion: finding.suggestion.clone(),
        place: finding.place.clone(),
        at: edited.inside(finding).map(|((kind, name), line, column)| MarkView {
            definition: named(*kind, name),
            line,
            column,
        }),
    }
}

/// Names become paths, so there are no folders in them.
fn check_names(kind: Kind, name: &str, templates: &BTreeMap<String, Option<String>>) -> Result<(), Problem> {
    let is_bad =
        |name: &str| name.is_empty() || name.starts_with('.') || name.contains(['/', '\\', '\0', '\n']);
    if is_bad(name) {
        return Err(Problem::bad_request("bad_name", "name", format!("\"{name}\" is no name")));
    }
    for file in templates.keys() {
        let is_template = !is_bad(file) && file.starts_with("email.");
        if kind != Kind::Message
            || !is_template
            || !file.ends_with(".mjml") && !file.ends_with(".html") && !file.ends_with(".txt")
        {
            let message = format!("\"{file}\" is no template of a message, such as `email.en.mjml`");
            return Err(Problem::bad_request("bad_template", "templates", message));
        }
    }
    Ok(())
}
