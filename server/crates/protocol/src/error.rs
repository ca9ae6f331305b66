use std::fmt;

/// An error of the protocol: a code of the standard's, a description that tells the client's
/// developer what to change, and detail that only the log gets.
///
/// `Display` and `Debug` give all three and are for logs; what leaves the server is `code` and
/// `description`.
#[derive(Clone, Debug, PartialEq)]
pub struct Error {
    pub code: ErrorCode,
    /// `error_description` (RFC 6749 §5.2): public.
    pub description: String,
    /// Private: never sent.
    pub detail: Option<String>,
}

/// Error codes, each with the document that registers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorCode {
    /// RFC 6749 §4.1.2.1, §5.2
    InvalidRequest,
    InvalidClient,
    InvalidGrant,
    UnauthorizedClient,
    UnsupportedGrantType,
    UnsupportedResponseType,
    InvalidScope,
    AccessDenied,
    ServerError,
    TemporarilyUnavailable,
    /// RFC 6750 §3.1
    InvalidToken,
    InsufficientScope,
    /// RFC 7009 §2.2.1
    UnsupportedTokenType,
    /// RFC 8707 §2
    InvalidTarget,
    /// OpenID Connect Core §3.1.2.6
    LoginRequired,
    ConsentRequired,
    InteractionRequired,
    AccountSelectionRequired,
    /// OpenID Connect Core Error Code unmet_authentication_requirements §2
    UnmetAuthenticationRequirements,
    RequestNotSupported,
    RequestUriNotSupported,
    RegistrationNotSupported,
    /// OpenID Connect Core §3.1.2.6, RFC 9101 §7
    InvalidRequestObject,
    InvalidRequestUri,
    /// RFC 8628 §3.5
    AuthorizationPending,
    SlowDown,
    ExpiredToken,
    /// RFC 9449 §5, §8
    InvalidDpopProof,
    UseDpopNonce,
    /// RFC 7591 §3.2.2
    InvalidRedirectUri,
    InvalidClientMetadata,
    InvalidSoftwareStatement,
    UnapprovedSoftwareStatement,
}

impl ErrorCode {
    /// The value of `error`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::InvalidClient => "invalid_client",
            Self::InvalidGrant => "invalid_grant",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::UnsupportedResponseType => "unsupported_response_type",
            Self::InvalidScope => "invalid_scope",
            Self::AccessDenied => "access_denied",
            Self::ServerError => "server_error",
            Self::TemporarilyUnavailable => "temporarily_unavailable",
            Self::InvalidToken => "invalid_token",
            Self::InsufficientScope => "insufficient_scope",
            Self::UnsupportedTokenType => "unsupported_token_type",
            Self::InvalidTarget => "invalid_target",
            Self::LoginRequired => "login_required",
            Self::ConsentRequired => "consent_required",
            Self::InteractionRequired => "interaction_required",
            Self::AccountSelectionRequired => "account_selection_required",
            Self::UnmetAuthenticationRequirements => "unmet_authentication_requirements",
            Self::RequestNotSupported => "request_not_supported",
            Self::RequestUriNotSupported => "request_uri_not_supported",
            Self::RegistrationNotSupported => "registration_not_supported",
            Self::InvalidRequestObject => "invalid_request_object",
            Self::InvalidRequestUri => "invalid_request_uri",
            Self::AuthorizationPending => "authorization_pending",
            Self::SlowDown => "slow_down",
            Self::ExpiredToken => "expired_token",
            Self::InvalidDpopProof => "invalid_dpop_proof",
            Self::UseDpopNonce => "use_dpop_nonce",
            Self::InvalidRedirectUri => "invalid_redirect_uri",
            Self::InvalidClientMetadata => "invalid_client_metadata",
            Self::InvalidSoftwareStatement => "invalid_software_statement",
            Self::UnapprovedSoftwareStatement => "unapproved_software_statement",
        }
    }
}

impl Error {
    /// An error with its public description.
    pub fn new(code: ErrorCode, description: impl Into<String>) -> Self {
        Self { code, description: printable(description.into()), detail: None }
    }

    /// `invalid_request`, the most frequent one.
    pub fn invalid_request(description: impl Into<String>) -> Self {
        Self::new(ErrorCode::InvalidRequest, description)
    }

    /// `invalid_grant` (RFC 6749 §5.2).
    pub fn invalid_grant(description: impl Into<String>) -> Self {
        Self::new(ErrorCode::InvalidGrant, description)
    }

    /// `invalid_client` (RFC 6749 §5.2). One description for all causes: which of them it was tells
    /// an attacker whether the client exists.
    pub fn invalid_client(detail: impl Into<String>) -> Self {
        Self::new(ErrorCode::InvalidClient, "client authentication failed").because(detail)
    }

    /// Adds what only the log may know.
    #[must_use]
    pub fn because(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.code.as_str(), self.description)?;
        self.detail.iter().try_for_each(|detail| write!(formatter, " ({detail})"))
    }
}

impl std::error::Error for Error {}

/// `error_description` may hold only %x20-21 / %x23-5B / %x5D-7E (RFC 6749 §5.2), and descriptions
/// can quote what a stranger sent.
fn printable(mut description: String) -> String {
    if description.bytes().any(|byte| !matches!(byte, 0x20..=0x21 | 0x23..=0x5b | 0x5d..=0x7e)) {
        description = description
            .chars()
            .map(|character| match character {
                '"' => '\'',
                ' '..='~' if character != '\\' => character,
                _ => '?',
            })
            .collect();
    }
    description
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6749 §5.2.
    #[test]
    fn a_description_holds_only_what_the_standard_allows() {
        let error = Error::invalid_request("a \"quoted\" \\ caf\u{e9}\r\n");
        assert_eq!(error.description, "a 'quoted' ? caf???");
    }

    #[test]
    fn the_detail_is_for_the_log() {
        let error = Error::invalid_client("no such client");
        assert_eq!(error.to_string(), "invalid_client: client authentication failed (no such client)");
        assert!(!error.description.contains("no such client"));
    }
}
