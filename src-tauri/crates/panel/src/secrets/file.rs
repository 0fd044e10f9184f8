//! The encrypted file: XChaCha20-Poly1305 under a key derived with Argon2id from the user's passphrase.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use beckon_core::{Error, ErrorCode, Result, Secret};
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// Argon2id with 64 MiB and 3 passes: RFC 9106's second recommendation, about a tenth of a second.
const MEMORY_KIB: u32 = 64 * 1024;
const PASSES: u32 = 3;
const LANES: u32 = 1;
/// Parameters come from the file: a forged one must not make Beckon allocate the machine away.
const MOST_MEMORY_KIB: u32 = 1024 * 1024;
const MOST_PASSES: u32 = 32;

/// The file as it is on disk, JSON.
#[derive(Serialize, Deserialize)]
struct Sealed {
    format: String,
    memory_kib: u32,
    passes: u32,
    lanes: u32,
    salt: String,
    nonce: String,
    sealed: String,
}

const FORMAT: &str = "beckon-secrets-1";

pub(super) struct SecretFile {
    path: PathBuf,
    key: Zeroizing<[u8; 32]>,
    salt: [u8; 16],
    kdf: (u32, u32, u32),
    entries: BTreeMap<String, Secret>,
}

impl SecretFile {
    /// Opens the file, or makes an empty one with this passphrase.
    pub(super) fn open_or_create(path: &Path, passphrase: &Secret) -> Result<Self> {
        match fs::read(path) {
            Ok(bytes) => Self::unseal(path, &bytes, passphrase),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let salt: [u8; 16] = rand::random();
                let kdf = (MEMORY_KIB, PASSES, LANES);
                let key = derive(passphrase, &salt, kdf)?;
                let file = Self {
                    path: path.to_owned(),
                    key,
                    salt,
                    kdf,
                    entries: BTreeMap::new(),
                };
                file.save()?;
                Ok(file)
            }
            Err(error) => Err(Error::internal("read the encrypted secret file", error)),
        }
    }

    pub(super) fn get(&self, name: &str) -> Option<Secret> {
        self.entries.get(name).cloned()
    }

    pub(super) fn set(&mut self, name: &str, secret: &Secret) -> Result<()> {
        let old = self.entries.insert(name.to_owned(), secret.clone());
        self.save().inspect_err(|_| self.restore(name, old))
    }

    pub(super) fn remove(&mut self, name: &str) -> Result<()> {
        let Some(old) = self.entries.remove(name) else {
            return Ok(());
        };
        self.save().inspect_err(|_| self.restore(name, Some(old)))
    }

    pub(super) fn entries(&self) -> impl Iterator<Item = (&String, &Secret)> {
        self.entries.iter()
    }

    /// Memory follows the disk: what could not be saved has not happened.
    fn restore(&mut self, name: &str, old: Option<Secret>) {
        match old {
            Some(secret) => self.entries.insert(name.to_owned(), secret),
            None => self.entries.remove(name),
        };
    }

    fn unseal(path: &Path, bytes: &[u8], passphrase: &Secret) -> Result<Self> {
        let damaged = |what: &str| {
            Error::new(ErrorCode::Internal, "The encrypted secret file is damaged.")
                .with_hint("Restore it from a backup, or move it away and start a new one.")
                .with_details(format!("{}: {what}", path.display()))
        };
        let sealed: Sealed = serde_json::from_slice(bytes).map_err(|_| damaged("not its format"))?;
        if sealed.format != FORMAT || sealed.memory_kib > MOST_MEMORY_KIB || sealed.passes > MOST_PASSES {
            return Err(damaged("unknown format or parameters"));
        }
        let decode = |text: &str| BASE64.decode(text).map_err(|_| damaged("not base64"));
        let salt: [u8; 16] = decode(&sealed.salt)?.try_into().map_err(|_| damaged("salt"))?;
        let nonce: [u8; 24] = decode(&sealed.nonce)?.try_into().map_err(|_| damaged("nonce"))?;
        let kdf = (sealed.memory_kib, sealed.passes, sealed.lanes);
        let key = derive(passphrase, &salt, kdf)?;
        let text = cipher(&key)
            .decrypt(
                &XNonce::from(nonce),
                Payload {
                    msg: &decode(&sealed.sealed)?,
                    aad: &header(&salt, kdf),
                },
            )
            .map(Zeroizing::new)
            .map_err(|_| {
                Error::new(
                    ErrorCode::WrongPassphrase,
                    "This is not the passphrase of the secret file.",
                )
            })?;
        let texts: BTreeMap<String, String> =
            serde_json::from_slice(&text).map_err(|_| damaged("contents"))?;
        let entries = texts
            .into_iter()
            .map(|(name, text)| (name, Secret::new(text)))
            .collect();
        Ok(Self {
            path: path.to_owned(),
            key,
            salt,
            kdf,
            entries,
        })
    }

    /// Writes a new file beside the old one and swaps them, so that a crash leaves one of the two whole.
    fn save(&self) -> Result<()> {
        let failed = |e: std::io::Error| Error::internal("write the encrypted secret file", e);
        let texts: BTreeMap<&str, &str> = self
            .entries
            .iter()
            .map(|(n, s)| (n.as_str(), s.expose()))
            .collect();
        let text = serde_json::to_vec(&texts)
            .map(Zeroizing::new)
            .map_err(|e| Error::internal("encode secrets", e))?;
        let nonce: [u8; 24] = rand::random();
        let sealed = cipher(&self.key)
            .encrypt(
                &XNonce::from(nonce),
                Payload {
                    msg: &text,
                    aad: &header(&self.salt, self.kdf),
                },
            )
            .map_err(|e| Error::internal("encrypt secrets", e))?;
        let document = Sealed {
            format: FORMAT.into(),
            memory_kib: self.kdf.0,
            passes: self.kdf.1,
            lanes: self.kdf.2,
            salt: BASE64.encode(self.salt),
            nonce: BASE64.encode(nonce),
            sealed: BASE64.encode(sealed),
        };
        let bytes = serde_json::to_vec_pretty(&document).map_err(|e| Error::internal("encode secrets", e))?;
        let beside = self.path.with_extension("new");
        let mut options = fs::OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&beside).map_err(failed)?;
        file.write_all(&bytes)
            .and_then(|()| file.sync_all())
            .map_err(failed)?;
        fs::rename(&beside, &self.path).map_err(failed)
    }
}

fn cipher(key: &[u8; 32]) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(&Key::from(*key))
}

/// What the seal also vouches for: nobody can weaken the derivation of an existing file unnoticed.
fn header(salt: &[u8; 16], kdf: (u32, u32, u32)) -> Vec<u8> {
    format!("{FORMAT} {} {} {} {}", kdf.0, kdf.1, kdf.2, BASE64.encode(salt)).into_bytes()
}

fn derive(
    passphrase: &Secret,
    salt: &[u8; 16],
    (memory, passes, lanes): (u32, u32, u32),
) -> Result<Zeroizing<[u8; 32]>> {
    let failed = |e: argon2::Error| Error::internal("derive the key of the secret file", e);
    let params = Params::new(memory, passes, lanes, Some(32)).map_err(failed)?;
    let mut key = Zeroizing::new([0; 32]);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(passphrase.expose().as_bytes(), salt, &mut *key)
        .map_err(failed)?;
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_survive_and_the_file_shows_none_of_them() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("secrets.beckon");
        let passphrase = Secret::new("correct horse");
        let mut file = SecretFile::open_or_create(&path, &passphrase).unwrap();
        file.set("token/1", &Secret::new("s3cret-value")).unwrap();
        file.set("token/2", &Secret::new("other")).unwrap();
        file.remove("token/2").unwrap();

        let bytes = fs::read_to_string(&path).unwrap();
        assert!(!bytes.contains("s3cret-value") && !bytes.contains("token/1"));
        let again = SecretFile::open_or_create(&path, &passphrase).unwrap();
        assert_eq!(again.get("token/1").unwrap().expose(), "s3cret-value");
        assert!(again.get("token/2").is_none());
    }

    #[test]
    fn a_changed_file_or_a_wrong_passphrase_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("secrets.beckon");
        SecretFile::open_or_create(&path, &Secret::new("correct horse")).unwrap();
        let wrong = SecretFile::open_or_create(&path, &Secret::new("wrong horse"))
            .err()
            .unwrap();
        assert_eq!(wrong.code, ErrorCode::WrongPassphrase);

        let text = fs::read_to_string(&path)
            .unwrap()
            .replace("\"passes\": 3", "\"passes\": 2");
        fs::write(&path, text).unwrap();
        let weakened = SecretFile::open_or_create(&path, &Secret::new("correct horse"))
            .err()
            .unwrap();
        assert_eq!(weakened.code, ErrorCode::WrongPassphrase);
        fs::write(&path, "{").unwrap();
        let damaged = SecretFile::open_or_create(&path, &Secret::new("correct horse"))
            .err()
            .unwrap();
        assert_eq!(damaged.code, ErrorCode::Internal);
    }

    #[cfg(unix)]
    #[test]
    fn only_its_owner_can_read_the_file() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("secrets.beckon");
        SecretFile::open_or_create(&path, &Secret::new("correct horse")).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
