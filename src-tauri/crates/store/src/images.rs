use beckon_core::{Error, Image, Result};
use rusqlite::{OptionalExtension as _, Row, params};

use crate::Store;
use crate::fault::Fault;
use crate::writer::Urgency;

impl Store {
    /// The images that are mapped, by name.
    pub async fn images(&self) -> Result<Vec<Image>> {
        self.read(|reader| {
            let mut statement = reader.db.prepare_cached("SELECT * FROM images ORDER BY name")?;
            let mut rows = statement.query([])?;
            let mut images = Vec::new();
            while let Some(row) = rows.next()? {
                images.push(load(row)?);
            }
            Ok(images)
        })
        .await
    }

    /// What an image's name stands for: as it is written, or else without its tag or digest.
    pub async fn image(&self, name: &str) -> Result<Option<Image>> {
        let name = name.to_owned();
        self.read(move |reader| {
            let mut statement = reader.db.prepare_cached("SELECT * FROM images WHERE name = ?1")?;
            for candidate in Image::candidates(&name) {
                let found = statement.query_row([candidate], |row| Ok(load(row))).optional()?;
                if let Some(image) = found {
                    return image.map(Some);
                }
            }
            Ok(None)
        })
        .await
    }

    /// Maps an image's name to a folder, or to the process of each deployment. What it stood for is replaced.
    pub async fn map_image(&self, name: &str, folder: Option<&str>) -> Result<Image> {
        let (name, folder) = (name.to_owned(), folder.map(str::to_owned));
        let now = self.inner.clock.now();
        self.write(Urgency::Durable, 0, move |batch| {
            batch.db.execute(
                "INSERT INTO images (name, folder, created) VALUES (?1, ?2, ?3)
                 ON CONFLICT (name) DO UPDATE SET folder = ?2",
                params![name, folder, now],
            )?;
            let sql = "SELECT * FROM images WHERE name = ?1";
            batch.db.query_row(sql, [&name], |row| Ok(load(row)))?
        })
        .await
    }

    /// Has an image's name stand for nothing. `NotFound` when it does so already.
    pub async fn unmap_image(&self, name: &str) -> Result<()> {
        let name = name.to_owned();
        self.write(Urgency::Durable, 0, move |batch| {
            if batch.db.execute("DELETE FROM images WHERE name = ?1", [&name])? == 0 {
                return Err(Error::not_found(format_args!("mapping of the image {name}")).into());
            }
            Ok(())
        })
        .await
    }
}

fn load(row: &Row<'_>) -> Result<Image, Fault> {
    Ok(Image {
        name: row.get("name")?,
        folder: row.get("folder")?,
        created: row.get("created")?,
    })
}
