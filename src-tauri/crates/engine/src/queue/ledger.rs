//! Which leased runs had really begun, for the start after a crash.
//!
//! Leases are taken ahead of slots, for a lease is an fsync and a short run takes far less. So a lease alone does not
//! say that its run began, and recording it as lost without need would break a promise. Each run is noted here the
//! moment it begins: 16 bytes into a file of fixed places, without an fsync. That survives the death of the process;
//! when the machine went down with it, the boot id tells, and then everything leased may have begun.
//!
//! The file is also what makes a data directory one engine's: it is locked.

use std::collections::HashSet;
use std::fs::{File, TryLockError};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;

use beckon_core::{ActivationId, Error, ErrorCode, Result};
use parking_lot::Mutex;

const NAME: &str = "queue.begun";
/// Before the places: the boot id, as Linux prints it, padded with zeros.
const HEAD: usize = 64;
const PLACE: usize = 16;

pub(crate) struct Ledger {
    file: File,
    places: Mutex<Places>,
}

#[derive(Default)]
struct Places {
    free: Vec<u64>,
    used: u64,
}

/// A run's place in the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mark(u64);

impl Ledger {
    /// Opens the ledger and reads what the engine before left: the runs that had begun, or `None` when that cannot be
    /// told. `Conflict` when another engine has it.
    pub(crate) fn open(data_dir: &Path) -> Result<(Self, Option<HashSet<ActivationId>>)> {
        let failed = |e| Error::internal("open the queue's ledger", e);
        let file = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(data_dir.join(NAME))
            .map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(Error::new(
                    ErrorCode::Conflict,
                    "Another engine works on this data directory.",
                )
                .with_hint("Stop the other Beckon, or choose another data directory."));
            }
            Err(TryLockError::Error(e)) => return Err(failed(e)),
        }
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut &file, &mut bytes).map_err(failed)?;
        let begun = begun(&bytes, boot_id().as_deref());
        let ledger = Self {
            file,
            places: Mutex::default(),
        };
        Ok((ledger, begun))
    }

    /// Forgets everything and begins for this boot.
    pub(crate) fn clear(&self) -> std::io::Result<()> {
        let mut head = [0; HEAD];
        if let Some(boot) = boot_id() {
            let bytes = boot.as_bytes();
            let length = bytes.len().min(HEAD);
            head[..length].copy_from_slice(&bytes[..length]);
        }
        self.file.set_len(0)?;
        self.file.write_all_at(&head, 0)?;
        *self.places.lock() = Places::default();
        Ok(())
    }

    /// Notes that a run begins; it must not begin before this returns.
    pub(crate) fn begin(&self, id: ActivationId) -> std::io::Result<Mark> {
        let place = {
            let mut places = self.places.lock();
            places.free.pop().unwrap_or_else(|| {
                places.used += 1;
                places.used - 1
            })
        };
        match self.write(place, id.as_u128()) {
            Ok(()) => Ok(Mark(place)),
            Err(e) => {
                self.places.lock().free.push(place);
                Err(e)
            }
        }
    }

    /// The run's end is on disk.
    pub(crate) fn ended(&self, mark: Mark) {
        if let Err(error) = self.write(mark.0, 0) {
            // Its row is gone from the queue: what is left here says nothing any more.
            tracing::warn!(%error, "the queue's ledger could not be written");
        }
        self.places.lock().free.push(mark.0);
    }

    /// Lets another engine have it.
    pub(crate) fn unlock(&self) {
        if let Err(error) = self.file.unlock() {
            tracing::warn!(%error, "the queue's ledger could not be unlocked");
        }
    }

    fn write(&self, place: u64, value: u128) -> std::io::Result<()> {
        let at = HEAD as u64 + place * PLACE as u64;
        self.file.write_all_at(&value.to_be_bytes(), at)
    }
}

/// The runs in a ledger's places; `None` when it is not of this boot.
fn begun(bytes: &[u8], boot: Option<&str>) -> Option<HashSet<ActivationId>> {
    let (head, places) = bytes.split_at_checked(HEAD)?;
    let boot = boot
        .map(str::as_bytes)
        .filter(|boot| !boot.is_empty() && boot.len() <= HEAD)?;
    let (name, padding) = head.split_at_checked(boot.len())?;
    if name != boot || padding.iter().any(|byte| *byte != 0) {
        return None;
    }
    Some(
        places
            .chunks_exact(PLACE)
            .filter_map(|place| Some(u128::from_be_bytes(place.try_into().ok()?)))
            .filter(|id| *id != 0)
            .map(ActivationId::from_u128)
            .collect(),
    )
}

/// Tells one run of the machine's kernel from the next; Linux alone says it in a file.
fn boot_id() -> Option<String> {
    let text = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    Some(text.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u128) -> ActivationId {
        ActivationId::from_u128(number)
    }

    #[test]
    fn the_next_start_knows_what_had_begun() {
        let directory = tempfile::tempdir().unwrap();
        let (ledger, before) = Ledger::open(directory.path()).unwrap();
        assert_eq!(before, None, "a ledger that was never begun tells nothing");
        ledger.clear().unwrap();
        let first = ledger.begin(id(1)).unwrap();
        ledger.begin(id(2)).unwrap();
        ledger.ended(first);
        assert_eq!(ledger.begin(id(3)).unwrap(), first, "places are used again");
        let taken = Ledger::open(directory.path()).map(drop).unwrap_err();
        assert_eq!(taken.code, ErrorCode::Conflict);
        drop(ledger); // as a kill does
        let (ledger, begun) = Ledger::open(directory.path()).unwrap();
        assert_eq!(begun, boot_id().map(|_| [id(2), id(3)].into()));
        ledger.clear().unwrap();
        ledger.unlock();
        let (_, begun) = Ledger::open(directory.path()).unwrap();
        assert_eq!(begun, boot_id().map(|_| HashSet::new()));
    }

    #[test]
    fn a_ledger_of_another_boot_or_in_pieces_tells_nothing() {
        let mut bytes = vec![0; HEAD + PLACE];
        bytes[..4].copy_from_slice(b"boot");
        bytes[HEAD + PLACE - 1] = 7;
        assert_eq!(begun(&bytes, Some("boot")), Some([id(7)].into()));
        assert_eq!(begun(&bytes, Some("other")), None);
        assert_eq!(begun(&bytes, Some("boo")), None);
        assert_eq!(begun(&bytes, None), None);
        assert_eq!(begun(&bytes[..HEAD - 1], Some("boot")), None);
        assert_eq!(begun(&bytes[..HEAD + 5], Some("boot")), Some(HashSet::new()));
    }
}
