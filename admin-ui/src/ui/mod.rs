//! The parts that every page is made of.

mod collection;
mod copy;
mod dialog;
mod fields;
mod form;
mod index;
mod params;
mod parts;
mod radio;
mod remote;
mod rows;
mod tabs;
mod time;
mod toast;
mod unsaved;

pub use collection::{Collection, Column, Filter};
pub use copy::{CopyButton, Secret};
pub use dialog::{Dialog, Question, QuestionDialog, Questions, ask};
pub use fields::{
    Choice, ChoiceField, Choices, DurationField, Field, JsonField, ListField, NumberField, SetField,
    SwitchField, TextField, described_by, field_id,
};
pub use form::{Draft, SaveBar, Summary, read_document, save_patch};
pub use index::Index;
pub use params::{Params, params};
pub use parts::{Badge, Deed, Empty, Fact, PageHead, Panel, Tone, go, icon, set_title};
pub use radio::RadioField;
pub use remote::{Document, Loaded, Remote, all, document, remote, show, show_once};
pub use rows::RowsField;
pub use tabs::{Tab, Tabs};
pub use time::{Time, local, now, pause, seconds, utc_of_local};
pub use toast::{ToastList, Toasts, notify, notify_refusal, notify_with_undo};
pub use unsaved::{AskBeforeLeaving, Unsaved, ask_before_going_back, visit};
