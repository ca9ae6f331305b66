//! `grantor apply`: files, a plan, and what becomes of it through the admin API.

use std::path::Path;

use grantor::apply::{self, Action, AdminApi, Configuration, Current, Fault, NewSecret, Plan, Request, Step};
use serde_json::Value;

use crate::admin::Api;
use crate::support::TestApp;

/// What docs/configuration-as-code.md shows.
const EXAMPLE: &str = include_str!("../../../docs/configuration-as-code.md");

impl AdminApi for Api<'_> {
    async fn send(&self, request: &Request) -> Result<apply::Answer, Fault> {
        let header = request.precondition.iter().map(|(name, value)| match name.as_str() {
            "if-match" => ("if-match", value.as_str()),
            _ => ("if-none-match", value.as_str()),
        });
        let (headers, path) = (header.collect::<Vec<_>>(), format!("/{}", request.path));
        let answer =
            Api::send(self, request.method.clone(), &path, &headers, request.document.as_ref()).await;
        let document = if answer.body.is_empty() { Value::Null } else { answer.json() };
        let etag = answer.header("etag").map(str::to_owned);
        Ok(apply::Answer { status: answer.status.as_u16(), etag, document })
    }
}

fn read(text: &str) -> Configuration {
    Configuration::of(apply::parse(Path::new("acme.yaml"), text).unwrap()).unwrap()
}

async fn planned(api: &Api<'_>, text: &str, prune: bool) -> Plan {
    let configuration = read(text);
    let current: Current = apply::gather(api, &configuration, prune).await.unwrap();
    apply::plan(&configuration, &current, prune).unwrap()
}

async fn applied(api: &Api<'_>, text: &str, prune: bool) -> Result<Vec<NewSecret>, Fault> {
    let plan = planned(api, text, prune).await;
    let mut secrets = vec![];
    let keep = |_: &Step, secret: Option<NewSecret>| {
        secrets.extend(secret);
        Ok(())
    };
    apply::carry_out(api, &plan, keep).await.map(|()| secrets)
}

fn example(language: &str) -> &'static str {
    let (_, rest) = EXAMPLE.split_once(&format!("```{language}\n")).unwrap();
    rest.split_once("```").unwrap().0
}

crate::on_both! {
    async fn what_was_applied_once_is_as_the_files_say(app: TestApp) {
        let admin = app.platform("platform-admin").await;
        let example = example("yaml");
        let plan = planned(&admin, example, true).await;
        assert!(plan.count(Action::Create) > 3 && plan.count(Action::Create) == plan.steps.len(), "{plan}");
        let secrets = applied(&admin, example, true).await.unwrap();
        let told: Vec<_> = secrets.iter().map(|made| (made.key.as_str(), made.member, made.secret.split_once('_').unwrap().0)).collect();
        assert_eq!(
            told,
            [
                ("nightly-report", "client_secret", "gcs"),
                ("5f0c1f8e-2a55-4d3b-9c57-0e1d7b9f2a61", "secret", "whsec"),
            ]
        );
        let before = admin.get("/tenants/acme").await.etag();
        // The console's client is nobody's to describe.
        app.get("/console/sign-in?tenant=acme").await.location();
        assert_eq!(admin.get("/tenants/acme/clients/grantor-console").await.document(200)["origin"], "built_in");
        let again = planned(&admin, example, true).await;
        assert!(again.steps.is_empty(), "{again}");
        assert!(applied(&admin, example, true).await.unwrap().is_empty());
        assert_eq!(admin.get("/tenants/acme").await.etag(), before);
    }

    /// What files cannot take away: what is the platform's, and what somebody suspended.
    async fn what_lasts_is_no_difference(app: TestApp) {
        let admin = app.platform("platform-admin").await;
        let text = example("yaml");
        applied(&admin, text, false).await.unwrap();
        let limits = serde_json::json!({
            "quotas": { "users": 50 }, "rate_limits": { "token": { "requests": 5, "burst": 7 } },
        });
        admin.patch("/tenants/acme", &serde_json::json!({ "settings": limits })).await.document(200);
        admin.patch("/tenants/acme/clients/shop", &serde_json::json!({ "enabled": false })).await.document(200);
        let plan = planned(&admin, text, true).await;
        assert!(plan.steps.is_empty(), "{plan}");
        // A change of something else leaves them.
        applied(&admin, "tenant: { slug: acme, name: Other }", false).await.unwrap();
        assert_eq!(admin.get("/tenants/acme").await.document(200)["settings"]["quotas"]["users"], 50);
    }

    async fn both_examples_of_the_documentation_say_the_same(app: TestApp) {
        let admin = app.platform("platform-admin").await;
        applied(&admin, example("yaml"), false).await.unwrap();
        let documents = apply::parse(Path::new("acme.toml"), example("toml")).unwrap();
        let configuration = Configuration::of(documents).unwrap();
        let current = apply::gather(&admin, &configuration, true).await.unwrap();
        let plan = apply::plan(&configuration, &current, true).unwrap();
        assert!(plan.steps.is_empty(), "{plan}");
    }

    async fn what_differs_is_changed_and_what_is_in_no_file_deleted(app: TestApp) {
        let admin = app.platform("platform-admin").await;
        let first = "tenant: { slug: fresh, name: Fresh }\nusers: [{ username: ada }, { username: eve }]";
        applied(&admin, first, false).await.unwrap();
        let second = "tenant: { slug: fresh, name: Fresher }\nusers: [{ username: ADA, email: a@b.example }]";
        let plan = planned(&admin, second, true).await;
        let told: Vec<_> = plan.steps.iter().map(|step| (step.action, step.key.as_str())).collect();
        assert_eq!(told, [(Action::Change, "fresh"), (Action::Change, "ADA"), (Action::Delete, "eve")]);
        applied(&admin, second, true).await.unwrap();
        assert!(planned(&admin, second, true).await.steps.is_empty());
        let users = admin.get("/tenants/fresh/users").await.document(200);
        assert_eq!(users["items"].as_array().unwrap().len(), 1, "{users}");
        assert_eq!(users["items"][0]["email"], "a@b.example");
        assert_eq!(admin.get("/tenants/fresh").await.document(200)["name"], "Fresher");
    }

    async fn a_change_between_plan_and_step_is_not_lost(app: TestApp) {
        let admin = app.platform("platform-admin").await;
        applied(&admin, "tenant: { slug: fresh, name: Fresh }", false).await.unwrap();
        let plan = planned(&admin, "tenant: { slug: fresh, name: Fresher }", false).await;
        admin.patch("/tenants/fresh", &serde_json::json!({ "name": "Meanwhile" })).await.document(200);
        let fault = apply::carry_out(&admin, &plan, |_, _| Ok(())).await.unwrap_err().to_string();
        assert!(fault.starts_with("acme.yaml: /tenant: ") && fault.ends_with("(412)"), "{fault}");
        assert_eq!(admin.get("/tenants/fresh").await.document(200)["name"], "Meanwhile");
    }

    async fn what_the_server_refuses_names_file_and_member(app: TestApp) {
        let admin = app.platform("platform-admin").await;
        let text = "tenant: { slug: fresh, name: Fresh }\nclients: [{ client_id: web, redirect_uris: ['https://a.example/#x'] }]";
        let fault = applied(&admin, text, false).await.err().unwrap().to_string();
        assert!(fault.starts_with("acme.yaml: /clients/0/redirect_uris"), "{fault}");
        let auditor = app.platform("platform-auditor").await;
        let refused = applied(&auditor, "tenant: { slug: fresh, name: Other }", false).await.err().unwrap();
        assert!(refused.to_string().ends_with("(403)"), "{refused}");
    }
}
