//! What waits, as the server last said it, and what is done about it.

use std::time::Duration;

use grantor_api::{DeviceAuthorization, DeviceState, Page};
use leptos::{prelude::*, task::spawn_local};
use serde_json::{Value, json};
use wasm_bindgen::JsCast;
use web_sys::VisibilityState;

use crate::address::encode;
use crate::admin_api::{get, send};
use crate::answer::Refusal;
use crate::session::access;
use crate::ui::{notify_refusal, now};
use crate::waiting;

/// Between two questions to the server.
const EVERY: Duration = Duration::from_secs(2);

/// Devices that are shown at a time.
const SHOWN: usize = 200;

/// Decided devices that stay on the page.
const RECENT: usize = 20;

/// Devices whose outcome is asked for at a time.
const ASKED: usize = 8;

/// The queue of a tenant while it is on the page.
#[derive(Clone, Copy)]
pub struct Queue {
    path: StoredValue<String>,
    devices: RwSignal<Vec<DeviceAuthorization>>,
    /// Which devices wait, in order. It changes only when one comes or goes, and so do the cards.
    pub ids: Memo<Vec<String>>,
    pub chosen: RwSignal<Option<String>>,
    /// What is about to be denied, if that is said once more.
    pub denying: RwSignal<Option<String>>,
    /// What an administrator is naming a user for.
    pub naming: RwSignal<Option<String>>,
    /// What is being decided.
    pub busy: RwSignal<Option<String>>,
    /// Why the last decision was refused, and of which device.
    pub refused: RwSignal<Option<(String, Refusal)>>,
    /// What was decided, the latest first.
    pub recent: RwSignal<Vec<DeviceAuthorization>>,
    pub loaded: RwSignal<bool>,
    pub trouble: RwSignal<Option<Refusal>>,
    /// What screen readers are told.
    pub said: RwSignal<String>,
    /// What came of the search for a code.
    pub found: RwSignal<String>,
    /// The time, every second.
    pub clock: RwSignal<f64>,
}

impl Queue {
    pub fn new(tenant: &str) -> Self {
        let devices = RwSignal::new(Vec::<DeviceAuthorization>::new());
        Self {
            path: StoredValue::new(format!("tenants/{}/device-authorizations", encode(tenant))),
            devices,
            ids: Memo::new(move |_| devices.with(|all| ids(all))),
            chosen: RwSignal::new(None),
            denying: RwSignal::new(None),
            naming: RwSignal::new(None),
            busy: RwSignal::new(None),
            refused: RwSignal::new(None),
            recent: RwSignal::new(vec![]),
            loaded: RwSignal::new(false),
            trouble: RwSignal::new(None),
            said: RwSignal::new(String::new()),
            found: RwSignal::new(String::new()),
            clock: RwSignal::new(now()),
        }
    }

    /// The device with this identifier, while it waits.
    pub fn device(self, id: &str) -> Option<DeviceAuthorization> {
        self.devices.with(|all| all.iter().find(|device| device.id == id).cloned())
    }

    /// Chooses a device; what was begun with another one is left.
    pub fn choose(self, id: Option<String>) {
        if self.chosen.get_untracked() == id {
            return;
        }
        self.denying.set(None);
        self.naming.set(None);
        self.chosen.set(id);
    }

    /// Chooses and shows the device that shows this code.
    pub fn find(self, code: String) {
        if code.trim().is_empty() {
            return self.found.set(String::new());
        }
        let (access, path) = (access(), self.path.get_value());
        spawn_local(async move {
            let path = format!("{path}?limit=1&user_code={}", encode(code.trim()));
            let text = match get::<Page<DeviceAuthorization>>(access, &path).await {
                Ok(page) => match page.items.into_iter().next() {
                    Some(device) => self.found_one(device),
                    None => "No waiting device shows this code.".to_owned(),
                },
                Err(refusal) => refusal.message,
            };
            let _gone = self.found.try_set(text);
        });
    }

    fn found_one(self, device: DeviceAuthorization) -> String {
        let (id, text) = (device.id.clone(), format!("It is {}.", waiting::name(&device)));
        let _gone = self.devices.try_update(|all| {
            if !all.iter().any(|known| known.id == device.id) {
                all.push(device);
                waiting::put_in_order(all);
            }
        });
        self.choose(Some(id.clone()));
        request_animation_frame(move || focus(&id));
        text
    }

    /// Lets the device in, for the user with this name where nobody has entered the code.
    pub fn approve(self, id: &str, username: Option<String>) {
        let body = username.map_or_else(|| json!({}), |username| json!({ "username": username }));
        self.decide(id, "approve", body);
    }

    /// Turns the device away for good.
    pub fn deny(self, id: &str) {
        self.decide(id, "deny", json!({}));
    }

    fn decide(self, id: &str, deed: &'static str, body: Value) {
        if self.busy.get_untracked().is_some() {
            return;
        }
        self.busy.set(Some(id.to_owned()));
        self.refused.set(None);
        let (access, path, id) =
            (access(), format!("{}/{}/{deed}", self.path.get_value(), encode(id)), id.to_owned());
        spawn_local(async move {
            let answer = send::<DeviceAuthorization>(access, "POST", &path, Some(&body)).await;
            let _gone = self.busy.try_set(None);
            match answer {
                Ok(device) => self.decided(device),
                Err(refusal) if self.loaded.is_disposed() => notify_refusal(&refusal),
                Err(refusal) => {
                    self.denying.set(None);
                    self.refused.set(Some((id, refusal)));
                }
            }
        });
    }

    fn decided(self, device: DeviceAuthorization) {
        if self.loaded.is_disposed() {
            return;
        }
        let words = format!("{}: {}", waiting::name(&device), waiting::outcome(device.state));
        self.said.set(words);
        let mut rest = self.devices.get_untracked();
        rest.retain(|known| known.id != device.id);
        self.keep(device);
        self.put(rest);
        if let Some(id) = self.chosen.get_untracked() {
            request_animation_frame(move || focus(&id));
        }
    }

    /// Shows what waits now.
    fn put(self, mut devices: Vec<DeviceAuthorization>) {
        waiting::put_in_order(&mut devices);
        if devices == self.devices.get_untracked() {
            return;
        }
        let (before, after) = (self.ids.get_untracked(), ids(&devices));
        let had_focus = focused_card().filter(|id| after.contains(id));
        let chosen = waiting::still_chosen(&before, &after, self.chosen.get_untracked().as_deref());
        self.devices.set(devices);
        self.choose(chosen);
        // A card that moved has lost the focus.
        if let Some(id) = had_focus.filter(|_| before != after) {
            request_animation_frame(move || {
                if focused_card().is_none() {
                    focus(&id);
                }
            });
        }
    }

    /// Puts a device among those that were decided.
    fn keep(self, device: DeviceAuthorization) {
        self.recent.update(|recent| {
            recent.retain(|known| known.id != device.id);
            recent.push(device);
            recent.sort_by(|one, other| waiting::decided_at(other).cmp(waiting::decided_at(one)));
            recent.truncate(RECENT);
        });
    }

    /// Asks the server what waits, and what became of what no longer does.
    async fn refresh(self) {
        let (access, path) = (access(), self.path.get_value());
        match get::<Page<DeviceAuthorization>>(access, &format!("{path}?limit={SHOWN}")).await {
            Ok(page) if !self.loaded.is_disposed() => {
                let gone = self.gone(&page.items);
                if self.loaded.get_untracked()
                    && let Some(text) = waiting::announcement(&self.ids.get_untracked(), &page.items)
                {
                    self.said.set(text);
                }
                if self.trouble.with_untracked(Option::is_some) {
                    self.trouble.set(None);
                }
                // A decision is under way: its answer says more than what was asked before it.
                if self.busy.with_untracked(Option::is_none) {
                    self.put(page.items);
                }
                if !self.loaded.get_untracked() {
                    self.loaded.set(true);
                }
                self.ask_after(gone).await;
            }
            Ok(_) => {}
            Err(refusal) => {
                let _gone = self.trouble.try_set(Some(refusal));
            }
        }
    }

    /// Devices that are no longer among those that wait, and those that were let in and have no tokens yet.
    fn gone(self, waiting: &[DeviceAuthorization]) -> Vec<String> {
        let left =
            self.ids.get_untracked().into_iter().filter(|id| !waiting.iter().any(|device| device.id == *id));
        let approved = self.recent.with_untracked(|recent| {
            let open = recent.iter().filter(|device| device.state == DeviceState::Approved);
            open.map(|device| device.id.clone()).collect::<Vec<_>>()
        });
        left.chain(approved).take(ASKED).collect()
    }

    async fn ask_after(self, gone: Vec<String>) {
        let (access, path) = (access(), self.path.try_get_value().unwrap_or_default());
        for id in gone {
            let device = get::<DeviceAuthorization>(access, &format!("{path}/{}", encode(&id))).await;
            if self.loaded.is_disposed() {
                return;
            }
            if let Ok(device) = device
                && !self.recent.with_untracked(|recent| recent.contains(&device))
            {
                self.keep(device);
            }
        }
    }

    /// What was decided before the page was opened.
    async fn load_recent(self) {
        let (access, path) = (access(), self.path.get_value());
        for state in ["approved", "redeemed", "denied"] {
            let list = format!("{path}?limit={SHOWN}&state={state}");
            let Ok(page) = get::<Page<DeviceAuthorization>>(access, &list).await else { continue };
            if self.loaded.is_disposed() {
                return;
            }
            page.items.into_iter().for_each(|device| self.keep(device));
        }
    }
}

fn ids(devices: &[DeviceAuthorization]) -> Vec<String> {
    devices.iter().map(|device| device.id.clone()).collect()
}

/// Follows the queue for as long as the page is there, and only while somebody can see it.
pub fn poll(queue: Queue) {
    let asking = StoredValue::new(false);
    let ask = move || {
        if asking.try_get_value() != Some(false) || document().visibility_state() != VisibilityState::Visible
        {
            return;
        }
        asking.set_value(true);
        spawn_local(async move {
            queue.refresh().await;
            asking.try_set_value(false);
        });
    };
    ask();
    spawn_local(queue.load_recent());
    let tick = move || queue.clock.set(now());
    let timers =
        [set_interval_with_handle(ask, EVERY), set_interval_with_handle(tick, Duration::from_secs(1))];
    on_cleanup(move || timers.into_iter().flatten().for_each(|timer| timer.clear()));
}

/// The identifier of a device's card in the page.
pub fn card_id(id: &str) -> String {
    format!("device-{id}")
}

/// Gives a card the focus and brings it into sight.
pub fn focus(id: &str) {
    let card = document().get_element_by_id(&card_id(id));
    if let Some(card) = card.and_then(|card| card.dyn_into::<web_sys::HtmlElement>().ok()) {
        let _focused = card.focus();
    }
}

/// The device whose card, or something in it, has the focus.
fn focused_card() -> Option<String> {
    let card = document().active_element()?.closest("[id^=device-]").ok().flatten()?;
    card.id().strip_prefix("device-").map(str::to_owned)
}
