//! Questions in SQL. They read the files that one manifest names, change nothing, and are bounded in time, memory and rows.

use super::answer::{Answer, AnswerColumn, rows};
use super::error::{LakeError, SqlError};
use super::json::{Arrows, JsonText};
use super::schema::TABLES;
use super::table::{Listed, STORE};
use super::{Lake, Manifest};
use crate::limits::{
    SQL_ANSWER_BYTES_MAX, SQL_BYTES_MAX, SQL_MEMORY_MAX, SQL_PARTITIONS, SQL_ROWS_MAX, SQL_TIME_MAX,
};
use datafusion::error::DataFusionError;
use datafusion::execution::context::SQLOptions;
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::registry::FunctionRegistry as _;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::logical_expr::LogicalPlan;
use datafusion::prelude::{SessionConfig, SessionContext};
use engine::programme::nearest;
use futures_util::TryStreamExt as _;
use object_store::ObjectStore;
use std::sync::Arc;

impl Lake {
    /// Answers a question, with at most so many rows.
    pub async fn ask(&self, question: &str, most: Option<usize>) -> Result<Answer, SqlError> {
        if question.len() > SQL_BYTES_MAX {
            return Err(SqlError::Mistake(format!(
                "the question has {} bytes: {SQL_BYTES_MAX} are the most",
                question.len()
            )));
        }
        // As long as this is held, no file of the manifest goes away.
        let _reading = self.reading.read().await;
        let manifest = self.manifest();
        if manifest.stated_seq == 0 {
            return Err(SqlError::Empty);
        }
        let most = most.unwrap_or(SQL_ROWS_MAX);
        let answering = answer(Arc::clone(&self.files.store), &manifest, question, most);
        let answered = tokio::time::timeout(SQL_TIME_MAX, answering).await;
        answered.map_err(|_| SqlError::TooLong(SQL_TIME_MAX.as_secs()))?.map_err(|error| told(&error))
    }
}

async fn answer(
    store: Arc<dyn ObjectStore>,
    manifest: &Manifest,
    question: &str,
    most: usize,
) -> Result<Answer, DataFusionError> {
    let context = session(store, manifest)?;
    let plan = context.state().create_logical_plan(question).await?;
    let read_only =
        SQLOptions::new().with_allow_ddl(false).with_allow_dml(false).with_allow_statements(false);
    read_only.verify_plan(&plan).map_err(|_| DataFusionError::Plan(READ_ONLY.to_owned()))?;
    refuse_analyze_of_writes(&plan)?;
    let mut stream = context.execute_logical_plan(plan).await?.execute_stream().await?;
    let columns = stream.schema().fields().iter().map(|field| AnswerColumn::of(field)).collect();
    let mut answer = Answer {
        columns,
        rows: Vec::new(),
        truncated: false,
        seq: manifest.stated_seq,
        as_of: manifest.as_of.clone(),
    };
    let mut bytes = 0;
    while let Some(batch) = stream.try_next().await? {
        let batch = batch.slice(0, batch.num_rows().min(most + 1 - answer.rows.len()));
        let (rows, size) = rows(&batch)?;
        bytes += size;
        if bytes > SQL_ANSWER_BYTES_MAX {
            let mib = SQL_ANSWER_BYTES_MAX >> 20;
            return Err(DataFusionError::Plan(format!(
                "the answer is larger than {mib} MiB: ask for fewer columns or rows"
            )));
        }
        answer.rows.extend(rows);
        if answer.rows.len() > most {
            answer.rows.truncate(most);
            answer.truncated = true;
            break;
        }
    }
    Ok(answer)
}

const READ_ONLY: &str = "questions only read: write SELECT, WITH, EXPLAIN, SHOW TABLES or DESCRIBE; what changes the lake is the log";

/// EXPLAIN ANALYZE does what it explains.
fn refuse_analyze_of_writes(plan: &LogicalPlan) -> Result<(), DataFusionError> {
    let reads = |plan: &LogicalPlan| {
        !matches!(
            plan,
            LogicalPlan::Dml(_) | LogicalPlan::Ddl(_) | LogicalPlan::Copy(_) | LogicalPlan::Statement(_)
        )
    };
    let inside: &LogicalPlan = match plan {
        LogicalPlan::Analyze(analyze) => &analyze.input,
        LogicalPlan::Explain(explain) => &explain.plan,
        plan => plan,
    };
    if reads(inside) { Ok(()) } else { Err(DataFusionError::Plan(READ_ONLY.to_owned())) }
}

fn session(store: Arc<dyn ObjectStore>, manifest: &Manifest) -> Result<SessionContext, DataFusionError> {
    let config = SessionConfig::new()
        .with_target_partitions(SQL_PARTITIONS)
        .with_information_schema(true)
        .with_collect_statistics(false)
        // Whose `->>` binds tighter than a comparison.
        .set_str("datafusion.sql_parser.dialect", "PostgreSQL")
        .set_bool("datafusion.sql_parser.map_string_types_to_utf8view", false)
        .set_bool("datafusion.execution.parquet.schema_force_view_types", false);
    let no_files = DiskManagerBuilder::default().with_mode(DiskManagerMode::Disabled);
    let runtime = RuntimeEnvBuilder::new()
        .with_memory_limit(SQL_MEMORY_MAX, 1.0)
        .with_disk_manager_builder(no_files)
        .build_arc()?;
    let mut context = SessionContext::new_with_config_rt(config, runtime);
    let url = STORE.parse().expect("invariant: an address");
    context.register_object_store(&url, store);
    let json_text = Arc::new(JsonText::function());
    context.register_udf(json_text.as_ref().clone());
    context.register_expr_planner(Arc::new(Arrows(json_text)))?;
    for table in TABLES {
        context.register_table(table.name, Arc::new(Listed::of(table, manifest)))?;
    }
    Ok(context)
}

/// What went wrong, for whoever asked.
fn told(error: &DataFusionError) -> SqlError {
    match error.find_root() {
        DataFusionError::ResourcesExhausted(_) => SqlError::TooLarge(format!("{} MiB", SQL_MEMORY_MAX >> 20)),
        DataFusionError::ObjectStore(error) => SqlError::Lake(LakeError::Other(error.to_string())),
        DataFusionError::ParquetError(error) => SqlError::Lake(LakeError::Other(error.to_string())),
        DataFusionError::IoError(error) => SqlError::Lake(LakeError::Other(error.to_string())),
        root => SqlError::Mistake(mended(&root.strip_backtrace())),
    }
}

/// A sentence of the SQL engine's, in our words where they lead further.
fn mended(said: &str) -> String {
    let prefixes = [
        "Error during planning: ",
        "SQL error: ",
        "Schema error: ",
        "Execution error: ",
        "Arrow error: ",
        "This feature is not implemented: ",
    ];
    let mut said = said.trim();
    while let Some(rest) = prefixes.iter().find_map(|prefix| said.strip_prefix(prefix)) {
        said = rest;
    }
    let table = said.strip_prefix("table '").and_then(|rest| rest.split_once("' not found"));
    let Some((table, _)) = table else { return said.to_owned() };
    let table = table.rsplit('.').next().unwrap_or(table);
    let names = TABLES.map(|table| table.name);
    match nearest(table, names) {
        Some(near) => format!("there is no table \"{table}\": did you mean {near}?"),
        None => format!("there is no table \"{table}\": there are {}", names.join(", ")),
    }
}
