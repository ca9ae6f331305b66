//! What is measured, in which order, and what each result is held against.

use std::collections::{BTreeMap, BTreeSet};

use crate::load::Sample;

/// One thing that is measured once in every round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    EmptyHandler,
    Es256Signature,
    ClientCredentialsEs256,
    Es256Verification,
    Introspection,
    Jwks,
    Rs256Signature,
    ClientCredentialsRs256,
    DiskSync,
    DurableRow,
    Authorization,
    CodeExchange,
    Refresh,
    RefreshAtHalfLoad,
    Argon2idHash,
    SignIn,
    TokenIdle,
    TokenBesideSignIns,
    IntrospectionIdle,
    IntrospectionBesideSignIns,
}

impl Step {
    /// In the order of a round: bounds stand next to what they bound, so that a disturbance of the machine
    /// hits both.
    pub const ALL: [Self; 20] = [
        Self::EmptyHandler,
        Self::Es256Signature,
        Self::ClientCredentialsEs256,
        Self::Es256Verification,
        Self::Introspection,
        Self::Jwks,
        Self::Rs256Signature,
        Self::ClientCredentialsRs256,
        Self::DiskSync,
        Self::DurableRow,
        Self::Authorization,
        Self::CodeExchange,
        Self::Refresh,
        Self::RefreshAtHalfLoad,
        Self::Argon2idHash,
        Self::SignIn,
        Self::TokenIdle,
        Self::TokenBesideSignIns,
        Self::IntrospectionIdle,
        Self::IntrospectionBesideSignIns,
    ];

    /// Those with one of `words` in their names, and what they need; all if there are no words.
    ///
    /// # Errors
    /// A word that no name has.
    pub fn chosen(words: &[String]) -> anyhow::Result<Vec<Self>> {
        if words.is_empty() {
            return Ok(Self::ALL.to_vec());
        }
        let mut chosen = BTreeSet::new();
        for word in words {
            let named: Vec<Self> = Self::ALL.into_iter().filter(|step| step.name().contains(word)).collect();
            anyhow::ensure!(!named.is_empty(), "nothing that is measured has `{word}` in its name");
            for step in named {
                chosen.extend(step.bounded_by());
                chosen.extend(step.compared_with());
                chosen.insert(step);
            }
        }
        if chosen.contains(&Self::DurableRow) {
            chosen.insert(Self::DiskSync);
        }
        Ok(Self::ALL.into_iter().filter(|step| chosen.contains(step)).collect())
    }

    pub const fn name(self) -> &'static str {
        match self {
            Self::EmptyHandler => "empty handler",
            Self::Es256Signature => "ES256 signature",
            Self::ClientCredentialsEs256 => "client_credentials, ES256",
            Self::Es256Verification => "ES256 verification",
            Self::Introspection => "introspection",
            Self::Jwks => "JWKS",
            Self::Rs256Signature => "RS256 signature",
            Self::ClientCredentialsRs256 => "client_credentials, RS256",
            Self::DiskSync => "fdatasync of 4 KiB",
            Self::DurableRow => "durable row",
            Self::Authorization => "authorization, signed in",
            Self::CodeExchange => "code exchange",
            Self::Refresh => "refresh, rotating",
            Self::RefreshAtHalfLoad => "refresh at half load",
            Self::Argon2idHash => "argon2id hash",
            Self::SignIn => "sign-in with a password",
            Self::TokenIdle => "token, idle server",
            Self::TokenBesideSignIns => "token beside sign-ins",
            Self::IntrospectionIdle => "introspection, idle server",
            Self::IntrospectionBesideSignIns => "introspection beside sign-ins",
        }
    }

    /// Whether it bounds others and is measured without the server.
    pub const fn is_bound(self) -> bool {
        matches!(
            self,
            Self::EmptyHandler
                | Self::Es256Signature
                | Self::Es256Verification
                | Self::Rs256Signature
                | Self::DiskSync
                | Self::DurableRow
                | Self::Argon2idHash
        )
    }

    /// What an answer cannot cost less than: the sum of these.
    pub const fn bounded_by(self) -> &'static [Self] {
        match self {
            Self::ClientCredentialsEs256 => &[Self::Es256Signature, Self::EmptyHandler],
            Self::ClientCredentialsRs256 => &[Self::Rs256Signature],
            Self::Introspection => &[Self::Es256Verification, Self::EmptyHandler],
            Self::Jwks => &[Self::EmptyHandler],
            Self::Authorization => &[Self::DurableRow, Self::EmptyHandler],
            Self::CodeExchange => {
                &[Self::Es256Signature, Self::Es256Signature, Self::DurableRow, Self::EmptyHandler]
            }
            Self::Refresh => &[Self::Es256Signature, Self::DurableRow, Self::EmptyHandler],
            Self::SignIn => &[Self::Argon2idHash],
            _ => &[],
        }
    }

    /// What must be measured before it in the same round, and is no bound.
    const fn compared_with(self) -> Option<Self> {
        match self {
            Self::RefreshAtHalfLoad => Some(Self::Refresh),
            Self::TokenBesideSignIns => Some(Self::TokenIdle),
            Self::IntrospectionBesideSignIns => Some(Self::IntrospectionIdle),
            _ => None,
        }
    }
}

/// What was measured side by side. A step that failed is not in it.
#[derive(Default)]
pub struct Round(pub BTreeMap<Step, Sample>);

impl Round {
    /// CPU seconds for one.
    pub fn cost(&self, step: Step) -> Option<f64> {
        let cost = self.0.get(&step)?.cost();
        (cost.is_finite() && cost > 0.0).then_some(cost)
    }

    /// The least that one could cost, in CPU seconds, by the bounds of the same round.
    pub fn least_cost(&self, step: Step) -> Option<f64> {
        let bounds = step.bounded_by();
        if bounds.is_empty() {
            return None;
        }
        bounds.iter().map(|bound| self.cost(*bound)).sum()
    }

    /// Achieved / bound.
    pub fn efficiency(&self, step: Step) -> Option<f64> {
        Some(self.least_cost(step)? / self.cost(step)?)
    }

    fn p99(&self, step: Step) -> Option<f64> {
        Some(self.0.get(&step)?.latency.quantile(0.99).as_secs_f64())
    }
}

/// What a target demands of its figure.
#[derive(Clone, Copy)]
pub enum Demand {
    AtLeast(f64),
    AtMost(f64),
}

impl Demand {
    pub fn is_met_by(self, figure: f64) -> bool {
        match self {
            Self::AtLeast(least) => figure >= least,
            Self::AtMost(most) => figure <= most,
        }
    }
}

/// A figure of a round, and what is demanded of its median.
pub struct Target {
    pub what: &'static str,
    pub demand: Demand,
    pub figure: fn(&Round) -> Option<f64>,
}

pub const TARGETS: [Target; 10] = [
    Target {
        what: "client_credentials ES256: share of 1 / (signature + empty handler)",
        demand: Demand::AtLeast(0.5),
        figure: |round| round.efficiency(Step::ClientCredentialsEs256),
    },
    Target {
        what: "client_credentials RS256: share of the bare signature rate",
        demand: Demand::AtLeast(0.85),
        figure: |round| round.efficiency(Step::ClientCredentialsRs256),
    },
    Target {
        what: "JWKS: share of the empty handler",
        demand: Demand::AtLeast(0.6),
        figure: |round| round.efficiency(Step::Jwks),
    },
    Target {
        what: "refresh: rotations per fsync",
        demand: Demand::AtLeast(8.0),
        figure: |round| round.0.get(&Step::Refresh)?.per_commit,
    },
    Target {
        what: "refresh at half load: p99 in milliseconds",
        demand: Demand::AtMost(5.0),
        figure: |round| Some(round.p99(Step::RefreshAtHalfLoad)? * 1000.0),
    },
    Target {
        what: "code exchange: cost in (refresh + signature)",
        demand: Demand::AtMost(1.5),
        figure: |round| {
            let refresh_and_signature = round.cost(Step::Refresh)? + round.cost(Step::Es256Signature)?;
            Some(round.cost(Step::CodeExchange)? / refresh_and_signature)
        },
    },
    Target {
        what: "sign-in: share of the bare argon2id rate",
        demand: Demand::AtLeast(0.9),
        figure: |round| round.efficiency(Step::SignIn),
    },
    Target {
        what: "sign-ins per second: share of the argon2id hashes per second",
        demand: Demand::AtLeast(0.9),
        figure: |round| {
            Some(round.0.get(&Step::SignIn)?.per_second() / round.0.get(&Step::Argon2idHash)?.per_second())
        },
    },
    Target {
        what: "token: p99 beside sign-ins in p99 of an idle server",
        demand: Demand::AtMost(2.0),
        figure: |round| Some(round.p99(Step::TokenBesideSignIns)? / round.p99(Step::TokenIdle)?),
    },
    Target {
        what: "introspection: p99 beside sign-ins in p99 of an idle server",
        demand: Demand::AtMost(2.0),
        figure: |round| {
            Some(round.p99(Step::IntrospectionBesideSignIns)? / round.p99(Step::IntrospectionIdle)?)
        },
    },
];

/// What another server did per CPU second on this kind of machine, in another run: a hint, no measurement.
pub struct Peer {
    pub step: Step,
    pub per_cpu_second: (f64, f64),
    /// How many times as many are wanted.
    pub wanted: f64,
}

pub const PEER_NAME: &str = "node-oidc-provider 9.13";

pub const PEER: [Peer; 3] = [
    Peer { step: Step::ClientCredentialsEs256, per_cpu_second: (2200.0, 2400.0), wanted: 8.0 },
    Peer { step: Step::Introspection, per_cpu_second: (3400.0, 4600.0), wanted: 10.0 },
    Peer { step: Step::Jwks, per_cpu_second: (13_700.0, 13_700.0), wanted: 8.0 },
];

/// Median and range of what the rounds gave.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    pub median: f64,
    pub lowest: f64,
    pub highest: f64,
}

/// None if no round has the figure.
pub fn spread(rounds: &[Round], figure: impl Fn(&Round) -> Option<f64>) -> Option<Spread> {
    let mut figures: Vec<f64> = rounds.iter().filter_map(figure).collect();
    figures.sort_by(f64::total_cmp);
    let (lowest, highest) = (*figures.first()?, *figures.last()?);
    let middle = figures.len() / 2;
    let median = match figures.len() % 2 {
        0 => f64::midpoint(figures[middle - 1], figures[middle]),
        _ => figures[middle],
    };
    Some(Spread { median, lowest, highest })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::histogram::Histogram;
    use std::time::Duration;

    fn sample(count: u64, cpu: Duration) -> Sample {
        let latency = Histogram::default();
        Sample {
            count,
            wall: cpu,
            cpu,
            client_cpu: Duration::ZERO,
            latency,
            per_commit: None,
            sign_ins: None,
        }
    }

    #[test]
    fn efficiency_is_the_least_cost_over_the_cost() {
        let second = Duration::from_secs(1);
        let mut round = Round::default();
        round.0.insert(Step::EmptyHandler, sample(100_000, second));
        round.0.insert(Step::Es256Signature, sample(25_000, second));
        assert_eq!(round.efficiency(Step::ClientCredentialsEs256), None);
        round.0.insert(Step::ClientCredentialsEs256, sample(10_000, second));
        // 40 us + 10 us of 100 us.
        let efficiency = round.efficiency(Step::ClientCredentialsEs256).unwrap();
        assert!((efficiency - 0.5).abs() < 1e-9, "{efficiency}");
        assert_eq!(round.efficiency(Step::EmptyHandler), None);
    }

    #[test]
    fn the_median_is_of_the_rounds_that_have_the_figure() {
        let second = Duration::from_secs(1);
        let rounds: Vec<Round> = [30, 10, 20, 0]
            .into_iter()
            .map(|count| {
                let mut round = Round::default();
                if count > 0 {
                    round.0.insert(Step::Jwks, sample(count, second));
                }
                round
            })
            .collect();
        let found = spread(&rounds, |round| Some(round.0.get(&Step::Jwks)?.per_second())).unwrap();
        assert_eq!(found, Spread { median: 20.0, lowest: 10.0, highest: 30.0 });
        let even = spread(&rounds[..2], |round| Some(round.0.get(&Step::Jwks)?.per_second())).unwrap();
        assert_eq!(even.median, 20.0);
        assert_eq!(spread(&rounds, |_| None), None);
    }

    #[test]
    fn a_choice_brings_its_bounds() {
        let chosen = Step::chosen(&["JWKS".to_owned(), "ES256 sig".to_owned()]).unwrap();
        assert_eq!(chosen, [Step::EmptyHandler, Step::Es256Signature, Step::Jwks]);
        assert_eq!(Step::chosen(&[]).unwrap(), Step::ALL);
        assert!(Step::chosen(&["nothing".to_owned()]).is_err());
        let chosen = Step::chosen(&["token beside".to_owned()]).unwrap();
        assert_eq!(chosen, [Step::TokenIdle, Step::TokenBesideSignIns]);
    }

    #[test]
    fn every_step_is_measured_after_what_it_is_held_against() {
        for (position, step) in Step::ALL.iter().enumerate() {
            if let Some(other) = step.compared_with() {
                assert!(Step::ALL[..position].contains(&other), "{step:?} before {other:?}");
            }
            for bound in step.bounded_by() {
                assert!(bound.is_bound());
                assert!(Step::ALL[..position].contains(bound), "{step:?} before {bound:?}");
            }
        }
    }
}
