//! A client's logo on the consent page, from a server that the browser never speaks with.

use crate::acme::{Acme, USERNAME, pictures, public_client};
use anyhow::ensure;
use base64::{Engine, engine::general_purpose::STANDARD};
use grantor_e2e::{Browser, Database, Installation, admin::USER_PASSWORD, wait};
use serde_json::json;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::TcpListener,
};

on_both_databases!(logo_or_letter);

/// An orange disc on nothing, 64 pixels wide: a letter behind it would be seen at its corners.
const DISC: &str = "iVBORw0KGgoAAAANSUhEUgAAAEAAAABACAMAAACdt4HsAAAABlBMVEUAAADiVStkce1QAAAAAnRSTlMA/1uRIrUAAAB2SURBVHja7dcxDsAgD\
    ARB9v+fpksVAcpakZHuek8HPo+R9A5P1PAnhNfI8WOCZez8XgAngBPACeAEcAJIwQIgBQuAFCwAUrgfACkECFAC5DW2+BMb7IUGu9Gvd18wf\
    MXxJcvXPF80fdX1Zbug7hccHAUnT/JnJp4tCFGBzgfgAAAAAElFTkSuQmCC";

const REDIRECT_URI: &str = "http://127.0.0.1:4999/callback";

/// How wide the image is, and whether the letter is on its tile.
const LOOK: &str = "const tile = document.querySelector('.tile-logo'), image = tile.querySelector('img'); \
    const letter = document.createRange(); letter.selectNodeContents(tile.lastChild); \
    const bottom = letter.getBoundingClientRect().bottom; \
    return [image.getBoundingClientRect().width, bottom < tile.getBoundingClientRect().bottom]";

async fn logo_or_letter(database: Database) -> anyhow::Result<()> {
    let mut installation = Installation::new(database).await?;
    installation.set("GRANTOR_ALLOW_PRIVATE_NETWORK", "true");
    let server = installation.migrate_and_start(database).await?;
    let acme = Acme::of(installation, server).await?;
    let address = serve_disc().await?;
    for (client_id, file) in [("drawn", "disc.png"), ("broken", "nothing.png")] {
        let mut client = public_client(REDIRECT_URI);
        client["logo_uri"] = json!(format!("{address}/{file}"));
        acme.admin.put_client("acme", client_id, client).await?;
    }
    let browser = Browser::start().await?;
    let extra = [("scope", "openid")];
    browser.open(&acme.authorization_request("drawn", REDIRECT_URI, &extra)?).await?;
    browser.sign_in(USERNAME, USER_PASSWORD).await?;
    let seen = look(&browser).await?;
    browser.check_layout(&pictures(), "consent-logo").await?;
    ensure!(seen == (62, false), "{seen:?} is not the image without the letter");
    let complaints = browser.complaints().await?;
    ensure!(complaints.is_empty(), "the browser complains: {complaints:#?}");

    browser.open(&acme.authorization_request("broken", REDIRECT_URI, &extra)?).await?;
    let seen = look(&browser).await?;
    browser.check_layout(&pictures(), "consent-logo-broken").await?;
    ensure!(seen == (0, true), "{seen:?} is not the letter without the image");
    let said = acme.installation.logged()?;
    ensure!(said.contains("a logo cannot be had"), "{said}");
    Ok(browser.driver.quit().await?)
}

async fn look(browser: &Browser) -> anyhow::Result<(u32, bool)> {
    browser.find("button[name=decision][value=allow]").await?;
    wait::until("the images of the page", async || {
        let ready = browser.driver.execute("return document.readyState === 'complete'", vec![]).await?;
        Ok(ready.convert::<bool>()?.then_some(()))
    })
    .await?;
    Ok(browser.driver.execute(LOOK, vec![]).await?.convert()?)
}

/// The client's own server, with one file.
async fn serve_disc() -> anyhow::Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = format!("http://{}", listener.local_addr()?);
    let disc = STANDARD.decode(DISC)?;
    tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            let mut connection = BufReader::new(connection);
            let mut asked = String::new();
            // Until the empty line.
            while connection.read_line(&mut asked).await? > 2 {}
            let status = if asked.starts_with("GET /disc.png ") { "200 OK" } else { "404 Not Found" };
            let head = format!(
                "HTTP/1.1 {status}\r\nContent-Type: image/png\r\nContent-Length: {}\r\n\r\n",
                disc.len()
            );
            connection.write_all(&[head.as_bytes(), &disc].concat()).await?;
        }
        anyhow::Ok(())
    });
    Ok(address)
}
