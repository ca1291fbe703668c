//! The lake: what the log says, as Parquet files that any program reads, and questions in SQL about it.
//!
//! Whoever owns the log feeds it: [`Lake::begin`] says from where on, [`Refresh::observe`] takes the records,
//! [`Refresh::finish`] puts the next state in place. It is derived: deleted, it is made again from the log. Two sorts of
//! tables are in it. *Logged* ones get a row for each record and never change but for an erasure or a merge that is undone;
//! *stated* ones say how things stand and are told anew by each refresh, which writes what changed. So whoever reads
//! finds all tables of one record of the log, and the same figures that [`crate::kpi`] tells of it.

mod answer;
mod compact;
mod error;
mod facts;
mod files;
mod json;
mod manifest;
mod refresh;
mod repair;
mod rows;
pub mod schema;
mod sql;
mod stated;
mod table;
mod touch;
mod verify;
mod visits;

pub use answer::{Answer, AnswerColumn};
pub use error::{LakeError, SqlError};
pub use manifest::{File, MANIFEST, Manifest, TableFiles};
pub use refresh::Refresh;
pub use verify::{Check, Counted, verify};

use engine::engine::Engine;
use files::Files;
use object_store::ObjectStore;
use schema::TABLES;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, RwLock};

/// A lake in a folder or a bucket. One program writes it at a time.
pub struct Lake {
    files: Files,
    manifest: RwLock<Arc<Manifest>>,
    /// Files that a manifest of before had, and that go once nobody reads by it.
    unneeded: Mutex<Vec<String>>,
    /// Read by questions; written by whoever takes files away.
    reading: tokio::sync::RwLock<()>,
    /// Whether there may be files that no manifest names, of a crash or of a refresh that broke off.
    is_littered: Mutex<bool>,
}

impl Lake {
    /// Opens what is there. A manifest that names a file that is not there as it says is none: the lake will be made again.
    pub async fn open(store: Arc<dyn ObjectStore>) -> Result<Self, LakeError> {
        let files = Files { store };
        let mut manifest = files.manifest().await?.unwrap_or_else(Manifest::empty);
        if manifest.seq > 0 {
            let found = files.list(&TABLES).await?;
            let is_there = |file: &File| found.get(&file.path) == Some(&file.bytes);
            if !manifest.is_current() || !manifest.all_files().all(is_there) {
                let installation = manifest.installation;
                manifest = Manifest { installation, ..Manifest::empty() };
            }
        }
        Ok(Self {
            files,
            manifest: RwLock::new(Arc::new(manifest)),
            unneeded: Mutex::default(),
            reading: tokio::sync::RwLock::default(),
            is_littered: Mutex::new(true),
        })
    }

    /// What the lake holds now.
    pub fn manifest(&self) -> Arc<Manifest> {
        Arc::clone(&self.manifest.read().expect(UNPOISONED))
    }

    /// Begins to bring the lake to where an engine stands. Dropped before its end, it has changed nothing that counts.
    pub async fn begin<'a>(&'a self, engine: &'a Engine) -> Result<Refresh<'a>, LakeError> {
        let installed = engine.installed().map(|installed| format!("{:016x}", installed.installation));
        let installation = installed.unwrap_or_default();
        let manifest = self.manifest();
        if !manifest.installation.is_empty() && manifest.installation != installation {
            return Err(LakeError::Foreign);
        }
        let is_littered = std::mem::replace(&mut *self.is_littered.lock().expect(UNPOISONED), true);
        if is_littered {
            self.sweep(&manifest).await?;
        }
        Ok(Refresh::new(self, engine, installation, Manifest::clone(&manifest)))
    }

    /// A refresh has come to its end.
    fn ended(&self) {
        *self.is_littered.lock().expect(UNPOISONED) = false;
    }

    /// Takes away the files of tables that no manifest names.
    async fn sweep(&self, manifest: &Manifest) -> Result<(), LakeError> {
        let named: BTreeSet<&str> = manifest.all_files().map(|file| file.path.as_str()).collect();
        for path in self.files.list(&TABLES).await?.keys().filter(|path| !named.contains(path.as_str())) {
            self.files.delete(path).await?;
        }
        Ok(())
    }

    /// Puts a manifest in place. What it names no more goes away: at once, or after the questions that still read it.
    async fn publish(&self, manifest: Manifest) -> Result<(), LakeError> {
        self.files.put_manifest(&manifest).await?;
        let manifest = Arc::new(manifest);
        let before = std::mem::replace(&mut *self.manifest.write().expect(UNPOISONED), Arc::clone(&manifest));
        let named: BTreeSet<&str> = manifest.all_files().map(|file| file.path.as_str()).collect();
        let gone = before.all_files().map(|file| &file.path).filter(|path| !named.contains(path.as_str()));
        self.unneeded.lock().expect(UNPOISONED).extend(gone.cloned());
        let _nobody_reads = self.reading.write().await;
        let unneeded = std::mem::take(&mut *self.unneeded.lock().expect(UNPOISONED));
        for (place, path) in unneeded.iter().enumerate() {
            if let Err(error) = self.files.delete(path).await {
                self.unneeded.lock().expect(UNPOISONED).extend_from_slice(&unneeded[place..]);
                return Err(error);
            }
        }
        Ok(())
    }
}

const UNPOISONED: &str = "invariant: nobody panics with it in hand";
