use std::io::BufRead;

use clap::Subcommand;
use grantor_protocol::model::PasswordPolicy;
use grantor_protocol::password;
use serde::Serialize;

use super::output::Format;
use super::{Failure, open};
use crate::app::bootstrap::PLATFORM_ADMIN;
use crate::config::{Config, Overrides};

#[derive(Subcommand)]
pub enum Admin {
    /// Make a person who administers the platform
    #[command(
        after_help = "Example: printf %s \"$PASSWORD\" | grantor admin create-user --email ops@example.com"
    )]
    CreateUser {
        #[arg(long)]
        email: String,
        #[arg(long, value_enum, default_value_t)]
        output: Format,
    },
    /// Make a client that automation can administer the platform with; prints its secret once
    #[command(after_help = "Example: grantor admin create-service-account --name terraform --output json")]
    CreateServiceAccount {
        /// What the account is for
        #[arg(long)]
        name: String,
        /// What it may do, in all of the platform: a built-in role or one of the platform's own
        #[arg(long, default_value = PLATFORM_ADMIN)]
        role: String,
        #[arg(long, value_enum, default_value_t)]
        output: Format,
    },
}

#[derive(Serialize)]
struct CreatedUser {
    id: String,
    email: String,
}

#[derive(Serialize)]
struct CreatedServiceAccount {
    client_id: String,
    client_secret: String,
}

impl Admin {
    pub async fn run(self, overrides: &Overrides) -> Result<(), Failure> {
        let config = Config::load(overrides).map_err(Failure::because)?;
        match self {
            Self::CreateUser { email, output } => {
                let password = password_from_input()?;
                let app = open::bootstrapped(&config).await?;
                let id = app.create_administrator(&email, &password).await.map_err(Failure::because)?;
                let created = CreatedUser { id: id.to_string(), email };
                output.print(&created, |created| format!("{} can sign in at the console now.", created.email))
            }
            Self::CreateServiceAccount { name, role, output } => {
                let app = open::bootstrapped(&config).await?;
                let (client_id, secret) =
                    app.create_service_account(&name, &role).await.map_err(Failure::because)?;
                let created = CreatedServiceAccount {
                    client_id: client_id.to_string(),
                    client_secret: secret.expose().to_owned(),
                };
                output.print(&created, |created| {
                    format!(
                        "client_id      {}\nclient_secret  {}\nThe secret is not shown again.",
                        created.client_id, created.client_secret
                    )
                })
            }
        }
    }
}

/// A password comes through standard input: arguments can be seen by every user of the machine.
fn password_from_input() -> Result<String, Failure> {
    eprintln!("Password, at least {} characters, on standard input:", password::DEFAULT_MIN_LENGTH);
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).map_err(Failure::because)?;
    let password = line.trim_end_matches(['\r', '\n']);
    password::check(password, &PasswordPolicy::default(), []).map_err(Failure::because)?;
    Ok(password.to_owned())
}
