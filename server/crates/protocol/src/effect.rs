use crate::model::{
    AuditEvent, AuthorizationCode, Ceremony, CeremonyId, ClientId, Consent, DeviceAuthorization,
    DeviceAuthorizationId, DeviceMove, Grant, GrantId, IdentityLink, Interaction, InteractionId,
    KnownBrowser, Message, MessageKind, OneTimeLink, OpaqueAccessToken, Passkey, PasskeyId, PasswordHash,
    Proven, PushedAuthorizationRequest, RefreshToken, RevocationReason, Session, SessionId, SignOutRevokes,
    TokenId, TotpAuthenticator, TotpId, UpstreamSignIn, UserId,
};
use crate::{Lifetime, SecretHash, Timestamp};

/// What a rule decided: what is to be written, and what is to be answered once that is durable.
///
/// The effects are applied even when the outcome is an error: "code used twice" revokes the grant
/// *and* answers `invalid_grant`.
#[derive(Debug)]
pub struct Decision<T, E = crate::Error> {
    pub effects: Vec<Effect>,
    pub outcome: Result<T, E>,
}

impl<T, E> Decision<T, E> {
    /// An answer that writes nothing.
    pub const fn only(outcome: Result<T, E>) -> Self {
        Self { effects: Vec::new(), outcome }
    }

    /// The same effects with another outcome.
    pub fn map<U>(self, with: impl FnOnce(T) -> U) -> Decision<U, E> {
        Decision { effects: self.effects, outcome: self.outcome.map(with) }
    }
}

/// One write to a tenant's protocol state. All effects of a decision stand or none does.
///
/// Those marked *guarded* state what they rely on in the write itself; if it is no longer so the
/// whole decision is a conflict, nothing is written, and the caller loads and decides once more.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    StoreInteraction(Box<Interaction>),
    /// Guarded: the interaction is not completed.
    RecordSignIn {
        interaction: InteractionId,
        session: SessionId,
    },
    /// What somebody proved so far. Guarded: the interaction is not completed.
    RecordProven {
        interaction: InteractionId,
        proven: Box<Proven>,
    },
    /// Guarded: the interaction is not completed.
    CompleteInteraction {
        interaction: InteractionId,
        at: Timestamp,
    },
    StorePushedAuthorizationRequest(Box<PushedAuthorizationRequest>),
    /// Guarded: the request is not consumed.
    ConsumePushedAuthorizationRequest {
        hash: SecretHash,
        at: Timestamp,
    },
    StoreSession(Box<Session>),
    /// The user of a session proved once more who they are: it goes on under a new cookie, with what was
    /// given in it. Guarded: it is the same user's, and has not ended.
    RenewSession(Box<Session>),
    /// Ends the session and those grants given in it that `revokes` names.
    EndSession {
        session: SessionId,
        revokes: SignOutRevokes,
        at: Timestamp,
    },
    /// Ends every other session of the user, each as [`EndSession`](Self::EndSession) does.
    EndOtherSessions {
        user: UserId,
        session: SessionId,
        revokes: SignOutRevokes,
        at: Timestamp,
    },
    /// Gives the user a password, and counts their version up. Guarded: they have the one that they had, or
    /// still none.
    ChangePassword {
        user: UserId,
        from: Option<PasswordHash>,
        to: PasswordHash,
        at: Timestamp,
    },
    /// Guarded: the session has not ended. Whatever ends with a session says this after it is stored,
    /// so that a sign-out cannot lose a race.
    TouchSession {
        session: SessionId,
    },
    /// Guarded: the grant's user may sign in.
    StoreGrant(Box<Grant>),
    /// Guarded: the grant is not revoked. Whatever issues under a grant says this first, so that
    /// a revocation cannot lose a race.
    TouchGrant {
        grant: GrantId,
    },
    RevokeGrant {
        grant: GrantId,
        reason: RevocationReason,
        at: Timestamp,
    },
    /// Every grant that the user gave the client.
    RevokeGrantsOf {
        user: UserId,
        client_id: ClientId,
        reason: RevocationReason,
        at: Timestamp,
    },
    /// Ends every session and every grant of the user, console sessions too.
    SignOutEverywhere {
        user: UserId,
        reason: RevocationReason,
        at: Timestamp,
    },
    StoreAuthorizationCode(Box<AuthorizationCode>),
    /// Guarded: the code is not consumed.
    ConsumeAuthorizationCode {
        hash: SecretHash,
        at: Timestamp,
    },
    StoreRefreshToken(Box<RefreshToken>),
    /// Guarded: the token is not rotated.
    RotateRefreshToken {
        hash: SecretHash,
        at: Timestamp,
    },
    /// An opaque access token with its claims.
    StoreAccessToken(Box<OpaqueAccessToken>),
    /// An access token of ours that is refused from now on; the note is kept until it expires.
    RevokeAccessToken {
        id: TokenId,
        expires_at: Timestamp,
    },
    /// Adds to what the user lets the client have.
    StoreConsent(Box<Consent>),
    ForgetConsent {
        user: UserId,
        client_id: ClientId,
    },
    /// Guarded: the assertion's `jti` (RFC 7523 §3) was not spent by this client before.
    SpendAssertion {
        client_id: ClientId,
        jti: SecretHash,
        expires_at: Timestamp,
    },
    /// A self-made client was used: it is not deleted before this time.
    ExtendClientLife {
        client_id: ClientId,
        until: Timestamp,
    },
    /// Guarded: the `jti` of a DPoP proof (RFC 9449 §11.1) was not spent with this key before.
    SpendProof {
        /// Thumbprint of the key.
        key: String,
        jti: SecretHash,
        expires_at: Timestamp,
    },
    /// Guarded: neither of its codes is another device's.
    StoreDeviceAuthorization(Box<DeviceAuthorization>),
    /// Somebody entered the user code. Guarded: nobody has answered, the device has not expired, and
    /// the code was entered fewer than `most` times.
    EnterUserCode {
        device: DeviceAuthorizationId,
        most: u32,
        at: Timestamp,
    },
    /// Guarded: the device is in the state that it leaves, and has not expired.
    MoveDevice(Box<DeviceMove>),
    /// Guarded: the interval is still the one that was read.
    SlowDownDevice {
        device: DeviceAuthorizationId,
        from: Lifetime,
        to: Lifetime,
        polled_at: Timestamp,
    },
    /// One more try of what may be tried a few times only. Guarded: there were fewer than `most`
    /// that are not forgotten yet. All are forgotten at `expires_at`.
    CountAttempt {
        subject: SecretHash,
        most: u32,
        at: Timestamp,
        expires_at: Timestamp,
    },
    /// A browser is sent to another provider.
    StoreUpstreamSignIn(Box<UpstreamSignIn>),
    /// Guarded: nobody has come back with it yet.
    ConsumeUpstreamSignIn {
        hash: SecretHash,
        at: Timestamp,
    },
    /// Guarded: neither the provider's subject nor the user is linked there yet.
    StoreIdentityLink(Box<IdentityLink>),
    /// Guarded: the link is still this user's.
    UseIdentityLink(Box<IdentityLink>),
    /// The try was no wrong one.
    UncountAttempt {
        subject: SecretHash,
    },
    StoreCeremony(Box<Ceremony>),
    /// Guarded: the ceremony is there. It is good for one answer.
    SpendCeremony {
        ceremony: CeremonyId,
    },
    /// Guarded: the tenant has no passkey of this credential identifier.
    StorePasskey(Box<Passkey>),
    /// Guarded: the passkey's counter is still the one that was read (WebAuthn §6.1.1).
    UsePasskey {
        passkey: PasskeyId,
        credential: serde_json::Value,
        counter: (i64, i64),
        at: Timestamp,
    },
    /// Guarded: the user has it.
    RemovePasskey {
        user: UserId,
        passkey: PasskeyId,
    },
    StoreTotp(Box<TotpAuthenticator>),
    /// Guarded: no code of this step or of one after it was taken (RFC 6238 §5.2).
    SpendTotpStep {
        totp: TotpId,
        step: i64,
        at: Timestamp,
    },
    /// Guarded: the user has it.
    RemoveTotp {
        user: UserId,
        totp: TotpId,
    },
    /// New recovery codes in place of all that the user had.
    ReplaceRecoveryCodes {
        user: UserId,
        hashes: Vec<SecretHash>,
        at: Timestamp,
    },
    /// Guarded: the user has the code, and it is not used up.
    SpendRecoveryCode {
        user: UserId,
        hash: SecretHash,
        at: Timestamp,
    },
    /// What is known of a browser of the user's, in place of what was.
    StoreKnownBrowser(Box<KnownBrowser>),
    /// No browser of the user's stands for a second factor any more.
    DistrustBrowsers {
        user: UserId,
    },
    QueueMessage(Box<Message>),
    /// Guarded: there is no such link.
    StoreOneTimeLink(Box<OneTimeLink>),
    /// Guarded: the link is not consumed.
    ConsumeOneTimeLink {
        hash: SecretHash,
        at: Timestamp,
    },
    /// Ends the user's links that are still good, all or those of a kind.
    EndOneTimeLinks {
        user: UserId,
        kind: Option<MessageKind>,
        at: Timestamp,
    },
    /// The user reads what is sent to the address: it is verified. Guarded: it is still the user's, and they
    /// may sign in.
    ProveAddress {
        user: UserId,
        address: String,
        at: Timestamp,
    },
    /// Guarded: there is such a user.
    SetPassword {
        user: UserId,
        password: PasswordHash,
        at: Timestamp,
    },
    RecordAudit(Box<AuditEvent>),
}
