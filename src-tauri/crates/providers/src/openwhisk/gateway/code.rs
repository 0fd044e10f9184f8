//! The code of a PUT.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use beckon_core::{CodePackage, Runtime};
use beckon_engine::Engine;

use super::malformed;
use crate::gateway::Refusal;
use crate::openwhisk::wire::PutExec;

/// The most bytes of code, unpacked from base64: OpenWhisk's 48 MB.
const CODE_LIMIT: usize = 48 * 1024 * 1024;

/// The runtime and the code of an `exec`.
pub(super) fn package(exec: PutExec, engine: &Engine) -> Result<(Runtime, CodePackage), Refusal> {
    // Which versions there are is the engine's to say, when it saves the function.
    let runtime = Runtime::new(exec.kind.as_str()).map_err(|_| unsupported(&exec.kind, engine))?;
    let code = exec.code.unwrap_or_default();
    if code.is_empty() {
        return Err(malformed(
            "'code' must be a string defined in 'exec' for this kind of action",
        ));
    }
    let Some(bytes) = binary(&code) else {
        return Ok((runtime, CodePackage::Source(within(code.len(), code)?)));
    };
    let is_zip = bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06");
    match (is_zip, exec.binary) {
        (true, _) => Ok((runtime, CodePackage::Zip(within(bytes.len(), bytes)?))),
        // A short source can look like base64 (`main`): what does not decode to a zip is text, unless the client says
        // otherwise.
        (false, Some(true)) => Err(malformed("the binary code is not a zip archive")),
        (false, _) => Ok((runtime, CodePackage::Source(within(code.len(), code)?))),
    }
}

/// Whatever has the shape of base64 is binary, says upstream, whatever the request's `binary` says.
fn binary(code: &str) -> Option<Vec<u8>> {
    let text = code.trim();
    if text.is_empty() || !text.len().is_multiple_of(4) {
        None
    } else {
        STANDARD.decode(text).ok()
    }
}

fn within<T>(size: usize, code: T) -> Result<T, Refusal> {
    if size <= CODE_LIMIT {
        return Ok(code);
    }
    let text = format!("exec larger than allowed: {size} > {CODE_LIMIT} bytes.");
    Err(Refusal::new(axum::http::StatusCode::PAYLOAD_TOO_LARGE, text))
}

/// Upstream's sentence, with every kind that runs here.
fn unsupported(kind: &str, engine: &Engine) -> Refusal {
    let kinds: Vec<String> = engine
        .runtimes()
        .into_iter()
        .filter(|status| status.available)
        .map(|status| format!("'{}'", status.kind))
        .collect();
    let kind: String = kind.chars().take(100).collect();
    malformed(&format!(
        "The specified runtime '{kind}' is not supported by this platform. Valid values are: {}.",
        kinds.join(", ")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_base64_is_binary() {
        assert!(binary("function main() {}").is_none());
        assert!(binary("").is_none());
        assert_eq!(binary("UEsDBA==").unwrap(), b"PK\x03\x04");
        assert_eq!(binary(" UEsDBA==\n").unwrap(), b"PK\x03\x04");
        assert!(binary("main").is_some());
    }
}
