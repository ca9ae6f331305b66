//! The parts that every page is made of.

mod collection;
mod copy;
mod dialog;
mod fields;
mod form;
mod parts;
mod remote;
mod tabs;
mod time;
mod toast;

pub use collection::{Collection, Column, Filter};
pub use copy::{CopyButton, Secret};
pub use dialog::{Dialog, Question, QuestionDialog, Questions, ask};
pub use fields::{
    ChoiceField, DurationField, JsonField, ListField, NumberField, SetField, SwitchField, TextField,
};
pub use form::{Draft, SaveBar, Summary, save_patch};
pub use parts::{Badge, Empty, Fact, PageHead, Panel, Tone, go, icon, set_title};
pub use remote::{Document, Loaded, Remote, document, remote, show};
pub use tabs::{Tab, Tabs};
pub use time::{Time, now, seconds};
pub use toast::{ToastList, Toasts, notify, notify_refusal, notify_with_undo};
