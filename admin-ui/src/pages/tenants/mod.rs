mod import;
mod jobs;
mod list;
mod new;
mod progress;

pub use import::ImportTenant;
pub use jobs::Jobs;
pub use list::Tenants;
pub use new::{LegacyWarning, NewTenant, profiles};
pub use progress::{JobProgress, ProgressBar, follow};
