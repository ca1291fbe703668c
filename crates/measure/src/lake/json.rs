//! Properties in SQL: `properties ->> 'total'`, as PostgreSQL and DuckDB write it.

use datafusion::arrow::array::{Array, ArrayRef, AsArray, StringArray};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::{DFSchema, Result, exec_err};
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::planner::{ExprPlanner, PlannerResult, RawBinaryExpr};
use datafusion::logical_expr::sqlparser::ast::BinaryOperator;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use serde_json::Value;
use std::sync::Arc;

/// What JSON in a text has under a path, as text: a text without its quotes, nothing for null. Names of a path have points
/// between them; `$.` may stand before.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct JsonText {
    signature: Signature,
}

impl JsonText {
    pub(super) fn function() -> ScalarUDF {
        let signature = Signature::exact(vec![DataType::Utf8, DataType::Utf8], Volatility::Immutable);
        ScalarUDF::from(Self { signature })
    }
}

impl ScalarUDFImpl for JsonText {
    fn name(&self) -> &'static str {
        "json_text"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let arrays = ColumnarValue::values_to_arrays(&args.args)?;
        let [texts, paths] = arrays.as_slice() else {
            return exec_err!("json_text takes a text and a path: json_text(properties, 'total')");
        };
        let (texts, paths): (&StringArray, &StringArray) = (texts.as_string(), paths.as_string());
        let rows = (0..texts.len()).map(|row| {
            let is_there = texts.is_valid(row) && paths.is_valid(row);
            is_there.then(|| under(texts.value(row), paths.value(row))).flatten()
        });
        let found: StringArray = rows.collect();
        Ok(ColumnarValue::Array(Arc::new(found) as ArrayRef))
    }
}

fn under(text: &str, path: &str) -> Option<String> {
    let json: Value = serde_json::from_str(text).ok()?;
    let path = path.strip_prefix("$.").unwrap_or(path);
    let found = json.get(path).or_else(|| path.split('.').try_fold(&json, step))?;
    match found {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

fn step<'v>(value: &'v Value, name: &str) -> Option<&'v Value> {
    match value {
        Value::Array(list) => list.get(name.parse::<usize>().ok()?),
        value => value.get(name),
    }
}

/// Makes `->>` that function.
#[derive(Debug)]
pub(super) struct Arrows(pub(super) Arc<ScalarUDF>);

impl ExprPlanner for Arrows {
    fn plan_binary_op(&self, expr: RawBinaryExpr, _: &DFSchema) -> Result<PlannerResult<RawBinaryExpr>> {
        if expr.op != BinaryOperator::LongArrow {
            return Ok(PlannerResult::Original(expr));
        }
        let function = ScalarFunction::new_udf(Arc::clone(&self.0), vec![expr.left, expr.right]);
        Ok(PlannerResult::Planned(Expr::ScalarFunction(function)))
    }
}

#[cfg(test)]
mod tests {
    use super::under;

    #[test]
    fn what_is_under_a_path_is_what_the_table_says() {
        let json = r#"{"total": 12.50, "name": "ada", "none": null, "a": {"b": [1, {"c": true}]}, "x.y": 3}"#;
        let cases = [
            ("total", Some("12.5")),
            ("$.total", Some("12.5")),
            ("name", Some("ada")),
            ("none", None),
            ("missing", None),
            ("a.b.1.c", Some("true")),
            ("a.b", Some(r#"[1,{"c":true}]"#)),
            ("x.y", Some("3")),
        ];
        for (path, expected) in cases {
            assert_eq!(under(json, path).as_deref(), expected, "{path}");
        }
        assert_eq!(under("no JSON", "total"), None);
    }
}
