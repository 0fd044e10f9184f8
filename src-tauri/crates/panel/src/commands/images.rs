use std::path::Path;

use beckon_core::{Error, ErrorCode, Image, Result};
use beckon_macros::commands;

use crate::Panel;

#[commands]
impl Panel {
    /// What images' names stand for on this machine, by name.
    pub async fn images(&self) -> Result<Vec<Image>> {
        self.store.images().await
    }

    /// Has an image's name, as clients of OpenFaaS deploy it, stand for a folder with code (`folder`, absolute), or with
    /// no folder for the process that each deployment names. What it stood for is replaced; functions that are deployed
    /// already stay what they are until their next deployment. A name without a tag stands for all of its tags.
    ///
    /// `InvalidInput` for a name that no image has, and for a path that is not absolute; `NotFound` when there is no such
    /// folder.
    pub async fn map_image(&self, name: String, folder: Option<String>) -> Result<Image> {
        let name = Image::check_name(&name)?;
        let folder = match folder {
            Some(folder) => Some(self.blocking(move || whole(&folder)).await?),
            None => None,
        };
        self.store.map_image(name, folder.as_deref()).await
    }

    /// Has an image's name stand for nothing any more. `NotFound` when it does so already.
    pub async fn unmap_image(&self, name: String) -> Result<()> {
        self.store.unmap_image(name.trim()).await
    }
}

/// The folder, links resolved.
fn whole(folder: &str) -> Result<String> {
    let path = Path::new(folder);
    if !path.is_absolute() {
        let text = format!("'{folder}' is not an absolute path.");
        return Err(Error::new(ErrorCode::InvalidInput, text));
    }
    let found = std::fs::canonicalize(path).ok().filter(|path| path.is_dir());
    let found = found.ok_or_else(|| Error::not_found(format_args!("folder {folder}")))?;
    let text = found.to_str().map(str::to_owned);
    text.ok_or_else(|| Error::new(ErrorCode::InvalidInput, "The folder's path is not UTF-8."))
}
