//! A chart: stacked bars over time, drawn by the page itself.

use grantor_api::Stats;
use js_sys::Date;
use leptos::prelude::*;

use super::by_day;
use crate::chart::{Series, bars, grouped, height, highest, room, share, time_ticks, value_ticks};
use crate::ui::{Panel, local};

/// The axis of time that the charts of a page share.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Axis {
    /// What time each point stands for.
    labels: Vec<String>,
    /// Points that are marked, and with what.
    ticks: Vec<(usize, String)>,
    /// What there is to say about the time.
    note: &'static str,
}

impl Axis {
    pub fn of(stats: &Stats) -> Self {
        let days = by_day(stats);
        let zone = |options: &[(&'static str, &'static str)]| {
            let mut options = options.to_vec();
            if days {
                options.push(("timeZone", "UTC"));
            }
            options
        };
        let long: &[_] = &[("weekday", "short"), ("day", "numeric"), ("month", "short")];
        let hour = [long, &[("hour", "numeric"), ("minute", "2-digit")]].concat();
        let full = if days { zone(long) } else { hour };
        let points = &stats.points;
        let local_seconds: Vec<i64> = points.iter().map(|point| clock(&point.at, days)).collect();
        let ticks = time_ticks(&local_seconds, 8);
        // Midnights are marked with their day, other hours with the hour.
        let midnights = ticks.iter().all(|index| local_seconds[*index].rem_euclid(86_400) < 3600);
        let short = if midnights {
            zone(&[("day", "numeric"), ("month", "short")])
        } else {
            vec![("hour", "numeric"), ("minute", "2-digit")]
        };
        Self {
            labels: points.iter().map(|point| local(&point.at, &full)).collect(),
            ticks: ticks.into_iter().map(|index| (index, local(&points[index].at, &short))).collect(),
            note: if days { "Days are days of UTC." } else { "" },
        }
    }
}

/// Seconds since 1970 as the viewer's clocks, or those of UTC, show the time.
#[expect(clippy::cast_possible_truncation, reason = "no time is so far away")]
fn clock(at: &str, utc: bool) -> i64 {
    let date = Date::new(&at.into());
    let offset = if utc { 0.0 } else { date.get_timezone_offset() };
    (date.get_time() / 1000.0 - offset * 60.0) as i64
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    Large,
    Middle,
    Small,
}

impl Size {
    fn class(self) -> &'static str {
        match self {
            Self::Large => "chart chart-large",
            Self::Middle => "chart",
            Self::Small => "chart chart-small",
        }
    }
}

/// One chart with its legend; the values show for who points at a bar or moves along with the arrow keys, and
/// stand in a table for screen readers.
#[component]
pub fn Chart(
    title: &'static str,
    about: &'static str,
    axis: Memo<Axis>,
    series: Memo<Vec<Series>>,
    size: Size,
) -> impl IntoView {
    let total = Memo::new(move |_| series.with(|series| series.iter().map(Series::total).sum::<u64>()));
    let ticks = Memo::new(move |_| series.with(|series| value_ticks(highest(series))));
    // What went well and what did not has no sum.
    let sum = (size != Size::Middle).then(|| {
        view! { <p class="chart-total"><strong>{move || grouped(total.get())}</strong></p> }.into_any()
    });
    view! {
        <Panel title=title about=about actions=sum>
            <Show when=move || { total.get() > 0 } fallback=|| view! { <p class="quiet chart-nothing">"Nothing in this time."</p> }>
                <div class=size.class()>
                    <Show when=move || size != Size::Small><Legend series /></Show>
                    <div class="chart-frame">
                        <ol class="chart-values" aria-hidden="true">
                            {move || ticks.with(|ticks| marks(ticks))}
                        </ol>
                        <Plot title axis series ticks />
                        <ol class="chart-times" aria-hidden="true">
                            {move || times(&axis.get(), size)}
                        </ol>
                    </div>
                    <Table title axis series />
                </div>
            </Show>
            <Show when=move || { total.get() > 0 && size != Size::Small && axis.with(|axis| !axis.note.is_empty()) }>
                <p class="hint">{move || axis.with(|axis| axis.note)}</p>
            </Show>
        </Panel>
    }
}

fn marks(ticks: &[u64]) -> impl IntoView + use<> {
    let top = ticks.last().copied().unwrap_or(1);
    ticks
        .iter()
        .map(|tick| {
            let bottom = format!("{}%", share(*tick, top));
            view! { <li style:bottom=bottom>{grouped(*tick)}</li> }
        })
        .collect_view()
}

fn times(axis: &Axis, size: Size) -> impl IntoView + use<> {
    let points = axis.labels.len();
    // A small chart has room for every third one, and no chart for one that would stick out.
    let every = if size == Size::Small { 3 } else { 1 };
    let middle = |index: usize| {
        let (left, width) = room(index, points);
        left + width / 2.0
    };
    axis.ticks
        .iter()
        .step_by(every)
        .filter(|(index, _)| (1.5..98.5).contains(&middle(*index)))
        .map(|(index, text)| view! { <li style:left=format!("{}%", middle(*index))>{text.clone()}</li> })
        .collect_view()
}

#[component]
fn Legend(series: Memo<Vec<Series>>) -> impl IntoView {
    view! {
        <ul class="legend">
            {move || series.get().into_iter().map(|series| view! {
                <li><span class=format!("swatch series-{}", series.colour)></span>{series.name.clone()} " " <span class="quiet">{grouped(series.total())}</span></li>
            }).collect_view()}
        </ul>
    }
}

/// The bars, and the point that one looks at.
#[component]
fn Plot(
    title: &'static str,
    axis: Memo<Axis>,
    series: Memo<Vec<Series>>,
    ticks: Memo<Vec<u64>>,
) -> impl IntoView {
    let points = Memo::new(move |_| axis.with(|axis| axis.labels.len()));
    let looked_at = RwSignal::new(None::<usize>);
    let top = Memo::new(move |_| ticks.with(|ticks| ticks.last().copied().unwrap_or(1)));
    let paths = move || {
        series.with(|series| {
            (0..series.len())
                .map(|which| view! { <path class=format!("series-{}", series[which].colour) d=bars(series, which, top.get()) /> })
                .collect_view()
        })
    };
    let grid = move || {
        ticks.with(|ticks| {
            ticks
                .iter()
                .map(|tick| {
                    let y = format!("{:.3}", 100.0 - share(*tick, top.get()));
                    view! { <line x1="0" x2="100" y1=y.clone() y2=y /> }
                })
                .collect_view()
        })
    };
    let point = move |event: web_sys::PointerEvent| looked_at.set(pointed_at(&event, points.get_untracked()));
    let go = move |event: web_sys::KeyboardEvent| {
        let last = points.get_untracked().saturating_sub(1);
        let now = looked_at.get_untracked();
        let next = match event.key().as_str() {
            "ArrowLeft" | "ArrowDown" => Some(now.map_or(last, |now| now.saturating_sub(1))),
            "ArrowRight" | "ArrowUp" => Some(now.map_or(0, |now| (now + 1).min(last))),
            "Home" => Some(0),
            "End" => Some(last),
            "Escape" => None,
            _ => return,
        };
        event.prevent_default();
        looked_at.set(next);
    };
    let words = move || {
        looked_at.get().map_or_else(String::new, |index| {
            axis.with(|axis| series.with(|series| read_out(axis, series, index)))
        })
    };
    view! {
        <div class="plot" tabindex="0" role="slider" aria-label=format!("{title}, point by point") aria-valuemin="1" aria-valuemax=move || points.get()
            aria-valuenow=move || looked_at.get().map_or(1, |index| index + 1) aria-valuetext=words
            on:pointermove=point on:pointerleave=move |_| looked_at.set(None) on:keydown=go on:blur=move |_| looked_at.set(None)>
            <svg viewBox="0 0 100 100" preserveAspectRatio="none" aria-hidden="true">
                <g class="grid">{grid}</g>
                {move || looked_at.get().map(|index| {
                    let (left, width) = room(index, points.get());
                    view! { <rect class="looked-at" x=left width=width y="0" height="100" /> }
                })}
                {paths}
            </svg>
            {move || looked_at.get().map(|index| view! { <Tip index axis series /> })}
        </div>
    }
}

/// Which point's room the pointer is in.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "pixels"
)]
fn pointed_at(event: &web_sys::PointerEvent, points: usize) -> Option<usize> {
    let element = event_target_element(event)?;
    let frame = element.get_bounding_client_rect();
    let share = (f64::from(event.client_x()) - frame.left()) / frame.width();
    (points > 0 && (0.0..1.0).contains(&share)).then_some((share * points as f64) as usize)
}

fn event_target_element(event: &web_sys::PointerEvent) -> Option<web_sys::Element> {
    wasm_bindgen::JsCast::dyn_into(event.current_target()?).ok()
}

fn read_out(axis: &Axis, series: &[Series], index: usize) -> String {
    let time = axis.labels.get(index).cloned().unwrap_or_default();
    let values: Vec<_> = series
        .iter()
        .map(|series| {
            format!("{} {}", grouped(series.values.get(index).copied().unwrap_or_default()), series.name)
        })
        .collect();
    format!("{time}: {}", values.join(", "))
}

/// The values of the point that one looks at.
#[component]
fn Tip(index: usize, axis: Memo<Axis>, series: Memo<Vec<Series>>) -> impl IntoView {
    let points = axis.with_untracked(|axis| axis.labels.len());
    let (left, width) = room(index, points);
    let middle = left + width / 2.0;
    let class = match middle {
        ..25.0 => "tip tip-right",
        75.0.. => "tip tip-left",
        _ => "tip",
    };
    view! {
        <div class=class style:left=format!("{middle}%") aria-hidden="true">
            <p>{move || axis.with(|axis| axis.labels.get(index).cloned())}</p>
            <ul>
                {move || series.get().into_iter().rev().map(|series| view! {
                    <li><span class=format!("swatch series-{}", series.colour)></span>{series.name.clone()}
                        <strong>{grouped(series.values.get(index).copied().unwrap_or_default())}</strong></li>
                }).collect_view()}
            </ul>
        </div>
    }
}

/// The same for who does not see the picture; points where nothing happened are left out.
#[component]
fn Table(title: &'static str, axis: Memo<Axis>, series: Memo<Vec<Series>>) -> impl IntoView {
    let rows = move || {
        let (axis, series) = (axis.get(), series.get());
        let happened = (0..axis.labels.len()).filter(|index| height(&series, *index) > 0);
        happened
            .map(|index| view! {
                <tr>
                    <th scope="row">{axis.labels[index].clone()}</th>
                    {series.iter().map(|series| view! { <td>{series.values.get(index).copied().unwrap_or_default()}</td> }).collect_view()}
                </tr>
            })
            .collect_view()
    };
    view! {
        <div class="hidden">
            <table>
                <caption>{title} ", without the times in which nothing happened"</caption>
                <thead><tr><th scope="col">"Time"</th>{move || series.get().into_iter().map(|series| view! { <th scope="col">{series.name}</th> }).collect_view()}</tr></thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
}
