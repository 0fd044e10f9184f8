use beckon_core::Result;

/// Checks a zip before anything is unpacked.
pub fn check_zip(bytes: &[u8]) -> Result<()> {
    todo!()
}
