//! Scripts, called by their digest; a server that does not know one yet is given it.

use redis::{Arg, Cmd, ErrorKind, FromRedisValue, Script, ServerErrorKind, ToRedisArgs};

use crate::{Connections, RedisCacheError};

/// A script and its digest.
#[derive(Debug)]
pub(crate) struct Code {
    text: &'static str,
    digest: String,
}

/// One call of a script on one key. Others that it uses begin with the same hash tag.
pub(crate) struct ScriptCall<'a> {
    code: &'a Code,
    by_digest: Cmd,
}

// === impl Code ===

impl Code {
    pub(crate) fn new(text: &'static str) -> Self {
        Self { text, digest: Script::new(text).get_hash().to_owned() }
    }
}

// === impl ScriptCall ===

impl<'a> ScriptCall<'a> {
    pub(crate) fn new(code: &'a Code, key: &str) -> Self {
        let mut by_digest = redis::cmd("EVALSHA");
        by_digest.arg(&code.digest).arg(1).arg(key);
        Self { code, by_digest }
    }

    pub(crate) fn arg(mut self, arg: impl ToRedisArgs) -> Self {
        self.by_digest.arg(arg);
        self
    }

    /// Runs it while somebody waits: one command, one round trip.
    pub(crate) async fn run<T: FromRedisValue>(&self, connections: &Connections) -> Result<T, RedisCacheError> {
        match connections.run(&self.by_digest).await {
            Err(error) if is_unknown(&error) => connections.run(&self.whole()).await,
            answer => answer,
        }
    }

    /// Runs it while somebody waits, with much to carry.
    pub(crate) async fn run_large<T: FromRedisValue>(&self, connections: &Connections) -> Result<T, RedisCacheError> {
        match connections.run_large(&self.by_digest).await {
            Err(error) if is_unknown(&error) => connections.run_large(&self.whole()).await,
            answer => answer,
        }
    }

    /// Runs it where it may take longer.
    pub(crate) async fn run_slow<T: FromRedisValue>(&self, connections: &Connections) -> Result<T, RedisCacheError> {
        match connections.run_slow(&self.by_digest).await {
            Err(error) if is_unknown(&error) => connections.run_slow(&self.whole()).await,
            answer => answer,
        }
    }

    fn whole(&self) -> Cmd {
        let mut command = redis::cmd("EVAL");
        command.arg(self.code.text);
        // What follows the verb and the digest is the same.
        for arg in self.by_digest.args_iter().skip(2) {
            if let Arg::Simple(bytes) = arg {
                command.arg(bytes);
            }
        }
        command
    }
}

fn is_unknown(error: &RedisCacheError) -> bool {
    matches!(error, RedisCacheError::Refused(error) if error.kind() == ErrorKind::Server(ServerErrorKind::NoScript))
}
