//! What became of devices.

use grantor_api::{DeviceAuthorization, DeviceState};
use leptos::prelude::*;

use super::queue::Queue;
use crate::ui::{Badge, Time, Tone};
use crate::waiting;

/// Devices that were decided upon of late, the latest first.
#[component]
pub fn Recent(queue: Queue) -> impl IntoView {
    let none = Memo::new(move |_| queue.recent.with(Vec::is_empty));
    view! {
        <section class="devices-recent" hidden=none aria-labelledby="recent-devices">
            <h2 id="recent-devices">"Recent"</h2>
            <div class="table-frame">
                <table class="table">
                    <thead><tr><th scope="col">"Client"</th><th scope="col">"Outcome"</th><th scope="col">"User"</th><th scope="col">"When"</th></tr></thead>
                    <tbody>
                        <For each=move || queue.recent.get() key=|device| (device.id.clone(), device.state as u8) children=row />
                    </tbody>
                </table>
            </div>
        </section>
    }
}

fn row(device: DeviceAuthorization) -> impl IntoView {
    let (tone, about) = match device.state {
        DeviceState::Approved => (Tone::Good, "It fetches its tokens next"),
        DeviceState::Redeemed => (Tone::Good, "It has its tokens"),
        DeviceState::Denied if device.administrator.is_some() => (Tone::Bad, "By an administrator"),
        DeviceState::Denied => (Tone::Bad, "By the person who entered the code"),
        DeviceState::Expired => (Tone::Plain, "Nobody answered in time"),
        DeviceState::Pending | DeviceState::AwaitingAdministrator => (Tone::Plain, ""),
    };
    let name = waiting::name(&device).to_owned();
    view! {
        <tr>
            <td data-label="Client">{name}</td>
            <td data-label="Outcome"><span><Badge text=waiting::outcome(device.state) tone /> " " <span class="quiet">{about}</span></span></td>
            <td data-label="User">{device.username.clone()}</td>
            <td data-label="When"><Time at=waiting::decided_at(&device).to_owned() /></td>
        </tr>
    }
}
