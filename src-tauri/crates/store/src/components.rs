use beckon_core::{Activation, ActivationId, Result};

use crate::Store;
use crate::journal::load::{Loader, NARROW};
use crate::journal::save::id_bytes;

impl Store {
    /// The runs that were begun for a sequence's run, in that order. Reads all that started since, so it is for the rare
    /// case: a run that is taken up again after a crash.
    ///
    /// One that started in the same millisecond may have been written first, and then comes before the sequence's own run.
    pub async fn components(&self, sequence: ActivationId) -> Result<Vec<Activation>> {
        self.flush_pending().await?;
        self.read(move |reader| {
            let mut statement = reader.db.prepare_cached(&format!(
                "SELECT {NARROW} FROM activations AS a JOIN bodies AS b ON b.n = a.n
                 WHERE a.n >= (SELECT start << 16 FROM activations WHERE id = ?1) AND b.parent = ?1 ORDER BY a.n"
            ))?;
            let mut rows = statement.query([id_bytes(sequence)])?;
            let mut loader = Loader::new(reader.db);
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                let numbered = loader.summary(row)?;
                found.push(loader.whole(numbered)?);
            }
            Ok(found)
        })
        .await
    }
}
