use beckon_core::{Error, ErrorCode, FunctionRef, Result, Secret, Token, TokenKind, TokenScope, hint_of};
use beckon_macros::commands;
use beckon_providers::{digitalocean, openfaas, openwhisk, spaces};

use crate::{
    Panel,
    secrets::token_secret,
    views::{NewToken, ShownToken, TokenDraft},
};

#[commands]
impl Panel {
    /// The tokens of the local engine, newest first, without their secrets.
    pub async fn tokens(&self) -> Result<Vec<Token>> {
        self.store.tokens().await
    }

    /// Makes a token. The credential is in the answer, once; where there is a secret store, one that calls functions is
    /// kept for *Copy curl*.
    ///
    /// An account's token (`digitalocean`) reaches every namespace (scope `account`) or one; an access key
    /// (`digitalocean_key`) one, for an hour at least; an OpenWhisk key one, or one function; the password of OpenFaaS'
    /// `admin` (`openfaas`) every namespace or one; a client of Spaces (`spaces`) whatever is said. `InvalidInput` for
    /// other pairs.
    pub async fn create_token(&self, draft: TokenDraft) -> Result<NewToken> {
        let name = draft.name.trim().to_owned();
        if name.is_empty() {
            return Err(Error::new(ErrorCode::InvalidInput, "The token needs a name."));
        }
        if draft.expires_in_seconds == Some(0) {
            return Err(Error::new(
                ErrorCode::InvalidInput,
                "A token lives for at least one second.",
            ));
        }
        check_pair(&draft)?;
        if let Some(namespace) = draft.scope.namespace()
            && self.store.namespace(namespace).await?.is_none()
        {
            return Err(Error::not_found(format_args!("namespace {namespace}")));
        }
        if let TokenScope::Function { namespace, name } = &draft.scope {
            let function = FunctionRef {
                connection: beckon_core::LOCAL.into(),
                namespace: namespace.clone(),
                name: name.clone(),
            };
            self.local_function(&function).await?;
        }
        let (token, credential) = self
            .make_token(name, draft.kind, draft.scope, draft.expires_in_seconds)
            .await?;
        Ok(NewToken {
            token,
            credential: credential.expose().to_owned(),
        })
    }

    /// Ends a token at once.
    pub async fn revoke_token(&self, id: String) -> Result<Token> {
        self.engine.revoke_token(&id).await
    }

    /// Takes a revoked or expired token off the list.
    pub async fn forget_token(&self, id: String) -> Result<()> {
        let tokens = self.store.tokens().await?;
        let token = tokens
            .iter()
            .find(|t| t.id == id)
            .ok_or_else(|| Error::not_found("token with this id"))?;
        if token.is_live(self.clock.now()) {
            return Err(
                Error::new(ErrorCode::Conflict, "This token is still in use.").with_hint("Revoke it first.")
            );
        }
        if token.kept {
            self.remove_secrets(vec![token_secret(&id)]).await;
        }
        self.store.forget_token(&id).await
    }

    /// The credential that calls this function, because the user pressed *Show token*.
    pub async fn show_token(&self, function: FunctionRef) -> Result<ShownToken> {
        let (name, key) = self.credential_for(&function).await?;
        Ok(ShownToken {
            name,
            credential: key.expose().to_owned(),
        })
    }
}

impl Panel {
    /// The credential that calls a function, with the name of the token or connection it belongs to. For local functions
    /// that is a kept token of its namespace, made when there is none.
    pub(crate) async fn credential_for(&self, function: &FunctionRef) -> Result<(String, Secret)> {
        if !function.is_local() {
            let connection = self.remote_connection(&function.connection).await?;
            return Ok((connection.name, self.live_key(&function.connection).await?));
        }
        if let Some(token) = self.kept_token(function).await? {
            let (secrets, name) = (self.secrets.clone(), token_secret(&token.id));
            if let Some(secret) = self.blocking(move || secrets.get(&name)).await? {
                return Ok((
                    token.name,
                    Secret::new(format!("{}:{}", token.id, secret.expose())),
                ));
            }
        }
        if !self.secrets.is_usable() {
            let locked = self.secrets.state() == crate::views::SecretStoreState::FileLocked;
            return Err(match locked {
                true => Error::new(ErrorCode::SecretStoreLocked, "The encrypted secret file is locked.")
                    .with_hint("Unlock it with its passphrase."),
                false => Error::new(ErrorCode::SecretStoreUnavailable, "No token is kept on this machine: it has no keychain.")
                    .with_hint("Choose the encrypted file, or make a token on the Tokens page and copy it when it is shown."),
            });
        }
        let scope = TokenScope::Namespace {
            namespace: function.namespace.clone(),
        };
        let (token, credential) = self
            .make_token(
                format!("{} (this machine)", function.namespace),
                TokenKind::Openwhisk,
                scope,
                None,
            )
            .await?;
        Ok((token.name, credential))
    }

    /// The live token whose secret is kept and that reaches the function: the narrowest, then the one that lives longest.
    pub(crate) async fn kept_token(&self, function: &FunctionRef) -> Result<Option<Token>> {
        let now = self.clock.now();
        let fits = |t: &Token| {
            t.kept
                && calls_functions(t.kind)
                && t.is_live(now)
                && t.scope.allows(&function.namespace, &function.name)
        };
        let rank = |t: &Token| {
            (
                matches!(t.scope, TokenScope::Function { .. }),
                t.expires.unwrap_or(i64::MAX),
            )
        };
        Ok(self
            .store
            .tokens()
            .await?
            .into_iter()
            .filter(fits)
            .max_by_key(rank))
    }

    /// Makes a token, and keeps its secret where secrets can be kept and this one would be of use.
    async fn make_token(
        &self,
        name: String,
        kind: TokenKind,
        scope: TokenScope,
        seconds: Option<u32>,
    ) -> Result<(Token, Secret)> {
        let openwhisk::NewToken { id, secret } = match kind {
            TokenKind::Openwhisk => openwhisk::new_token(),
            TokenKind::DigitaloceanKey => digitalocean::new_access_key(),
            TokenKind::Digitalocean => digitalocean::new_account_token(),
            TokenKind::Openfaas => openfaas::new_password(),
            TokenKind::Spaces => spaces::new_client(),
        };
        // What calls no function, nobody would ask for again.
        let kept = (calls_functions(kind) || kind == TokenKind::Spaces) && self.secrets.is_usable();
        if kept {
            let (secrets, entry, secret) = (self.secrets.clone(), token_secret(&id), secret.clone());
            self.blocking(move || secrets.set(&entry, &secret)).await?;
        }
        let created = self.clock.now();
        let token = Token {
            id,
            name,
            kind,
            scope,
            hint: hint_of(secret.expose()),
            created,
            updated: created,
            expires: seconds.map(|seconds| created + i64::from(seconds) * 1000),
            last_used: None,
            revoked: None,
            kept,
        };
        let added = self
            .store
            .add_token(&token, openwhisk::token_hash(secret.expose()))
            .await;
        if let Err(error) = added {
            if kept {
                self.remove_secrets(vec![token_secret(&token.id)]).await;
            }
            return Err(error);
        }
        let credential = match kind {
            TokenKind::Digitalocean | TokenKind::Openfaas => secret,
            TokenKind::Openwhisk | TokenKind::DigitaloceanKey | TokenKind::Spaces => {
                Secret::new(format!("{}:{}", token.id, secret.expose()))
            }
        };
        Ok((token, credential))
    }
}

/// Whether clients of OpenWhisk's API call functions with it, rather than a control plane alone.
fn calls_functions(kind: TokenKind) -> bool {
    matches!(kind, TokenKind::Openwhisk | TokenKind::DigitaloceanKey)
}

/// Refuses what a kind of token cannot reach, and what its provider would not make.
fn check_pair(draft: &TokenDraft) -> Result<()> {
    let text = match (draft.kind, &draft.scope) {
        (TokenKind::Openwhisk | TokenKind::DigitaloceanKey, TokenScope::Account) => {
            "Only an account's token reaches every namespace."
        }
        (TokenKind::DigitaloceanKey, TokenScope::Function { .. }) => {
            "An access key reaches a whole namespace, not one function."
        }
        (TokenKind::Digitalocean, TokenScope::Function { .. }) => {
            "A DigitalOcean API token is for namespaces and calls no function."
        }
        (TokenKind::Openfaas, TokenScope::Function { .. }) => {
            "OpenFaaS' password is for namespaces: functions are called without one."
        }
        (TokenKind::DigitaloceanKey, _)
            if draft
                .expires_in_seconds
                .is_some_and(|seconds| seconds < digitalocean::SHORTEST_KEY) =>
        {
            "An access key lives for at least an hour."
        }
        _ => return Ok(()),
    };
    Err(Error::new(ErrorCode::InvalidInput, text))
}
