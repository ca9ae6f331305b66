//! `cargo xtask test`: every check there is, in order; the first failure ends the run.

mod checks;
mod tools;

use crate::workspace::Workspace;
use anyhow::{Context, bail};
use std::{
    process::ExitCode,
    time::{Duration, Instant},
};

struct Check {
    name: &'static str,
    title: &'static str,
    run: fn(&Workspace) -> anyhow::Result<()>,
}

const CHECKS: &[Check] = &[
    Check { name: "tools", title: "find or install what the checks need", run: tools::provide },
    Check { name: "format", title: "rustfmt has nothing to change", run: checks::format },
    Check { name: "console", title: "the console builds", run: crate::console::build },
    Check { name: "lint", title: "clippy has no warnings", run: checks::lint },
    Check { name: "tests", title: "unit and integration tests", run: checks::tests },
    Check {
        name: "specification",
        title: "openapi/*.json say what the server does",
        run: checks::specification,
    },
    Check {
        name: "dependencies",
        title: "licences, sources and advisories of all crates",
        run: checks::dependencies,
    },
    Check { name: "e2e", title: "the real server, a real browser, both databases", run: checks::end_to_end },
];

/// What became of one check; `None` if the run ended before it.
type Outcome = (&'static Check, Option<(Duration, bool)>);

/// # Errors
/// When an argument is not understood. A failed check is a line in the summary and a failing exit code.
pub fn run(workspace: &Workspace, arguments: &[String]) -> anyhow::Result<ExitCode> {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let chosen: Vec<&'static Check> = match words.as_slice() {
        [] => CHECKS.iter().collect(),
        ["--list"] => {
            for check in CHECKS {
                println!("{:14}  {}", check.name, check.title);
            }
            return Ok(ExitCode::SUCCESS);
        }
        ["--only", names @ ..] if !names.is_empty() => {
            names.iter().map(|name| find(name)).collect::<anyhow::Result<_>>()?
        }
        _ => bail!("usage: cargo xtask test [--list | --only <check>...]"),
    };

    let outcomes = perform(workspace, &chosen);
    summarize(&outcomes);
    let passed = outcomes.iter().all(|(_, result)| result.is_some_and(|(_, passed)| passed));
    Ok(if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn find(name: &str) -> anyhow::Result<&'static Check> {
    CHECKS
        .iter()
        .find(|check| check.name == name)
        .with_context(|| format!("there is no check `{name}`; `cargo xtask test --list` lists them"))
}

fn perform(workspace: &Workspace, checks: &[&'static Check]) -> Vec<Outcome> {
    let mut outcomes: Vec<Outcome> = Vec::new();
    let mut failed = false;
    for (index, check) in checks.iter().enumerate() {
        if failed {
            outcomes.push((check, None));
            continue;
        }
        println!("\n==> [{}/{}] {}: {}", index + 1, checks.len(), check.name, check.title);
        let started = Instant::now();
        let result = (check.run)(workspace);
        let taken = started.elapsed();
        match &result {
            Ok(()) => println!("    {} passed in {:.1} s", check.name, taken.as_secs_f32()),
            Err(error) => {
                println!("\n==> {} FAILED after {:.1} s: {error:#}", check.name, taken.as_secs_f32());
                println!("    again, alone: cargo xtask test --only {}", check.name);
            }
        }
        failed = result.is_err();
        outcomes.push((check, Some((taken, !failed))));
    }
    outcomes
}

fn summarize(outcomes: &[Outcome]) {
    println!("\n{:14}  {:8}  {:>8}", "check", "result", "seconds");
    for (check, outcome) in outcomes {
        let (result, seconds) = match outcome {
            Some((taken, true)) => ("ok", format!("{:.1}", taken.as_secs_f32())),
            Some((taken, false)) => ("FAILED", format!("{:.1}", taken.as_secs_f32())),
            None => ("not run", "-".to_owned()),
        };
        println!("{:14}  {result:8}  {seconds:>8}", check.name);
    }
}
