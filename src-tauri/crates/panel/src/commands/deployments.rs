use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::time::Duration;

use beckon_core::{
    Deployment, Error, ErrorCode, FunctionLogAsk, FunctionLogLine, FunctionRef, LOCAL, NamespaceMetadata,
    Result,
};
use beckon_macros::commands;
use futures_util::StreamExt as _;

use crate::{Panel, Sink, views::FunctionDetail};

/// How many lines a follower remembers, so that none comes twice.
const REMEMBERED: usize = 2_000;
/// How long after it was written a line may be told of, ms.
const LATE: beckon_core::Millis = 60_000;
/// From the end of a log that is followed to the next look at it.
const PAUSE: Duration = Duration::from_secs(1);

#[commands]
impl Panel {
    /// Deploys an image as a function of a connection whose functions are images (`capabilities.deployments`): a new one,
    /// or else in place of the one that is there, all of which is replaced by what `deployment` says.
    ///
    /// `Conflict` when a new one's name is taken, `NotFound` when there is none to replace, `InvalidInput` with the
    /// server's own words for what it does not take.
    pub async fn deploy_function(
        &self,
        function: FunctionRef,
        deployment: Deployment,
        new: bool,
    ) -> Result<FunctionDetail> {
        let connection = only_there(&function)?;
        let remote = self.remote(connection).await?;
        let deploying = remote.deploy(&function.key(), &deployment, new).await;
        self.noting(connection, deploying)?;
        self.tell_of_functions(connection.to_owned());
        self.function_there(function).await
    }

    /// Has this many replicas of a provider's function be there, 0 to 1,000. Servers keep to limits of their own, those
    /// of the function's labels among them: what came of it, `function` says after a while.
    pub async fn scale_function(&self, function: FunctionRef, replicas: u32) -> Result<()> {
        let connection = only_there(&function)?;
        if replicas > 1_000 {
            return Err(Error::new(
                ErrorCode::InvalidInput,
                "At most 1,000 replicas can be asked for.",
            ));
        }
        let remote = self.remote(connection).await?;
        self.noting(connection, remote.scale(&function.key(), replicas).await)?;
        self.tell_of_functions(connection.to_owned());
        Ok(())
    }

    /// What a provider's function wrote, apart from any run, oldest first. With `follow` it goes on until the caller goes
    /// away: a log that the server ends is asked for again.
    pub async fn function_logs(
        &self,
        function: FunctionRef,
        ask: FunctionLogAsk,
        on_line: Sink<FunctionLogLine>,
    ) -> Result<()> {
        let connection = only_there(&function)?;
        let (key, mut ask) = (function.key(), ask);
        let mut seen = Seen::default();
        loop {
            let (remote, begun) = (self.remote(connection).await?, self.clock.now());
            let mut lines = self.noting(connection, remote.logs(&key, &ask).await)?;
            let mut is_silent = true;
            loop {
                let line = tokio::select! {
                    () = self.stop.cancelled() => return Ok(()),
                    line = lines.next() => line,
                };
                let line = match line {
                    Some(Ok(line)) => line,
                    // A server ends what takes long, and not always in order: that is no error of a log that is followed.
                    Some(Err(error)) if ask.follow && error.code == ErrorCode::Unreachable => break,
                    Some(Err(error)) => return Err(error),
                    None => break,
                };
                is_silent = false;
                if ask.follow && !seen.is_new(&line) {
                    continue;
                }
                if let Some(at) = line.at_us {
                    ask.since = Some(at / 1000);
                }
                if !on_line.send(&line) {
                    return Ok(());
                }
            }
            if !ask.follow {
                return Ok(());
            }
            // From here on what was there before is known.
            ask.tail = None;
            ask.since = match ask.since {
                // Where nothing comes, all of a long time is not asked for each second.
                Some(since) if is_silent => Some(since.max(begun - LATE)),
                since => since.or(Some(self.clock.now())),
            };
            tokio::select! {
                () = self.stop.cancelled() => return Ok(()),
                () = tokio::time::sleep(PAUSE) => {}
            }
        }
    }

    /// The labels and annotations of a connection's namespace (`capabilities.namespaceMetadata`). `NotSupported` where the
    /// server manages no namespaces.
    pub async fn namespace_metadata(
        &self,
        connection: String,
        namespace: beckon_core::NamespaceName,
    ) -> Result<NamespaceMetadata> {
        not_here(&connection)?;
        let remote = self.remote(&connection).await?;
        self.noting(&connection, remote.namespace_metadata(&namespace).await)
    }

    /// Gives a connection's namespace other labels and annotations, in place of all that it has. `openfaas=1` stays among
    /// them: by it the gateway knows the namespace for its own.
    pub async fn put_namespace_metadata(
        &self,
        connection: String,
        namespace: beckon_core::NamespaceName,
        metadata: NamespaceMetadata,
    ) -> Result<()> {
        not_here(&connection)?;
        let remote = self.remote(&connection).await?;
        let putting = remote.put_namespace_metadata(&namespace, &metadata).await;
        self.noting(&connection, putting)
    }

    /// The names of the secrets of a connection's namespace (`capabilities.secrets`), by name. Their values never come
    /// back.
    pub async fn namespace_secrets(
        &self,
        connection: String,
        namespace: beckon_core::NamespaceName,
    ) -> Result<Vec<String>> {
        not_here(&connection)?;
        let remote = self.remote(&connection).await?;
        self.noting(&connection, remote.secrets(&namespace).await)
    }

    /// Makes a secret of a connection's namespace (`Conflict` when there is one of this name), or with `replace` gives it
    /// another value (`NotFound` when there is none). Nothing of it is kept here.
    pub async fn put_namespace_secret(
        &self,
        connection: String,
        namespace: beckon_core::NamespaceName,
        name: String,
        value: String,
        replace: bool,
    ) -> Result<()> {
        not_here(&connection)?;
        let value = beckon_core::Secret::new(value);
        let remote = self.remote(&connection).await?;
        let putting = remote.put_secret(&namespace, &name, &value, replace).await;
        self.noting(&connection, putting)
    }

    /// Deletes a secret of a connection's namespace. `confirmation` must be its name, typed by the user.
    pub async fn delete_namespace_secret(
        &self,
        connection: String,
        namespace: beckon_core::NamespaceName,
        name: String,
        confirmation: String,
    ) -> Result<()> {
        not_here(&connection)?;
        super::namespaces::confirm(&name, &confirmation)?;
        let remote = self.remote(&connection).await?;
        self.noting(&connection, remote.delete_secret(&namespace, &name).await)
    }
}

/// The connection of a provider's function.
fn only_there(function: &FunctionRef) -> Result<&str> {
    not_here(&function.connection)?;
    Ok(&function.connection)
}

fn not_here(connection: &str) -> Result<()> {
    if connection != LOCAL {
        return Ok(());
    }
    Err(Error::new(
        ErrorCode::NotSupported,
        "That is there for functions of a provider; the local engine has its own ways.",
    ))
}

/// The newest lines that were told: what is asked for again begins with some of them.
#[derive(Default)]
struct Seen(VecDeque<u64>);

impl Seen {
    fn is_new(&mut self, line: &FunctionLogLine) -> bool {
        // Without a time, a line that is the same may be another.
        let Some(at) = line.at_us else { return true };
        let mut hasher = DefaultHasher::new();
        (at, &line.instance, &line.text).hash(&mut hasher);
        let hash = hasher.finish();
        if self.0.contains(&hash) {
            return false;
        }
        self.0.push_back(hash);
        if self.0.len() > REMEMBERED {
            self.0.pop_front();
        }
        true
    }
}
