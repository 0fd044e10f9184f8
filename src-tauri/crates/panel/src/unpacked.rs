//! What is in the packages of providers' functions, as far as they passed through here: a provider tells nothing of a
//! package but its bytes, and 48 MB are not fetched for a list of names.

use beckon_core::FunctionRef;
use parking_lot::Mutex;

use crate::views::{CodeView, ZipEntry};

/// The packages of so many functions are remembered.
const MOST: usize = 64;

/// The packages that were sent or fetched last, the newest at the end.
#[derive(Default)]
pub(crate) struct Unpacked(Mutex<Vec<Package>>);

struct Package {
    function: FunctionRef,
    version: String,
    bytes: u64,
    entries: Vec<ZipEntry>,
}

impl Unpacked {
    /// Notes what is in the package of a function at a version. One that is no zip (runtimes take others) is not.
    pub(crate) fn note(&self, function: &FunctionRef, version: &str, zip: &[u8]) {
        let mut packages = self.0.lock();
        packages.retain(|known| known.function != *function);
        let Ok(entries) = beckon_engine::zip_files(zip) else {
            return;
        };
        if packages.len() >= MOST {
            packages.remove(0);
        }
        packages.push(Package {
            function: function.clone(),
            version: version.to_owned(),
            bytes: zip.len() as u64,
            entries: entries
                .into_iter()
                .map(|(path, size)| ZipEntry { path, size })
                .collect(),
        });
    }

    /// A change that left the code alone made another version of a function.
    pub(crate) fn renumber(&self, function: &FunctionRef, from: &str, to: &str) {
        let mut packages = self.0.lock();
        let same = |known: &&mut Package| known.function == *function && known.version == from;
        if let Some(known) = packages.iter_mut().find(same) {
            to.clone_into(&mut known.version);
        }
    }

    /// The package of a function, if that version's is known.
    pub(crate) fn of(&self, function: &FunctionRef, version: &str) -> Option<CodeView> {
        let packages = self.0.lock();
        let known = packages
            .iter()
            .find(|known| known.function == *function && known.version == version)?;
        Some(CodeView::Zip {
            bytes: known.bytes,
            entries: known.entries.clone(),
        })
    }

    /// Forgets a connection's: its name may lead to another system from now on.
    pub(crate) fn forget(&self, connection: &str) {
        self.0
            .lock()
            .retain(|known| known.function.connection != connection);
    }
}
