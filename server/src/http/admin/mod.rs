use crate::app::App;
use std::sync::Arc;
pub fn service(_: Arc<App>) -> impl poem::Endpoint<Output = poem::Response> {
    poem::endpoint::make(|_| async { poem::Response::default() })
}
pub fn specification() -> String {
    String::new()
}
