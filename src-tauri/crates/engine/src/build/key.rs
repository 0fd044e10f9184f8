//! The name of a build: equal for everything that would come out equal.

use beckon_core::{CodePackage, Contract, Runtime};
use sha2::{Digest, Sha256};

use crate::build::record::hex;

/// Counts changes in how builds are made: those of an older Beckon are made again.
const RECIPE: u32 = 1;

/// Everything that decides what a build becomes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ingredients<'a> {
    pub(crate) code: &'a CodePackage,
    pub(crate) runtime: &'a Runtime,
    pub(crate) contract: Contract,
    pub(crate) main: Option<&'a str>,
    /// Whether packages may run their own scripts while they are installed.
    pub(crate) scripts: bool,
    /// What compiled extensions must fit: the interpreter's version as far as it matters to them.
    pub(crate) abi: &'a str,
}

impl Ingredients<'_> {
    /// 32 hex characters. Takes a while for large packages.
    pub(crate) fn key(&self) -> String {
        let mut hash = Sha256::new();
        let mut part = |bytes: &[u8]| {
            hash.update((bytes.len() as u64).to_le_bytes());
            hash.update(bytes);
        };
        part(&RECIPE.to_le_bytes());
        part(self.runtime.as_str().as_bytes());
        part(self.abi.as_bytes());
        part(format!("{:?}", self.contract).as_bytes());
        part(self.main.unwrap_or("\0").as_bytes());
        part(&[u8::from(self.scripts)]);
        if let Some(worker) = crate::build::template(self.runtime.language()) {
            part(worker.as_bytes());
        }
        match self.code {
            CodePackage::Source(text) => {
                part(b"source");
                part(text.as_bytes());
            }
            CodePackage::Zip(bytes) => {
                part(b"zip");
                part(bytes);
            }
            // Never built: what its components are made of is theirs.
            CodePackage::Sequence(_) => part(b"sequence"),
        }
        hex(&hash.finalize()[..16])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_ingredient_counts() {
        let (a, b) = (CodePackage::Source("x".into()), CodePackage::Zip(b"x".to_vec()));
        let (node, python) = (
            Runtime::new("nodejs:20").unwrap(),
            Runtime::new("python:3.11").unwrap(),
        );
        let base = Ingredients {
            code: &a,
            runtime: &node,
            contract: Contract::Openwhisk,
            main: None,
            scripts: false,
            abi: "20",
        };
        let all = [
            base,
            Ingredients { code: &b, ..base },
            Ingredients {
                runtime: &python,
                ..base
            },
            Ingredients {
                contract: Contract::Fn,
                ..base
            },
            Ingredients {
                main: Some("main"),
                ..base
            },
            Ingredients {
                scripts: true,
                ..base
            },
            Ingredients { abi: "22", ..base },
        ];
        let keys: std::collections::HashSet<String> = all.iter().map(Ingredients::key).collect();
        assert_eq!(keys.len(), all.len());
        assert_eq!(base.key(), base.key());
    }
}
