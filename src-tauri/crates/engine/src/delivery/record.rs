//! The invocation record that OCI Functions delivers when a detached run is over
//! (docs.oracle.com, "Invoking Functions in Detached Mode"), and the names that OCI gives to things of this machine.

use beckon_core::{Activation, Error, FunctionKey, NamespaceName, Status};
use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;

use crate::{Ended, Why};

/// The alphabet of ULIDs (Crockford's base 32).
const CROCKFORD: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Record<'a> {
    id: String,
    version: &'static str,
    data: Content<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Content<'a> {
    compartment_id: String,
    function_id: String,
    application_id: String,
    request: Request<'a>,
    response: Response,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Request<'a> {
    opc_request_id: std::borrow::Cow<'a, str>,
    fn_call_id: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Response {
    status: String,
    error_code: Option<&'static str>,
    error_message: Option<&'static str>,
    timestamp: String,
}

/// The record of a run that is over. `id` is the record's own, a new one per delivery.
pub(crate) fn invocation_record(
    run: &Activation,
    failure: Option<InvokeFailure>,
    id: u128,
) -> Result<Vec<u8>, Error> {
    let end = run.summary.end.unwrap_or(run.summary.start);
    let at = DateTime::<Utc>::from_timestamp_millis(end).unwrap_or_default();
    let headers = run.http.iter().flat_map(|http| &http.headers);
    let asked = headers
        .filter(|(name, _)| name.eq_ignore_ascii_case("opc-request-id"))
        .map(|(_, value)| value.as_str())
        .next();
    let key = FunctionKey {
        namespace: run.summary.namespace.clone(),
        name: run.summary.function.clone(),
    };
    let record = Record {
        id: ulid(id),
        version: "1.0",
        data: Content {
            compartment_id: compartment_ocid(),
            function_id: function_ocid(&key),
            application_id: application_ocid(&key.namespace),
            request: Request {
                opc_request_id: asked
                    .map_or_else(|| run.summary.id.to_string().to_uppercase().into(), Into::into),
                fn_call_id: ulid(run.summary.id.as_u128()),
            },
            response: Response {
                status: failure.map_or(200, |failure| failure.status).to_string(),
                error_code: failure.map(|failure| failure.code),
                error_message: failure.map(|failure| failure.message),
                timestamp: at.to_rfc3339_opts(SecondsFormat::Millis, true),
            },
        },
    };
    serde_json::to_vec(&record).map_err(|e| Error::internal("write an invocation record", e))
}

/// The failure of a run that brought no answer along.
pub(crate) const FAILED: InvokeFailure = InvokeFailure {
    status: 502,
    code: "FunctionInvokeExecutionFailed",
    message: "function failed",
};

/// How OCI Functions names a failure (functions troubleshooting guide).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvokeFailure {
    /// The HTTP status.
    pub status: u16,
    /// The code.
    pub code: &'static str,
    /// The message.
    pub message: &'static str,
}

/// The failure of a run that is over; `None` when it ended well.
#[must_use]
pub fn failure(ended: &Ended) -> Option<InvokeFailure> {
    let (status, code, message) = match ended.why() {
        Why::Answered if ended.summary().status == Status::Success => return None,
        Why::NotLoaded => (
            502,
            "FunctionInvokeContainerInitFail",
            "container failed to initialize",
        ),
        Why::Crashed | Why::OutOfMemory => (
            502,
            "FunctionInvokeExecutionError",
            "error receiving function response",
        ),
        // Without time in the function's code it never came so far.
        Why::TimedOut if ended.record().timing.run_ms.is_none() => {
            (504, "FunctionInvokeContainerInitTimeout", "Timed out")
        }
        Why::TimedOut => (504, "FunctionInvokeTimeout", "Timed out"),
        Why::TooLarge => (
            502,
            "FunctionInvokeResponseBodyTooLarge",
            "function response body too large",
        ),
        Why::Invalid => (502, "FunctionInvokeInvalidResponse", "invalid function response"),
        Why::NotProvisioned | Why::Deleted => (
            502,
            "FunctionInvokeImageNotAvailable",
            "Failed to pull function image",
        ),
        Why::Answered | Why::Cancelled | Why::ShutDown => return Some(FAILED),
    };
    Some(InvokeFailure {
        status,
        code,
        message,
    })
}

/// 128 bits as a ULID. A run's id is a UUID v7, whose first 48 bits are the time as in a ULID, so both sort alike.
#[must_use]
pub fn ulid(value: u128) -> String {
    (0..26)
        .rev()
        .map(|place| char::from(CROCKFORD[(value >> (5 * place)) as usize & 31]))
        .collect()
}

/// The compartment that everything on this machine is in.
#[must_use]
pub fn compartment_ocid() -> String {
    format!("ocid1.compartment.oc1..{}", unique("beckon"))
}

/// A namespace as an OCI application.
#[must_use]
pub fn application_ocid(namespace: &NamespaceName) -> String {
    format!("ocid1.fnapp.oc1.local.{}", unique(namespace.as_str()))
}

/// A function as an OCI function.
#[must_use]
pub fn function_ocid(key: &FunctionKey) -> String {
    format!(
        "ocid1.fnfunc.oc1.local.{}",
        unique(&format!("{}/{}", key.namespace.as_str(), key.name.as_str()))
    )
}

/// A name in base 32, as the unique part of an OCID is; the name can be read back from it.
fn unique(name: &str) -> String {
    const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
    let mut text = String::from("aaaa");
    let (mut bits, mut count) = (0_u32, 0);
    for byte in name.bytes() {
        bits = bits << 8 | u32::from(byte);
        count += 8;
        while count >= 5 {
            count -= 5;
            text.push(char::from(ALPHABET[(bits >> count) as usize & 31]));
        }
    }
    if count > 0 {
        text.push(char::from(ALPHABET[(bits << (5 - count)) as usize & 31]));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ulids_are_crockford() {
        assert_eq!(ulid(0), "00000000000000000000000000");
        assert_eq!(ulid(u128::MAX), "7ZZZZZZZZZZZZZZZZZZZZZZZZZ");
        assert!(ulid(1 << 100) < ulid((1 << 100) + 1));
    }

    #[test]
    fn ocids_have_their_shape_and_tell_names_apart() {
        let key = |name: &str| FunctionKey::new("playground", name).unwrap();
        let ocid = function_ocid(&key("hello"));
        assert!(ocid.starts_with("ocid1.fnfunc.oc1.local.aaaa"), "{ocid}");
        assert_ne!(ocid, function_ocid(&key("hellp")));
        assert_eq!(unique("foobar"), "aaaamzxw6ytboi"); // RFC 4648's own example
    }
}
