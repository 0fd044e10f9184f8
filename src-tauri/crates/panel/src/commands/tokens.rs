use beckon_core::{FunctionRef, Result, Token};
use beckon_macros::commands;

use crate::{
    Panel,
    views::{NewToken, ShownToken, TokenDraft},
};

#[commands]
impl Panel {
    /// The tokens of the local engine, newest first, without their secrets.
    pub async fn tokens(&self) -> Result<Vec<Token>> {
        todo!()
    }

    /// Makes a token. The credential is in the answer, once; it is kept for *Copy curl* where there is a secret store.
    pub async fn create_token(&self, draft: TokenDraft) -> Result<NewToken> {
        todo!()
    }

    /// Ends a token at once.
    pub async fn revoke_token(&self, id: String) -> Result<Token> {
        todo!()
    }

    /// Takes a revoked or expired token off the list.
    pub async fn forget_token(&self, id: String) -> Result<()> {
        todo!()
    }

    /// The credential that calls this function, because the user pressed *Show token*.
    pub async fn show_token(&self, function: FunctionRef) -> Result<ShownToken> {
        todo!()
    }
}
