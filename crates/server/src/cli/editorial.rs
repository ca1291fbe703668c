//! `trama editorial`: how the spaces of the editorial plan fare, and who has more to write than time.

use super::check::show;
use crate::clock;
use crate::editorial::{day_of, editorial_view};
use crate::programme::load;
use anyhow::bail;
use eventlog::sqlite::SqliteReader;
use jiff::civil::Date;
use std::path::PathBuf;

/// Tell how the spaces that you write for fare, and who has more to write than time
///
/// Spaces decline in a known order: visits fade, writing slows, the space is silent, and it is abandoned. With --data, visits
/// are read from the log, and a server may run on the directory.
#[derive(clap::Args)]
pub(super) struct Args {
    /// Folder of the programme
    #[arg(value_name = "PROGRAMME_DIR")]
    programme: PathBuf,
    /// Directory of the installation whose log tells of visits
    #[arg(long, env = "TRAMA_DATA", hide_env_values = true, value_name = "DIR")]
    data: Option<PathBuf>,
    /// The day that it is told for: 2026-10-12 [default: today, where the programme is]
    #[arg(long, value_name = "DATE")]
    as_of: Option<Date>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> anyhow::Result<()> {
    let (programme, _) = match load(&args.programme) {
        Ok(loaded) => loaded,
        Err(findings) => {
            show(&findings)?;
            bail!("the programme in {} has mistakes", args.programme.display())
        }
    };
    if programme.editorial.is_empty() {
        bail!(
            "the programme has no editorial plan; write one in {}",
            args.programme.join("editorial.yaml").display()
        );
    }
    let log = match &args.data {
        Some(data) if !eventlog::sqlite::exists(data) => {
            bail!("there is no installation in {}, and so nothing is known of visits", data.display())
        }
        Some(data) => Some(SqliteReader::open(data)?),
        None => None,
    };
    let today = args.as_of.unwrap_or_else(|| day_of(&programme, clock::now()));
    let outlook = editorial_view(&programme, log.as_ref(), today)?;
    match args.json {
        true => println!("{}", serde_json::to_string(&outlook)?),
        false => print!("{}", outlook.told()),
    }
    Ok(())
}
