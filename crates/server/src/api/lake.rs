//! The lake: questions in SQL, how far it is, and whether it says what the log says.

use super::extract::{Body, Query};
use crate::hub::Hub;
use crate::lake::{LakeStatus, Unanswered};
use crate::problem::{Problem, READING_LOG};
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use measure::lake::schema::TABLES;
use measure::lake::{Answer, Check, SqlError};
use measure::limits::SQL_ROWS_MAX;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Instant;

/// A question.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Question {
    /// SELECT, WITH, EXPLAIN, SHOW TABLES or DESCRIBE. The tables are those of docs/reference/lake.md.
    sql: String,
    /// At most so many rows; 10,000 when absent, and at most.
    limit: Option<usize>,
}

/// How it is to be answered.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Shape {
    /// `json` or `csv`; what `Accept` asks for when absent, and JSON where that says neither.
    format: Option<String>,
}

/// A column of an answer.
#[derive(Serialize, utoipa::ToSchema)]
struct SqlColumn {
    name: String,
    /// `bigint`, `double`, `decimal`, `text`, `boolean`, `date`, `timestamp`, or what the SQL engine calls it.
    r#type: String,
}

/// What a question found.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct SqlAnswer {
    columns: Vec<SqlColumn>,
    /// Numbers are numbers where a double holds them, days `2026-01-31`, instants `2026-01-31T12:00:00.000Z`, all else text.
    rows: Vec<Vec<Value>>,
    /// There are more rows than these.
    truncated: bool,
    /// The record of the log as of which it is, and its instant.
    seq: u64,
    as_of: String,
    took_ms: f64,
}

impl From<(Answer, f64)> for SqlAnswer {
    fn from((answer, took_ms): (Answer, f64)) -> Self {
        let Answer { columns, rows, truncated, seq, as_of } = answer;
        let columns = columns.into_iter().map(|one| SqlColumn { name: one.name, r#type: one.kind }).collect();
        Self { columns, rows, truncated, seq, as_of, took_ms }
    }
}

/// A table of the lake.
#[derive(Serialize, utoipa::ToSchema)]
struct TableView {
    name: &'static str,
    version: u32,
    means: &'static str,
    columns: Vec<ColumnView>,
}

#[derive(Serialize, utoipa::ToSchema)]
struct ColumnView {
    name: &'static str,
    optional: bool,
    means: &'static str,
}

/// The lake, and what its tables are.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct LakeView {
    #[serde(flatten)]
    status: LakeStatus,
    tables: Vec<TableView>,
}

/// A figure as the lake and as the log tell it.
#[derive(Serialize, utoipa::ToSchema)]
struct CheckView {
    table: &'static str,
    what: String,
    lake: String,
    log: String,
    equal: bool,
}

/// Whether the lake says what the log says.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct Verified {
    equal: bool,
    checks: Vec<CheckView>,
}

impl From<Vec<Check>> for Verified {
    fn from(checks: Vec<Check>) -> Self {
        let view = |check: Check| {
            let Check { table, what, lake, log, is_equal } = check;
            CheckView { table, what, lake, log, equal: is_equal }
        };
        Self {
            equal: checks.iter().all(|check| check.is_equal),
            checks: checks.into_iter().map(view).collect(),
        }
    }
}

/// Asks the lake in SQL. Nothing is changed by it; a question has a minute and 512 MiB.
#[utoipa::path(
    post,
    path = "/api/v1/sql",
    params(Shape),
    request_body = Question,
    responses(
        (status = 200, body = SqlAnswer, description = "JSON, or CSV with a line of names"),
        (status = 400, body = Problem),
        (status = 409, body = Problem, description = "The lake is switched off"),
        (status = 503, body = Problem, description = "The lake is being made, or cannot be reached")
    )
)]
pub(super) async fn ask(
    State(hub): State<Arc<Hub>>,
    Query(shape): Query<Shape>,
    headers: HeaderMap,
    Body(question): Body<Question>,
) -> Result<Response, Problem> {
    let is_csv = is_csv(shape.format.as_deref(), &headers)?;
    let most = question.limit.unwrap_or(SQL_ROWS_MAX).min(SQL_ROWS_MAX);
    let begun = Instant::now();
    let answer = hub.lake.ask(&hub.runtime, &hub.log, question.sql, Some(most)).await.map_err(problem)?;
    let took_ms = begun.elapsed().as_secs_f64() * 1_000.0;
    if is_csv {
        let text = csv(&answer).map_err(|error| Problem::internal(&error))?;
        return Ok(([(header::CONTENT_TYPE, "text/csv; charset=utf-8")], text).into_response());
    }
    Ok(Json(SqlAnswer::from((answer, took_ms))).into_response())
}

fn is_csv(format: Option<&str>, headers: &HeaderMap) -> Result<bool, Problem> {
    match format {
        Some("csv") => Ok(true),
        Some("json") => Ok(false),
        Some(other) => {
            let message = format!("\"{other}\" is not known here: write json or csv");
            Err(Problem::bad_request("bad_parameter", "format", message))
        }
        None => {
            let accepted =
                headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
            Ok(accepted.contains("text/csv"))
        }
    }
}

/// An answer as CSV, with a line of names.
pub(crate) fn csv(answer: &Answer) -> anyhow::Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(answer.columns.iter().map(|column| &column.name))?;
    for row in &answer.rows {
        writer.write_record(row.iter().map(text))?;
    }
    Ok(writer.into_inner().map_err(|error| error.into_error())?)
}

/// A cell for people and for tables of text; empty where there is nothing.
pub(crate) fn text(cell: &Value) -> String {
    match cell {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// The lake's state, its place and its tables.
#[utoipa::path(get, path = "/api/v1/lake", responses((status = 200, body = LakeView)))]
pub(super) async fn show(State(hub): State<Arc<Hub>>) -> Json<LakeView> {
    let status = hub.lake.status(*hub.runtime.durable().borrow());
    let tables = TABLES.into_iter().map(|table| TableView {
        name: table.name,
        version: table.version,
        means: table.means,
        columns: table
            .columns
            .iter()
            .map(|one| ColumnView { name: one.name, optional: one.is_optional, means: one.means })
            .collect(),
    });
    Json(LakeView { status, tables: tables.collect() })
}

/// Compares counts and sums of the lake with the log, which is read whole.
#[utoipa::path(
    get,
    path = "/api/v1/lake/verify",
    responses((status = 200, body = Verified), (status = 409, body = Problem), (status = 503, body = Problem))
)]
pub(super) async fn verify(State(hub): State<Arc<Hub>>) -> Result<Json<Verified>, Problem> {
    let _reading = hub.reading.lock().await;
    let checks = hub.lake.verify(&hub.runtime, &hub.log).await.map_err(problem)?;
    Ok(Json(Verified::from(checks)))
}

fn problem(unanswered: Unanswered) -> Problem {
    let later = |code, message: String| Problem::new(StatusCode::SERVICE_UNAVAILABLE, code, message);
    match unanswered {
        Unanswered::Off => {
            let message = "the lake is switched off; `lake = \"local\"` in trama.toml switches it on";
            Problem::new(StatusCode::CONFLICT, "lake_off", message)
        }
        Unanswered::Making(percent) => {
            later(READING_LOG, format!("the lake is being made of the log ({percent} %); ask again"))
        }
        Unanswered::Failed(why) => later("lake_failing", format!("the lake does not get on: {why}")),
        Unanswered::Sql(error @ (SqlError::Lake(_) | SqlError::Empty)) => {
            later("lake_failing", error.to_string())
        }
        Unanswered::Sql(error) => Problem::bad_request("bad_sql", "sql", error.to_string()),
    }
}

/// The same answer as JSON, for commands that ask a lake themselves.
pub(crate) fn told(answer: Answer, took_ms: f64) -> Value {
    json!(SqlAnswer::from((answer, took_ms)))
}

/// Likewise what a comparison found.
pub(crate) fn told_checks(checks: Vec<Check>) -> Value {
    json!(Verified::from(checks))
}
