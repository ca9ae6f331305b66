//! Programs that end with this process, however it ends.

use anyhow::Context;
use std::{
    io::{BufRead, BufReader, Read, Write},
    os::unix::process::CommandExt,
    process::{Child, ChildStdin, Command, Stdio},
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
        shell.process_group(0);
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

/// Kills a child of this process if this process is killed before the child has ended.
pub(crate) struct Guard {
    shell: Child,
}

/// A line says that the child has ended, the end of the input without one that there is nobody left to say so.
const GUARD: &str = r#"read -r ended || kill -KILL "$1""#;

impl Guard {
    /// # Errors
    /// When the shell that keeps watch cannot be run.
    pub fn over(child: &Child) -> anyhow::Result<Self> {
        let mut shell = Command::new("sh");
        shell.args(["-c", GUARD, "sh", &child.id().to_string()]).process_group(0).stdin(Stdio::piped());
        Ok(Self { shell: shell.spawn().context("sh")? })
    }
}

impl Drop for Guard {
    /// The child has ended and was waited for: its id may be another's from now on.
    fn drop(&mut self) {
        if let Some(pipe) = &mut self.shell.stdin {
            let _ = pipe.write_all(b"ended\n");
        }
        let _ = self.shell.wait();
    }
}
