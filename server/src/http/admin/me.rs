use grantor_api as api;
use poem_openapi::OpenApi;

use super::Tag;
use super::caller::Admin;
use super::responses::Answer;
use crate::app::admin::AdminFault;

pub struct MeApi;

#[OpenApi(tag = "Tag::Me")]
impl MeApi {
    /// Who am I
    ///
    /// The caller, its roles, and for console sessions the token that changes need.
    #[oai(path = "/me", method = "get", operation_id = "read_me")]
    async fn read(&self, admin: Admin) -> Result<Answer<api::Me>, AdminFault> {
        Ok(Answer(admin.me(&admin.caller).await?))
    }
}
