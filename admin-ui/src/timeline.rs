//! The lives of signing keys on an axis of time, in per cent of its width.

use grantor_api::KeyState;

/// A moment, in seconds since 1970.
pub type Moment = f64;

const DAY: f64 = 86_400.0;

/// When a key took its steps, or will.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Steps {
    pub published: Moment,
    pub active: Option<Moment>,
    pub retired: Option<Moment>,
    pub removed: Option<Moment>,
}

/// A part of a key's life.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stretch {
    pub state: KeyState,
    /// In per cent of the axis.
    pub left: f64,
    pub width: f64,
    /// Whether it is still to come.
    pub planned: bool,
}

/// The time that is shown.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Window {
    pub from: Moment,
    pub to: Moment,
}

impl Window {
    /// All that is known of these keys with some room at both ends, and `now` in any case.
    #[must_use]
    pub fn of(keys: &[Steps], now: Moment) -> Self {
        let moments = || {
            keys.iter().flat_map(|key| {
                [Some(key.published), key.active, key.retired, key.removed].into_iter().flatten()
            })
        };
        let from = moments().fold(now, f64::min);
        let to = moments().fold(now, f64::max);
        let room = ((to - from) * 0.04).max(DAY);
        Self { from: from - room, to: to + room }
    }

    /// Where a moment is, in per cent.
    #[must_use]
    pub fn place(self, moment: Moment) -> f64 {
        (100.0 * (moment - self.from) / (self.to - self.from)).clamp(0.0, 100.0)
    }

    /// Days that the axis is marked at, as moments of UTC: at most `most`, evenly.
    #[must_use]
    pub fn days(self, most: usize) -> Vec<Moment> {
        const STEPS: [f64; 12] = [1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 90.0, 180.0, 365.0, 730.0, 3650.0];
        let at = |step: f64| {
            let step = step * DAY;
            let first = (self.from / step).ceil() * step;
            let mut days = vec![];
            let mut day = first;
            while day <= self.to && days.len() <= most {
                days.push(day);
                day += step;
            }
            days
        };
        STEPS.iter().map(|step| at(*step)).find(|days| days.len() <= most).unwrap_or_default()
    }

    /// The parts of a key's life in their order, cut where now is. What ends at an unknown time goes on to
    /// the end of the window.
    #[must_use]
    pub fn stretches(self, key: Steps, now: Moment) -> Vec<Stretch> {
        let end = key.removed.unwrap_or(self.to);
        let until = |moment: Option<Moment>| moment.unwrap_or(end).min(end);
        let (active, retired) = (until(key.active.or(key.retired)), until(key.retired));
        let lives = [
            (KeyState::Published, key.published, active),
            (KeyState::Active, active, retired),
            (KeyState::Retired, retired, end),
        ];
        let mut stretches = vec![];
        for (state, from, to) in lives {
            for (from, to, planned) in [(from, to.min(now), false), (from.max(now), to, true)] {
                if to > from {
                    let left = self.place(from);
                    stretches.push(Stretch { state, left, width: self.place(to) - left, planned });
                }
            }
        }
        stretches
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW: Window = Window { from: 0.0, to: 100.0 };

    fn shape(stretches: &[Stretch]) -> Vec<(KeyState, f64, f64, bool)> {
        stretches.iter().map(|part| (part.state, part.left, part.width, part.planned)).collect()
    }

    #[test]
    fn a_life_has_its_states_and_is_cut_at_now() {
        let key = Steps { published: 10.0, active: Some(20.0), retired: Some(60.0), removed: Some(70.0) };
        assert_eq!(
            shape(&WINDOW.stretches(key, 40.0)),
            [
                (KeyState::Published, 10.0, 10.0, false),
                (KeyState::Active, 20.0, 20.0, false),
                (KeyState::Active, 40.0, 20.0, true),
                (KeyState::Retired, 60.0, 10.0, true),
            ]
        );
    }

    #[test]
    fn what_ends_at_an_unknown_time_goes_on() {
        let key = Steps { published: 10.0, active: Some(10.0), ..Steps::default() };
        assert_eq!(
            shape(&WINDOW.stretches(key, 50.0)),
            [(KeyState::Active, 10.0, 40.0, false), (KeyState::Active, 50.0, 50.0, true)]
        );
    }

    #[test]
    fn a_revoked_key_ends_when_it_was_revoked() {
        let active = Steps { published: 10.0, active: Some(20.0), retired: None, removed: Some(30.0) };
        assert_eq!(
            shape(&WINDOW.stretches(active, 50.0)),
            [(KeyState::Published, 10.0, 10.0, false), (KeyState::Active, 20.0, 10.0, false)]
        );
        // It never signed.
        let published = Steps { published: 10.0, active: Some(90.0), retired: None, removed: Some(30.0) };
        assert_eq!(shape(&WINDOW.stretches(published, 50.0)), [(KeyState::Published, 10.0, 20.0, false)]);
    }

    #[test]
    fn the_window_holds_everything_and_now() {
        let key = Steps { published: 1000.0 * DAY, active: None, retired: Some(1100.0 * DAY), removed: None };
        let window = Window::of(&[key], 1010.0 * DAY);
        assert_eq!((window.from, window.to), (996.0 * DAY, 1104.0 * DAY));
        assert_eq!(window.place(1050.0 * DAY), 50.0);
        let days = window.days(8);
        assert!(
            (3..=8).contains(&days.len()) && days.iter().all(|day| *day >= window.from && *day <= window.to)
        );
        let nothing = Window::of(&[], 0.0);
        assert_eq!((nothing.from, nothing.to), (-DAY, DAY));
    }
}
