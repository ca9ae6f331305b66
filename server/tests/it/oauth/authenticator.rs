//! Passkeys without hardware.

use serde_json::Value;
use webauthn_authenticator_rs::AuthenticatorBackend;
use webauthn_authenticator_rs::softpasskey::SoftPasskey;
use webauthn_rs::prelude::{PublicKeyCredential, RegisterPublicKeyCredential, Url};
use webauthn_rs_proto::{
    AllowCredentials, PublicKeyCredentialCreationOptions, PublicKeyCredentialRequestOptions,
    UserVerificationPolicy,
};

use crate::support::PUBLIC_URL;

/// A software authenticator with what the browser around it does.
pub struct Device {
    authenticator: SoftPasskey,
    verifies: bool,
    credential: Option<Vec<u8>>,
}

impl Device {
    pub fn new(verifies: bool) -> Self {
        Self { authenticator: SoftPasskey::new(verifies), verifies, credential: None }
    }

    /// `navigator.credentials.create`; this authenticator keeps no list of its passkeys, as the browser would.
    pub fn create(&mut self, options: &Value) -> String {
        let mut options: PublicKeyCredentialCreationOptions =
            serde_json::from_value(options["publicKey"].clone()).unwrap();
        if let Some(selection) = &mut options.authenticator_selection {
            selection.require_resident_key = false;
            selection.resident_key = None;
        }
        let made: RegisterPublicKeyCredential =
            self.authenticator.perform_register(origin(), options, 1000).unwrap();
        self.credential = Some(made.raw_id.to_vec());
        serde_json::to_string(&made).unwrap()
    }

    /// `navigator.credentials.get`; whose the passkey is comes with a discoverable one.
    pub fn get(&mut self, options: &Value, owner: Option<&[u8]>) -> String {
        let mut options: PublicKeyCredentialRequestOptions =
            serde_json::from_value(options["publicKey"].clone()).unwrap();
        // One that cannot verify its user answers all the same, as a browser that does not care would.
        if !self.verifies {
            options.user_verification = UserVerificationPolicy::Preferred;
        }
        if options.allow_credentials.is_empty() {
            options.allow_credentials = vec![AllowCredentials {
                type_: "public-key".to_owned(),
                id: self.credential.clone().unwrap(),
                transports: None,
            }];
        }
        let mut answer: PublicKeyCredential =
            self.authenticator.perform_auth(origin(), options, 1000).unwrap();
        answer.response.user_handle = owner.map(<[u8]>::to_vec);
        serde_json::to_string(&answer).unwrap()
    }
}

fn origin() -> Url {
    Url::parse(PUBLIC_URL).unwrap()
}
