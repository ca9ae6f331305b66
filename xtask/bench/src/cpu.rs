//! What a process and those that it started have cost so far, as Linux counts it in /proc.

use std::collections::HashSet;
use std::fs;
use std::time::Duration;

use anyhow::Context;

/// The unit of the times in /proc/PID/stat is 10 ms on every architecture (`USER_HZ`).
const TICK: Duration = Duration::from_millis(10);

struct Process {
    id: u32,
    parent: u32,
    own: Duration,
    /// Of children that have ended.
    ended: Duration,
}

/// CPU time, user and system, of these processes and all of their descendants.
///
/// # Errors
/// Where there is no /proc, or a process has ended.
pub fn of_trees(roots: &[u32]) -> anyhow::Result<Duration> {
    let processes = processes()?;
    for root in roots {
        anyhow::ensure!(processes.iter().any(|process| process.id == *root), "process {root} has ended");
    }
    let mut members: HashSet<u32> = roots.iter().copied().collect();
    loop {
        let known = members.len();
        let children = processes.iter().filter(|process| members.contains(&process.parent));
        let children: Vec<u32> = children.map(|process| process.id).collect();
        members.extend(children);
        if members.len() == known {
            break;
        }
    }
    let members = processes.iter().filter(|process| members.contains(&process.id));
    Ok(members.map(|process| process.own + process.ended).sum())
}

/// CPU time, user and system, of this process without those that it started.
///
/// # Errors
/// Where there is no /proc.
pub fn of_this_process() -> anyhow::Result<Duration> {
    let text = fs::read_to_string("/proc/self/stat").context("CPU time is read from /proc (Linux)")?;
    parse(&text).map(|process| process.own).context("/proc/self/stat is not understood")
}

/// CPU time that the machine spent on anything since it was started, with what its host took from it.
///
/// # Errors
/// Where there is no /proc.
pub fn of_the_machine() -> anyhow::Result<Duration> {
    let text = fs::read_to_string("/proc/stat").context("CPU time is read from /proc (Linux)")?;
    let line = text.lines().next().context("/proc/stat is empty")?;
    let ticks: Vec<u64> = line.split_whitespace().skip(1).map_while(|ticks| ticks.parse().ok()).collect();
    // proc_stat(5): user, nice, system, idle, iowait, irq, softirq, steal; guests are in user.
    let busy = ticks.iter().take(8).enumerate().filter(|(index, _)| !matches!(index, 3 | 4));
    let busy: u64 = busy.map(|(_, ticks)| ticks).sum();
    Ok(TICK.mul_f64(busy as f64))
}

/// Memory of a process in RAM, in bytes.
pub struct Memory {
    /// The most that it ever had, with the parts of files that it mapped.
    pub peak: u64,
    /// What is its own now, without files.
    pub own: u64,
}

/// # Errors
/// Where there is no /proc, or the process has ended.
pub fn memory(process: u32) -> anyhow::Result<Memory> {
    let text = fs::read_to_string(format!("/proc/{process}/status"))?;
    let value = |name: &str| -> anyhow::Result<u64> {
        let value =
            text.lines().find_map(|line| line.strip_prefix(name)).with_context(|| format!("no {name}"))?;
        let kibibytes: u64 = value.trim().trim_end_matches(" kB").parse()?;
        Ok(kibibytes * 1024)
    };
    Ok(Memory { peak: value("VmHWM:")?, own: value("RssAnon:")? })
}

/// How many threads of a process have a name that begins so.
///
/// # Errors
/// Where there is no /proc, or the process has ended.
pub fn threads_named(process: u32, beginning: &str) -> anyhow::Result<usize> {
    let threads = fs::read_dir(format!("/proc/{process}/task"))?;
    let names = threads.flatten().filter_map(|thread| fs::read_to_string(thread.path().join("comm")).ok());
    Ok(names.filter(|name| name.starts_with(beginning)).count())
}

fn processes() -> anyhow::Result<Vec<Process>> {
    let entries = fs::read_dir("/proc").context("CPU time is read from /proc (Linux)")?;
    // Whatever has no such file is no process, or none any more.
    let stats = entries.flatten().filter_map(|entry| fs::read_to_string(entry.path().join("stat")).ok());
    Ok(stats.filter_map(|text| parse(&text)).collect())
}

/// proc_pid_stat(5): the name, in parentheses, may itself hold spaces and parentheses.
fn parse(stat: &str) -> Option<Process> {
    let (id, rest) = stat.split_once(" (")?;
    let fields: Vec<&str> = rest.rsplit_once(") ")?.1.split(' ').collect();
    let number = |index: usize| fields.get(index)?.trim().parse::<u32>().ok();
    let time = |index: usize| number(index).map(|ticks| TICK * ticks);
    Some(Process {
        id: id.parse().ok()?,
        parent: number(1)?,
        own: time(11)? + time(12)?,
        ended: time(13)? + time(14)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_line_with_a_difficult_name() {
        let line = "77 (a) (b c) S 12 77 77 0 -1 4194560 9 8 0 0 150 50 20 10 20 0 1 0 5";
        let process = parse(line).unwrap();
        assert_eq!((process.id, process.parent), (77, 12));
        assert_eq!(process.own, Duration::from_secs(2));
        assert_eq!(process.ended, Duration::from_millis(300));
    }

    #[test]
    fn threads_are_counted_by_name() {
        let (stop, stopped) = std::sync::mpsc::channel::<()>();
        let (started, starts) = std::sync::mpsc::channel();
        let wait = move || {
            started.send(()).unwrap();
            stopped.recv()
        };
        let thread = std::thread::Builder::new().name("counted-0".into()).spawn(wait).unwrap();
        starts.recv().unwrap();
        assert_eq!(threads_named(std::process::id(), "counted-").unwrap(), 1);
        assert_eq!(threads_named(std::process::id(), "uncounted-").unwrap(), 0);
        drop(stop);
        assert!(thread.join().unwrap().is_err());
    }

    #[test]
    fn a_process_is_part_of_its_own_tree() {
        let before = of_this_process().unwrap();
        assert!(of_trees(&[std::process::id()]).unwrap() >= before);
        assert!(of_trees(&[u32::MAX]).is_err());
        let memory = memory(std::process::id()).unwrap();
        assert!(memory.own > 0 && memory.peak >= memory.own);
        assert!(of_the_machine().unwrap() >= before);
    }
}
