use std::borrow::Cow;

/// One file of the built UI.
pub struct Asset {
    /// Its bytes.
    pub bytes: Cow<'static, [u8]>,
    /// Its media type.
    pub media_type: String,
}

/// Finds a file of the built UI by its path, for example `assets/index-1a2b.js`. The binary embeds them.
pub type Assets = fn(&str) -> Option<Asset>;
