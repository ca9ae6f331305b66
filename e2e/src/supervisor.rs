//! Programs that end with this process, however it ends.

use anyhow::Context;
use std::{
    io::{BufRead, BufReader, Read},
    process::{ChildStdin, Command, Stdio},
};

/// Holds a shell script that runs a program, says one line when it is ready, reads its own standard input to the
/// end, and then stops the program. That end comes when this value is dropped, and also when the process is killed.
pub(crate) struct Supervised {
    /// What the script said.
    pub line: String,
    _pipe: ChildStdin,
}

impl Supervised {
    /// Runs the script; `prepare` sets its arguments and who runs it.
    ///
    /// # Errors
    /// When the script cannot be run or ends without a word.
    pub fn start(script: &str, prepare: impl FnOnce(&mut Command)) -> anyhow::Result<Self> {
        let mut shell = Command::new("sh");
        shell.args(["-c", script, "sh"]);
        prepare(&mut shell);
        // A Ctrl-C in the terminal must leave it the time to clean up.
        std::os::unix::process::CommandExt::process_group(&mut shell, 0);
        let mut shell = shell.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().context("sh")?;
        let pipe = shell.stdin.take().context("the script has no input")?;
        let mut output = BufReader::new(shell.stdout.take().context("the script has no output")?);
        let mut line = String::new();
        output.read_line(&mut line)?;
        // What it says later must not block it.
        std::thread::spawn(move || {
            let _ = output.read_to_end(&mut Vec::new());
            shell.wait()
        });
        Ok(Self { line: line.trim().to_owned(), _pipe: pipe })
    }
}
