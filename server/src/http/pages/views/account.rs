//! The pages of a person's own account.

use askama::Template;

use super::{Layout, monogram};

/// What is around every page of the account.
#[derive(Clone, Debug)]
pub struct AccountFrame {
    pub items: Vec<NavigationItem>,
    /// Of this session, for all forms.
    pub csrf: String,
    /// Signing out posts `csrf` there.
    pub sign_out_action: String,
    /// What was just done, as a sentence.
    pub notice: Option<String>,
}

/// A page that can be gone to.
#[derive(Clone, Debug)]
pub struct NavigationItem {
    pub address: String,
    pub text: String,
    /// It is the page that is seen.
    pub current: bool,
}

/// One line of a form.
#[derive(Clone, Debug)]
pub struct Field {
    pub name: &'static str,
    /// The input's type.
    pub kind: &'static str,
    pub autocomplete: &'static str,
    pub label: String,
    pub value: String,
    /// How to write it, or what comes of it.
    pub hint: Option<String>,
    /// What is wrong with the value, as a sentence.
    pub problem: Option<String>,
}

/// What there is to know and to do, at a glance. Where the address is not verified, posts `csrf` to `verify_action`.
#[derive(Template)]
#[template(path = "account/overview.html")]
pub struct OverviewPage {
    pub layout: Layout,
    pub frame: AccountFrame,
    pub user_name: String,
    pub email: Option<String>,
    pub profile_address: String,
    pub email_unverified: bool,
    /// Where a link is asked for that verifies it.
    pub verify_action: String,
    pub password_address: String,
    /// Whether they have one.
    pub password: bool,
    pub sessions_address: String,
    /// How many there are, as a sentence.
    pub sessions: String,
    pub this_device: String,
    pub applications_address: String,
    /// How many there are, as a sentence.
    pub applications: String,
    /// Names of the first few of them.
    pub clients: Vec<String>,
}

/// What a person says of themselves. The first form posts `csrf` and the fields; the second, which is there after a
/// fresh sign-in, posts `form=names`, `csrf` and its own.
#[derive(Template)]
#[template(path = "account/profile.html")]
pub struct ProfilePage {
    pub layout: Layout,
    pub frame: AccountFrame,
    pub action: String,
    pub fields: Vec<Field>,
    pub show_username: bool,
    pub username: String,
    pub email: Option<String>,
    pub email_verified: bool,
    pub is_fresh: bool,
    pub names: Vec<Field>,
    /// Where one signs in afresh.
    pub sign_in: String,
}

/// Changes the password. Posts `csrf`, `current`, `new` and `again`.
#[derive(Template)]
#[template(path = "account/password.html")]
pub struct PasswordPage {
    pub layout: Layout,
    pub frame: AccountFrame,
    pub action: String,
    /// For password managers.
    pub username: String,
    pub has_password: bool,
    /// Who has none needs a fresh sign-in.
    pub may_set: bool,
    pub sign_in: String,
    /// Fewest characters.
    pub least: u32,
    /// Whether the problem is with the present password.
    pub wrong_current: bool,
    pub problem: Option<String>,
}

/// Devices that the person has allowed and that wait for an administrator, and those that wait for the person.
#[derive(Template)]
#[template(path = "account/devices.html")]
pub struct DevicesPage {
    pub layout: Layout,
    pub frame: AccountFrame,
    pub devices: Vec<DeviceLine>,
    /// Where a code is entered.
    pub activate: String,
    /// What waits for the person, and where they answer.
    pub queue: Option<(String, String)>,
}

/// A device that waits.
#[derive(Clone, Debug)]
pub struct DeviceLine {
    pub client_name: String,
    /// When it asked: "3 minutes ago".
    pub since: String,
    /// The same moment in RFC 3339.
    pub since_exact: String,
    /// The network address that it asked from.
    pub address: Option<String>,
}

/// Where the person is signed in. Every button posts `csrf` and `session`, which is one, `others` or `all`.
#[derive(Template)]
#[template(path = "account/sessions.html")]
pub struct SessionsPage {
    pub layout: Layout,
    pub frame: AccountFrame,
    pub action: String,
    pub sessions: Vec<SessionLine>,
    /// Whether there are any but this one.
    pub others: bool,
}

/// One browser in which the person is signed in.
#[derive(Clone, Debug)]
pub struct SessionLine {
    pub id: String,
    /// What it is, as far as it says.
    pub device: String,
    /// The network address from which they signed in.
    pub address: Option<String>,
    /// When they proved who they are: "3 days ago".
    pub since: String,
    /// The same moment in RFC 3339.
    pub since_exact: String,
    /// It is the browser that shows this.
    pub current: bool,
}

/// What a person allowed so far. Every application's form posts `csrf` and `client_id` to `revoke_action`.
#[derive(Template)]
#[template(path = "account/applications.html")]
pub struct ApplicationsPage {
    pub layout: Layout,
    pub frame: AccountFrame,
    pub revoke_action: String,
    pub applications: Vec<Application>,
}

/// A client that a person has allowed.
#[derive(Clone, Debug)]
pub struct Application {
    pub client_id: String,
    pub client_name: String,
    /// What it may do.
    pub scopes: Vec<String>,
    /// When it was allowed: "3 weeks ago".
    pub since: String,
    /// The same moment in RFC 3339.
    pub since_exact: String,
}

/// Gives the person all that is kept of them: posts `csrf`.
#[derive(Template)]
#[template(path = "account/data.html")]
pub struct DataPage {
    pub layout: Layout,
    pub frame: AccountFrame,
    pub action: String,
    pub is_fresh: bool,
    pub sign_in: String,
    /// Where the account can be deleted, if people may do that.
    pub deletion: Option<String>,
}

/// Deletes the account: posts `csrf` and `username`, which has to be typed.
#[derive(Template)]
#[template(path = "account/deletion.html")]
pub struct DeletionPage {
    pub layout: Layout,
    pub frame: AccountFrame,
    pub action: String,
    pub allowed: bool,
    pub is_fresh: bool,
    pub sign_in: String,
    pub username: String,
    pub problem: Option<String>,
}

/// Says that the account is gone.
#[derive(Template)]
#[template(path = "account/deleted.html")]
pub struct DeletedPage {
    pub layout: Layout,
}
