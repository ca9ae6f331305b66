use std::path::{Path, PathBuf};

use clap::Args;

use super::Failure;
use crate::http::{admin, oauth_specification};

/// Write the committed specifications
#[derive(Args)]
#[command(after_help = "Example: grantor openapi --check")]
pub struct Openapi {
    /// Where the specifications are
    #[arg(long, default_value = "openapi", value_name = "DIRECTORY")]
    directory: PathBuf,
    /// Write nothing; fail if what is there is not what this version would write
    #[arg(long)]
    check: bool,
}

impl Openapi {
    pub fn run(self) -> Result<(), Failure> {
        let oauth = oauth_specification::specification();
        let specifications = [("admin.json", admin::specification()), ("oauth.json", &oauth)];
        for (name, specification) in specifications {
            let path = self.directory.join(name);
            if self.check {
                check(&path, specification)?;
                println!("{} is what this version writes.", path.display());
            } else {
                std::fs::create_dir_all(&self.directory).map_err(Failure::because)?;
                std::fs::write(&path, specification)
                    .map_err(|error| Failure(format!("{} cannot be written: {error}", path.display())))?;
                println!("Wrote {}.", path.display());
            }
        }
        Ok(())
    }
}

fn check(path: &Path, specification: &str) -> Result<(), Failure> {
    let committed = std::fs::read_to_string(path)
        .map_err(|error| Failure(format!("{} cannot be read: {error}", path.display())))?;
    if committed == specification {
        Ok(())
    } else {
        Err(Failure(format!("{} is out of date; run `grantor openapi`", path.display())))
    }
}
