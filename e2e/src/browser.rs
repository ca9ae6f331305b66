//! A headless Chromium with a profile of its own, driven over WebDriver.

use crate::{client::Client, server::free_port, supervisor::Supervised, wait};
use anyhow::{Context, ensure};
use serde_json::{Value, json};
use std::{path::Path, sync::Arc, time::Duration};
use tempfile::TempDir;
use thirtyfour::{
    By, CapabilitiesHelper, ChromiumLikeCapabilities, DesiredCapabilities, LoggingPrefsLogLevel, WebDriver,
    WebElement,
    extensions::query::{ElementPollerWithTimeout, ElementQueryable},
};
use tokio::sync::OnceCell;
use url::Url;

/// CSS pixels of a small phone.
pub const PHONE: (u32, u32) = (390, 844);
/// CSS pixels of a desk.
pub const DESK: (u32, u32) = (1280, 900);

const ARGUMENTS: [&str; 12] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-extensions",
    "--disable-sync",
    "--no-default-browser-check",
    "--no-first-run",
    "--no-proxy-server",
];

/// `$1` is the program, `$2` its port. The browsers that it starts stay in the script's process group; asked to end,
/// it waits for them as long as nobody ends their sessions.
const SUPERVISE: &str = r#"
trap '' TERM
"$1" --port="$2" </dev/null >/dev/null 2>&1 &
echo started
cat >/dev/null
kill -TERM 0
kill -KILL $!
"#;

struct Driver {
    url: String,
    _process: Supervised,
}

pub struct Browser {
    pub driver: WebDriver,
    _profile: TempDir,
}

impl Browser {
    /// # Errors
    /// When Chromium or ChromeDriver is missing or does not start.
    pub async fn start() -> anyhow::Result<Self> {
        Self::start_with(json!({})).await
    }

    /// A browser whose owner prefers this language, as a BCP 47 tag.
    ///
    /// # Errors
    /// As [`Browser::start`].
    pub async fn start_in(language: &str) -> anyhow::Result<Self> {
        Self::start_with(json!({ "intl.accept_languages": language })).await
    }

    /// A browser that runs no page's scripts. Those of WebDriver run all the same.
    ///
    /// # Errors
    /// As [`Browser::start`].
    pub async fn start_without_scripts() -> anyhow::Result<Self> {
        const BLOCK: u32 = 2;
        Self::start_with(json!({ "profile.managed_default_content_settings.javascript": BLOCK })).await
    }

    async fn start_with(preferences: Value) -> anyhow::Result<Self> {
        static DRIVER: OnceCell<Driver> = OnceCell::const_new();
        let chromedriver = DRIVER.get_or_try_init(Driver::start).await?;
        let profile = tempfile::Builder::new().prefix("grantor-e2e-profile-").tempdir()?;
        let mut capabilities = DesiredCapabilities::chrome();
        for argument in ARGUMENTS {
            capabilities.add_arg(argument)?;
        }
        capabilities.add_arg(&format!("--user-data-dir={}", profile.path().display()))?;
        capabilities.add_arg(&format!("--window-size={},{}", DESK.0, DESK.1))?;
        // The servers' own certificate is made for the occasion.
        capabilities.accept_insecure_certs(true)?;
        capabilities.add_experimental_option("prefs", preferences)?;
        capabilities.set_browser_log_level(LoggingPrefsLogLevel::All)?;
        let poller = ElementPollerWithTimeout::new(wait::PATIENCE, Duration::from_millis(50));
        let driver = WebDriver::builder(&chromedriver.url, capabilities)
            .client(Client)
            .poller(Arc::new(poller))
            .connect()
            .await
            .context("Chromium does not start")?;
        Ok(Self { driver, _profile: profile })
    }

    /// Opens an address and waits until the page is there.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub async fn open(&self, url: &str) -> anyhow::Result<()> {
        self.driver.goto(url).await.with_context(|| url.to_owned())
    }

    /// The address of the page that is shown.
    ///
    /// # Errors
    /// When the browser does not say.
    pub async fn address(&self) -> anyhow::Result<Url> {
        Ok(self.driver.current_url().await?)
    }

    /// The text that the page shows.
    ///
    /// # Errors
    /// When there is no page.
    pub async fn text(&self) -> anyhow::Result<String> {
        Ok(self.driver.find(By::Css("body")).await?.text().await?)
    }

    /// The element, as soon as there is one.
    ///
    /// # Errors
    /// When there is none in the end, with what is shown instead.
    pub async fn find(&self, css: &str) -> anyhow::Result<WebElement> {
        match self.driver.query(By::Css(css)).first().await {
            Ok(element) => Ok(element),
            Err(error) => {
                Err(anyhow::Error::new(error).context(format!("no {css} on {}", self.described().await)))
            }
        }
    }

    async fn described(&self) -> String {
        let address = self.address().await.map_or_else(|error| error.to_string(), String::from);
        format!("{address}, which shows:\n{}", self.text().await.unwrap_or_default())
    }

    /// Whether the page has such an element at this moment.
    ///
    /// # Errors
    /// When the browser does not say.
    pub async fn has(&self, css: &str) -> anyhow::Result<bool> {
        Ok(!self.driver.find_all(By::Css(css)).await?.is_empty())
    }

    /// # Errors
    /// As [`Browser::find`].
    pub async fn press(&self, css: &str) -> anyhow::Result<()> {
        Ok(self.find(css).await?.click().await?)
    }

    /// Types into a field, in place of what it held.
    ///
    /// # Errors
    /// As [`Browser::find`].
    pub async fn fill(&self, css: &str, text: &str) -> anyhow::Result<()> {
        let field = self.find(css).await?;
        field.clear().await?;
        Ok(field.send_keys(text).await?)
    }

    /// Fills in the sign-in page and sends it.
    ///
    /// # Errors
    /// As [`Browser::find`].
    pub async fn sign_in(&self, username: &str, password: &str) -> anyhow::Result<()> {
        self.fill("input[name=username]", username).await?;
        self.fill("input[name=password]", password).await?;
        self.press("button[type=submit]").await
    }

    /// Waits until the page's text contains this, and gives the whole text.
    ///
    /// # Errors
    /// When it never does.
    pub async fn shows(&self, words: &str) -> anyhow::Result<String> {
        let what = format!("a page that shows \"{words}\"");
        let found = wait::until(&what, async || {
            // Between two pages there is none.
            Ok(self.text().await.ok().filter(|text| text.contains(words)))
        });
        match found.await {
            Ok(text) => Ok(text),
            Err(error) => Err(error.context(self.described().await)),
        }
    }

    /// Looks at the page on a phone and on a desk, in light and in dark: nothing may stick out sideways. Leaves a
    /// picture of each.
    ///
    /// # Errors
    /// When something does.
    pub async fn check_layout(&self, folder: &Path, name: &str) -> anyhow::Result<()> {
        std::fs::create_dir_all(folder)?;
        for (device, size) in [("phone", PHONE), ("desk", DESK)] {
            let (width, _) = size;
            self.resize(size).await?;
            for scheme in ["dark", "light"] {
                self.prefer(scheme).await?;
                self.driver.screenshot(&folder.join(format!("{name}-{device}-{scheme}.png"))).await?;
            }
            let measured = self.driver.execute("return document.documentElement.scrollWidth", vec![]).await?;
            let measured: u32 = measured.convert()?;
            ensure!(measured <= width, "{name} is {measured} px wide on a screen of {width} px");
        }
        Ok(())
    }

    /// What the browser complained about since it was asked last: refused by a policy, broken scripts, missing files.
    /// Left out is that a page or a script was answered with an error status as it should be, and that nobody has an
    /// icon for the tab.
    ///
    /// # Errors
    /// When the browser does not say.
    pub async fn complaints(&self) -> anyhow::Result<Vec<String>> {
        let meant = ["status of 401", "status of 400", "status of 422", "/favicon.ico - Failed"];
        let messages = self.driver.get_log("browser").await?.into_iter().map(|entry| entry.message);
        Ok(messages.filter(|message| !meant.iter().any(|words| message.contains(words))).collect())
    }

    /// Forgets every cookie, of all servers: nobody is signed in anywhere.
    ///
    /// # Errors
    /// When the browser does not.
    pub async fn forget_everybody(&self) -> anyhow::Result<()> {
        self.driver.cdp().send_raw("Network.clearBrowserCookies", json!({})).await?;
        Ok(())
    }

    /// Has files that pages give written to this directory.
    ///
    /// # Errors
    /// When the browser does not.
    pub async fn download_to(&self, directory: &Path) -> anyhow::Result<()> {
        let allowed = json!({ "behavior": "allow", "downloadPath": directory });
        self.driver.cdp().send_raw("Browser.setDownloadBehavior", allowed).await?;
        Ok(())
    }

    /// Has the page shown in `light` or in `dark`.
    ///
    /// # Errors
    /// When the browser does not.
    pub async fn prefer(&self, scheme: &str) -> anyhow::Result<()> {
        let media = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        self.driver.cdp().send_raw("Emulation.setEmulatedMedia", media).await?;
        Ok(())
    }

    /// Has the page shown on [`PHONE`] or on [`DESK`].
    ///
    /// # Errors
    /// When the browser does not.
    pub async fn resize(&self, (width, height): (u32, u32)) -> anyhow::Result<()> {
        let mobile = (width, height) == PHONE;
        let scale = if mobile { 2 } else { 1 };
        let metrics =
            json!({ "width": width, "height": height, "deviceScaleFactor": scale, "mobile": mobile });
        self.driver.cdp().send_raw("Emulation.setDeviceMetricsOverride", metrics).await?;
        Ok(())
    }
}

impl Driver {
    async fn start() -> anyhow::Result<Self> {
        let port = free_port()?;
        let url = format!("http://127.0.0.1:{port}");
        let program = std::env::var_os("PATH")
            .and_then(|path| {
                std::env::split_paths(&path)
                    .map(|folder| folder.join("chromedriver"))
                    .find(|path| path.is_file())
            })
            .context("chromedriver is not on the search path: install Chromium's driver package")?;
        let process = Supervised::start(SUPERVISE, |shell| {
            shell.arg(program).arg(port.to_string());
        })?;
        let status = format!("{url}/status");
        wait::until("ChromeDriver", async || Ok(Client.get(&status).await.ok())).await?;
        Ok(Self { url, _process: process })
    }
}
