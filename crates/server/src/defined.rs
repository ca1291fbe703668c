//! The definitions of the live programme as they are written, and the turn of whoever changes one. Part of the hub; read
//! anew from the programme whenever another one is live.

use crate::programme::{Folder, Named, uses};
use crate::runtime::Runtime;
use engine::engine::Engine;
use engine::programme::Programme;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, OnceLock};

/// What is known of them.
#[derive(Default)]
pub struct Definitions {
    known: Mutex<Option<Arc<Defined>>>,
    /// Held from the look at what is live until another programme is: so nobody writes over what they have not seen.
    pub(crate) changing: tokio::sync::Mutex<()>,
}

/// Those of one revision.
pub(crate) struct Defined {
    pub(crate) revision: u32,
    pub(crate) programme: Arc<Programme>,
    pub(crate) folder: Folder,
    uses: OnceLock<BTreeMap<Named, BTreeSet<Named>>>,
}

impl Definitions {
    /// Those that are live now. May take some milliseconds, on a thread that may block.
    pub(crate) async fn live(self: &Arc<Self>, runtime: &Runtime) -> Arc<Defined> {
        let (definitions, runtime) = (Arc::clone(self), runtime.clone());
        let read = move || {
            let live = |engine: &Engine| (engine.programme_revision(), Arc::clone(engine.programme()));
            let (revision, programme) = runtime.read_blocking(live);
            let mut known = definitions.known.lock().expect("invariant: reading definitions does not panic");
            match &*known {
                Some(defined) if defined.revision == revision => Arc::clone(defined),
                _ => {
                    let folder = Folder::of(&programme);
                    let defined = Defined { revision, programme, folder, uses: OnceLock::new() };
                    Arc::clone(known.insert(Arc::new(defined)))
                }
            }
        };
        tokio::task::spawn_blocking(read).await.expect("invariant: reading definitions does not panic")
    }
}

impl Defined {
    /// For each definition, those that are built on it.
    pub(crate) fn uses(&self) -> &BTreeMap<Named, BTreeSet<Named>> {
        self.uses.get_or_init(|| uses(&self.programme))
    }
}
