//! `trama keys webhook`: the secrets that sign what a webhook is told.

use crate::cli::DataDir;
use crate::webhooks::secrets::Secrets;
use anyhow::bail;

/// Show the secrets of a webhook; the first one is made where there is none
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    data: DataDir,
    /// Its name in the programme
    webhook: String,
    /// Add a second secret: both sign, until the receiver knows the new one
    #[arg(long, conflicts_with = "drop_oldest")]
    add: bool,
    /// Take the older one of two secrets away
    #[arg(long)]
    drop_oldest: bool,
}

pub(super) fn run(args: &Args) -> anyhow::Result<()> {
    let data = &args.data.data;
    if !data.is_dir() {
        bail!("there is no directory {}; `trama serve --data {0}` makes it", data.display());
    }
    let secrets = Secrets::open(data);
    if args.add {
        secrets.add(&args.webhook)?;
    }
    if args.drop_oldest {
        secrets.drop_oldest(&args.webhook)?;
    }
    for secret in secrets.of(&args.webhook)? {
        println!("{}", secret.shown());
    }
    Ok(())
}
