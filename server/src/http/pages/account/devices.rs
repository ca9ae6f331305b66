//! Devices that wait to be let in.

use std::sync::Arc;

use askama::Template;
use grantor_protocol::model::AccountPage;
use poem::http::StatusCode;
use poem::{Request, Response};

use super::view;
use crate::app::App;
use crate::app::account::WaitingDevices;
use crate::http::pages::views::{DeviceLine, DevicesPage};
use crate::http::pages::{html, tenant_path};

/// `GET /t/:slug/account/devices`
pub async fn devices(app: Arc<App>, request: Request) -> Response {
    view(app, request, AccountPage::Devices, async |visit, request| {
        let WaitingDevices { own, queue } =
            visit.app.waiting_devices(visit.context, &visit.signed_in).await?;
        let (layout, frame) = visit.frame_after(request);
        let now = visit.app.clock.now();
        let lines = own.into_iter().map(|(device, client_name)| DeviceLine {
            client_name,
            since: layout.messages.ago(device.created_at, now),
            since_exact: device.created_at.to_string(),
            address: device.origin.address,
        });
        let page = DevicesPage {
            devices: lines.collect(),
            activate: format!("{}/activate", tenant_path(visit.context)),
            queue: queue
                .map(|(address, count)| (layout.with("account-devices-queue", &[("count", count)]), address)),
            layout,
            frame,
        };
        Ok(html(StatusCode::OK, page.render(), &[]))
    })
    .await
}
