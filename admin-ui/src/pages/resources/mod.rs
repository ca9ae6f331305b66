mod edit;
mod fields;
mod list;
mod scopes;

pub use edit::{NewResource, Resource};
pub use list::Resources;
