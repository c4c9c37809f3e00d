//! Why a command ends without success, and with which exit code.

use crate::conclude::ConcludeError;
use crate::files::FileError;
use crate::report::ReportError;
use crate::sweep::{SweepError, interrupt};
use std::error::Error;
use std::process::ExitCode;

/// The exit code where a claim fails.
pub const FAILED_CLAIM: u8 = 3;

type Cause = Box<dyn Error + Send + Sync>;

/// Why a command ends without success.
#[derive(Debug)]
pub enum CommandError {
    /// The user has to change something first (exit code 2).
    Input(Cause),
    /// Something is not as it should be, such as a file that cannot be written (exit code 1); `help` may be empty.
    Failed { cause: Cause, help: String },
    /// The user asked to stop; how to go on (exit code 75).
    Interrupted(String),
}

impl CommandError {
    pub fn input(cause: impl Into<Cause>) -> Self {
        CommandError::Input(cause.into())
    }

    pub fn failed(cause: impl Into<Cause>) -> Self {
        CommandError::Failed { cause: cause.into(), help: String::new() }
    }

    /// The last line that the user reads.
    pub fn message(&self) -> String {
        match self {
            CommandError::Interrupted(message) => message.clone(),
            CommandError::Input(cause) => {
                let text = cause.to_string();
                // An error in the experiment file already begins with the word.
                if text.starts_with("error") { text } else { format!("error: {text}") }
            }
            CommandError::Failed { cause, help } if help.is_empty() => format!("error: {cause}"),
            CommandError::Failed { cause, help } => format!("error: {cause}\nhelp: {help}"),
        }
    }

    pub fn exit_code(&self) -> ExitCode {
        match self {
            CommandError::Input(_) => ExitCode::from(2),
            CommandError::Failed { .. } => ExitCode::FAILURE,
            CommandError::Interrupted(_) => ExitCode::from(interrupt::EXIT as u8),
        }
    }
}

impl From<SweepError> for CommandError {
    fn from(error: SweepError) -> Self {
        match error {
            SweepError::Interrupted => CommandError::Interrupted(error.to_string()),
            _ if error.is_input() => CommandError::input(error),
            _ => CommandError::failed(error),
        }
    }
}

macro_rules! failures {
    ($($error:ty)*) => { $(
        impl From<$error> for CommandError {
            fn from(error: $error) -> Self {
                CommandError::failed(error)
            }
        }
    )* };
}

failures! { ConcludeError ReportError FileError }
