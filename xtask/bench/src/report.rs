//! What was measured, for people and for programs.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::cpu::Memory;
use crate::load::Sample;
use crate::measure::{CONNECTIONS, Dropped, Measured, Plan, SIGN_IN_CONNECTIONS};
use crate::rounds::{Demand, PEER, PEER_NAME, Round, Spread, Step, TARGETS, spread};

/// Everything that is told of a run.
pub struct Report<'a> {
    pub plan: &'a Plan,
    pub database: &'a str,
    pub measured: &'a Measured,
    pub server_memory: Memory,
}

impl Report<'_> {
    pub fn text(&self) -> String {
        let mut text = String::new();
        // A String takes everything.
        let _written = self.write(&mut text);
        text
    }

    fn write(&self, out: &mut String) -> std::fmt::Result {
        writeln!(
            out,
            "{}, {} rounds of {:.1} s, {} cores; medians, with the lowest and the highest round\n",
            self.database,
            self.plan.rounds,
            self.plan.length.as_secs_f64(),
            cores()
        )?;
        self.write_bounds(out)?;
        self.write_workloads(out)?;
        self.write_targets(out)?;
        self.write_peer(out)?;
        self.write_rest(out)
    }

    fn write_bounds(&self, out: &mut String) -> std::fmt::Result {
        self.write_head(out, "BOUNDS", "in one commit")?;
        for step in self.steps(true) {
            let per_commit = self.spread(|round| round.0.get(&step)?.per_commit);
            self.write_step(out, step, per_commit.map_or(String::new(), |all| counts(all, 1)))?;
        }
        Ok(())
    }

    fn write_workloads(&self, out: &mut String) -> std::fmt::Result {
        self.write_head(out, &format!("\nWORKLOADS ({CONNECTIONS} connections)"), "of its bound")?;
        for step in self.steps(false) {
            let efficiency = self.spread(|round| round.efficiency(step)).map(|all| counts(all, 2));
            let sign_ins = self.spread(|round| round.0.get(&step)?.sign_ins);
            let sign_ins = sign_ins.map(|all| format!("beside {} per second", counts(all, 0)));
            self.write_step(out, step, efficiency.or(sign_ins).unwrap_or_default())?;
        }
        writeln!(out, "({SIGN_IN_CONNECTIONS} connections for sign-ins)")
    }

    fn write_head(&self, out: &mut String, what: &str, last: &str) -> std::fmt::Result {
        let [rate, wall, p50, p99] = ["per CPU second", "per second", "p50 ms", "p99 ms"];
        let newline = what.len() - what.trim_start().len();
        writeln!(out, "{what:width$} {rate:>30} {wall:>10} {p50:>8} {p99:>8}  {last}", width = 30 + newline)
    }

    fn write_step(&self, out: &mut String, step: Step, last: String) -> std::fmt::Result {
        let number = |figure: &dyn Fn(&Sample) -> f64| {
            self.spread(|round| round.0.get(&step).map(figure)).map(|all| all.median)
        };
        let text =
            |value: Option<f64>, decimals| value.map_or("-".to_owned(), |value| decimal(value, decimals));
        let rate = self.spread(|round| round.cost(step).map(f64::recip)).map(|all| counts(all, 0));
        writeln!(
            out,
            "{:30} {:>30} {:>10} {:>8} {:>8}  {last}",
            step.name(),
            rate.as_deref().unwrap_or("-"),
            text(number(&Sample::per_second), 0),
            text(number(&|sample| quantile(sample, 0.5)), 2),
            text(number(&|sample| quantile(sample, 0.99)), 2),
        )
    }

    fn write_targets(&self, out: &mut String) -> std::fmt::Result {
        writeln!(out, "\nTARGETS")?;
        for target in &TARGETS {
            let figure = self.spread(target.figure);
            let verdict = match figure {
                None => "-",
                Some(all) if target.demand.is_met_by(all.median) => "met",
                Some(_) => "MISSED",
            };
            let figure = figure.map_or_else(|| "not measured".to_owned(), |all| counts(all, 2));
            let demanded = match target.demand {
                Demand::AtLeast(least) => format!("at least {least}"),
                Demand::AtMost(most) => format!("at most {most}"),
            };
            writeln!(out, "{verdict:7} {:68} {figure}; {demanded}", target.what)?;
        }
        Ok(())
    }

    fn write_peer(&self, out: &mut String) -> std::fmt::Result {
        writeln!(
            out,
            "\nBESIDE {PEER_NAME}, as it was measured elsewhere on this kind of machine: a hint, no measurement"
        )?;
        for peer in &PEER {
            if let Some(all) = self.spread(|round| round.cost(peer.step).map(f64::recip)) {
                let (low, high) = peer.per_cpu_second;
                writeln!(
                    out,
                    "        {:28} {:.1} to {:.1} times as many per CPU second; wanted {}",
                    peer.step.name(),
                    all.median / high,
                    all.median / low,
                    peer.wanted
                )?;
            }
        }
        Ok(())
    }

    fn write_rest(&self, out: &mut String) -> std::fmt::Result {
        let mebibytes = |bytes: u64| bytes / 1024 / 1024;
        let Memory { peak, own } = self.server_memory;
        writeln!(
            out,
            "\nThe server had at most {} MiB in memory with mapped files, and {} MiB of its own in the end.",
            mebibytes(peak),
            mebibytes(own)
        )?;
        let disturbance = self.measured.disturbance * 100.0;
        writeln!(out, "Others took {disturbance:.0} % of the machine's busy CPU time.")?;
        if let Some(all) = self.client_cost() {
            writeln!(out, "The load client cost {all:.1} us of CPU per request to the empty handler.")?;
        }
        for Dropped { round, step, reason } in &self.measured.dropped {
            writeln!(out, "DROPPED {} in round {round}: {reason}", step.name())?;
        }
        Ok(())
    }

    pub fn json(&self) -> Value {
        let steps: serde_json::Map<String, Value> = self
            .plan
            .steps
            .iter()
            .map(|&step| {
                let figures = json!({
                    "per_cpu_second": self.spread_json(|round| round.cost(step).map(f64::recip)),
                    "per_second": self.spread_json(|round| Some(round.0.get(&step)?.per_second())),
                    "p50_milliseconds": self.spread_json(|round| Some(quantile(round.0.get(&step)?, 0.5))),
                    "p99_milliseconds": self.spread_json(|round| Some(quantile(round.0.get(&step)?, 0.99))),
                    "per_commit": self.spread_json(|round| round.0.get(&step)?.per_commit),
                    "sign_ins_per_second": self.spread_json(|round| round.0.get(&step)?.sign_ins),
                    "efficiency": self.spread_json(|round| round.efficiency(step)),
                });
                (step.name().to_owned(), figures)
            })
            .collect();
        let targets: Vec<Value> = TARGETS
            .iter()
            .map(|target| {
                let met = self.spread(target.figure).map(|all| target.demand.is_met_by(all.median));
                let (at_least, at_most) = match target.demand {
                    Demand::AtLeast(least) => (Some(least), None),
                    Demand::AtMost(most) => (None, Some(most)),
                };
                json!({
                    "what": target.what,
                    "figure": self.spread_json(target.figure),
                    "at_least": at_least,
                    "at_most": at_most,
                    "met": met,
                })
            })
            .collect();
        let dropped = self.measured.dropped.iter().map(|Dropped { round, step, reason }| {
            json!({ "round": round, "step": step.name(), "reason": reason })
        });
        json!({
            "database": self.database,
            "rounds": self.plan.rounds,
            "seconds": self.plan.length.as_secs_f64(),
            "cores": cores(),
            "connections": CONNECTIONS,
            "steps": steps,
            "targets": targets,
            "server_peak_resident_bytes": self.server_memory.peak,
            "server_own_memory_bytes": self.server_memory.own,
            "disturbance": self.measured.disturbance,
            "client_microseconds_per_request": self.client_cost(),
            "dropped": dropped.collect::<Vec<_>>(),
        })
    }

    fn steps(&self, bounds: bool) -> impl Iterator<Item = Step> {
        self.plan.steps.iter().copied().filter(move |step| step.is_bound() == bounds)
    }

    /// Microseconds of the load client for a request.
    fn client_cost(&self) -> Option<f64> {
        let cost = |sample: &Sample| sample.client_cpu.as_secs_f64() * 1e6 / sample.count as f64;
        self.spread(|round| round.0.get(&Step::EmptyHandler).map(cost)).map(|all| all.median)
    }

    fn spread(&self, figure: impl Fn(&Round) -> Option<f64>) -> Option<Spread> {
        spread(&self.measured.rounds, figure)
    }

    fn spread_json(&self, figure: impl Fn(&Round) -> Option<f64>) -> Value {
        self.spread(figure).map_or(
            Value::Null,
            |all| json!({ "median": all.median, "lowest": all.lowest, "highest": all.highest }),
        )
    }
}

fn quantile(sample: &Sample, share: f64) -> f64 {
    sample.latency.quantile(share).as_secs_f64() * 1000.0
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(0, Into::into)
}

/// Median and range; `decimals` 0 groups thousands.
fn counts(all: Spread, decimals: usize) -> String {
    let number = |value: f64| decimal(value, decimals);
    format!("{} ({} to {})", number(all.median), number(all.lowest), number(all.highest))
}

fn decimal(value: f64, decimals: usize) -> String {
    match decimals {
        0 => thousands(value),
        _ => format!("{value:.decimals$}"),
    }
}

/// A whole number with thin marks: 12,345. Small ones keep a decimal.
fn thousands(value: f64) -> String {
    if value < 100.0 {
        return format!("{value:.1}");
    }
    let digits = format!("{value:.0}");
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_readable() {
        assert_eq!(thousands(1234567.4), "1,234,567");
        assert_eq!(thousands(999.6), "1,000");
        assert_eq!(thousands(75.25), "75.2");
        let all = Spread { median: 0.5, lowest: 0.25, highest: 12.0 };
        assert_eq!(counts(all, 2), "0.50 (0.25 to 12.00)");
    }
}
