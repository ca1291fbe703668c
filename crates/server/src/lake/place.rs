//! Where the lake lies: a folder, or a bucket of a store that speaks as S3 does.

use anyhow::{Context, bail};
use object_store::ObjectStore;
use object_store::local::LocalFileSystem;
use std::fmt;
use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use url::Url;

/// The folder of the data directory that the lake lies in, where nobody says otherwise.
pub const FOLDER: &str = "lake";

/// Where the lake lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LakePlace {
    /// There is none.
    Off,
    Folder(PathBuf),
    /// Its address: `s3://bucket/folder`.
    Bucket(Url),
}

impl LakePlace {
    /// As the setting `lake` says it.
    pub fn parse(text: &str, data: &Path) -> anyhow::Result<Self> {
        match text.trim() {
            "off" => Ok(Self::Off),
            "local" => Ok(Self::Folder(data.join(FOLDER))),
            text if text.starts_with("s3://") => {
                let url = Url::parse(text).ok().filter(|url| url.host_str().is_some());
                let url = url.with_context(|| {
                    format!("lake must name a bucket, as s3://bucket/folder, and is {text:?}")
                })?;
                Ok(Self::Bucket(url))
            }
            text if Path::new(text).is_absolute() => Ok(Self::Folder(text.into())),
            text => bail!(
                "lake must be local, off, a whole path such as /srv/lake, or s3://bucket/folder, and is {text:?}"
            ),
        }
    }

    /// What is there.
    pub(crate) fn store(&self) -> anyhow::Result<Arc<dyn ObjectStore>> {
        match self {
            Self::Off => bail!("the lake is switched off"),
            Self::Folder(folder) => {
                // What people did is in it: for its owner alone.
                let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
                made.with_context(|| format!("cannot make {}", folder.display()))?;
                let store = LocalFileSystem::new_with_prefix(folder);
                Ok(Arc::new(store.with_context(|| format!("cannot use {}", folder.display()))?))
            }
            Self::Bucket(url) => bucket(url),
        }
    }
}

/// A bucket, with the region, the endpoint and the keys that the usual variables name (`AWS_REGION`, `AWS_ENDPOINT`,
/// `AWS_ACCESS_KEY_ID` …).
fn bucket(url: &Url) -> anyhow::Result<Arc<dyn ObjectStore>> {
    let store = object_store::aws::AmazonS3Builder::from_env().with_url(url.as_str()).build();
    let store = store.with_context(|| format!("{url} cannot be used"))?;
    let folder = url.path().trim_matches('/');
    Ok(match folder {
        "" => Arc::new(store),
        folder => Arc::new(object_store::prefix::PrefixStore::new(store, folder)),
    })
}

impl fmt::Display for LakePlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Off => f.write_str("off"),
            Self::Folder(folder) => write!(f, "{}", folder.display()),
            Self::Bucket(url) => write!(f, "{url}"),
        }
    }
}
