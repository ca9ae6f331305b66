use proptest::prelude::*;

use super::*;
use crate::testing::{NOW, TENANT};

/// Bytes that are all the same.
struct Constant(u8);

impl Entropy for Constant {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(self.0);
    }
}

fn delivery(attempts: u32) -> WebhookDelivery {
    WebhookDelivery {
        tenant_id: TENANT,
        webhook_id: Id::from_bytes([3; 16]),
        event_id: Id::from_bytes([4; 16]),
        kind: "client.changed".to_owned(),
        payload: "{}".to_owned(),
        state: DeliveryState::Pending,
        attempts,
        due_at: Some(NOW),
        last_attempt: None,
        created_at: NOW,
        expires_at: None,
    }
}

fn status(status: u16) -> Answer {
    Answer::Status { status, retry_after: None }
}

fn seconds(seconds: u32) -> Lifetime {
    Lifetime::from_seconds(seconds)
}

/// The example that the specification's libraries are tested with.
#[test]
fn signs_as_standard_webhooks_does() {
    let secret = STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
    let secret = SigningSecret::from_bytes(&secret);
    assert_eq!(secret.expose(), "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    let (id, at) = ("msg_p5jXN8AQM9LWM0D4loKWxJek", Timestamp::from_unix_seconds(1_614_265_330));
    let body = r#"{"test": 2432232314}"#;
    let expected = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
    let sign = |secrets: &[SigningSecret]| signatures(secrets, id, at, body);
    assert_eq!(sign(std::slice::from_ref(&secret)), expected);
    let older = SigningSecret::generate(&Constant(7));
    let both = sign(&[secret.clone(), older]);
    assert!(both.starts_with(&format!("{expected} v1,")) && both.matches("v1,").count() == 2, "{both}");
    assert_eq!(sign(&[]), "");
    for (id, at, body) in
        [("msg_other", at, body), (id, at + seconds(1), body), (id, at, r#"{"test": 2432232315}"#)]
    {
        assert_ne!(signatures(std::slice::from_ref(&secret), id, at, body), expected);
    }
}

#[test]
fn a_secret_has_256_bits_and_is_not_printed() {
    let secret = SigningSecret::generate(&Constant(0xff));
    assert_eq!(secret.as_bytes(), [0xff; 32]);
    assert_eq!(format!("{secret:?}"), "SigningSecret(..)");
}

#[test]
fn an_event_has_one_name_at_each_webhook() {
    let id = |webhook: u8, event: u8| message_id(Id::from_bytes([webhook; 16]), Id::from_bytes([event; 16]));
    assert_eq!(id(1, 2), format!("msg_{}_{}", "01".repeat(16), "02".repeat(16)));
    assert_ne!(id(1, 2), id(2, 1));
    assert!(!id(1, 2).contains('.'), "a dot separates what is signed");
}

#[test]
fn events_are_named_or_their_beginnings() {
    for (events, kind, wanted) in [
        (&[][..], "client.changed", true),
        (&["client.changed"], "client.changed", true),
        (&["client"], "client.changed", true),
        (&["user", "client"], "client.changed", true),
        (&["sign_out"], "sign_out", true),
        (&["client."], "client.changed", false),
        (&["clien"], "client.changed", false),
        (&["client.changed"], "client.registered", false),
        (&["client.changed.more"], "client.changed", false),
        (&["*"], "client.changed", false),
        (&[""], "client.changed", false),
    ] {
        let events: Vec<_> = events.iter().map(|event| (*event).to_owned()).collect();
        assert_eq!(wants(&events, kind), wanted, "{events:?} {kind}");
    }
}

/// The schedule of Standard Webhooks: ten attempts within some three days.
#[test]
fn what_failed_is_tried_again_nine_times() {
    let delays = [5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400];
    for (made, delay) in (0..).zip(delays) {
        for (byte, jitter) in [(0, 0), (255, delay / 5)] {
            let (after, verdict) = attempted(&delivery(made), &status(500), NOW, &Constant(byte));
            assert_eq!(verdict, Verdict::Fails);
            assert_eq!((after.state, after.attempts), (DeliveryState::Pending, made + 1));
            assert_eq!((after.due_at, after.expires_at), (Some(NOW + seconds(delay + jitter)), None));
        }
    }
    let (after, verdict) = attempted(&delivery(9), &status(500), NOW, &Constant(0));
    assert_eq!((after.state, after.attempts, verdict), (DeliveryState::Failed, 10, Verdict::Fails));
    assert_eq!((after.due_at, after.expires_at), (None, Some(NOW + seconds(30 * 86_400))));
}

#[test]
fn an_answer_means() {
    use DeliveryState::{Delivered, Failed, Pending};
    for (answer, state, verdict) in [
        (status(200), Delivered, Verdict::Works),
        (status(204), Delivered, Verdict::Works),
        (status(299), Delivered, Verdict::Works),
        (status(199), Pending, Verdict::Fails),
        (status(302), Pending, Verdict::Fails),
        (status(400), Pending, Verdict::Fails),
        (status(404), Pending, Verdict::Fails),
        (status(409), Pending, Verdict::Fails),
        (status(410), Failed, Verdict::Gone),
        (status(429), Pending, Verdict::Fails),
        (status(503), Pending, Verdict::Fails),
        (Answer::None("no answer".to_owned()), Pending, Verdict::Fails),
    ] {
        let (after, told) = attempted(&delivery(0), &answer, NOW, &Constant(0));
        assert_eq!((after.state, told), (state, verdict), "{answer:?}");
        assert_eq!(after.due_at.is_some(), state == Pending, "{answer:?}");
        assert_eq!(after.expires_at.is_none(), state == Pending, "{answer:?}");
        let attempt = after.last_attempt.unwrap();
        let status = if let Answer::Status { status, .. } = answer { Some(status) } else { None };
        assert_eq!((attempt.at, attempt.status, attempt.error.is_some()), (NOW, status, status.is_none()));
    }
}

#[test]
fn a_receiver_can_have_us_wait_longer_but_not_shorter_and_not_for_ever() {
    for (wanted, delay) in [(0, 5), (4, 5), (60, 60), (86_400, 86_400), (u32::MAX, 86_400)] {
        for code in [429, 503] {
            let answer = Answer::Status { status: code, retry_after: Some(seconds(wanted)) };
            let (after, _) = attempted(&delivery(0), &answer, NOW, &Constant(0));
            assert_eq!(after.due_at, Some(NOW + seconds(delay)), "{wanted}");
        }
    }
    let answer = Answer::Status { status: 503, retry_after: Some(seconds(60)) };
    let (after, _) = attempted(&delivery(9), &answer, NOW, &Constant(0));
    assert_eq!(after.state, DeliveryState::Failed, "no attempt is added");
}

#[test]
fn a_webhook_is_disabled_when_it_is_gone_or_has_failed_for_five_days() {
    let five_days = seconds(5 * 86_400);
    for (verdict, failing_since, disabled) in [
        (Verdict::Works, Some(NOW - five_days), None),
        (Verdict::Gone, None, Some(WebhookDisabled::Gone)),
        (Verdict::Fails, None, None),
        (Verdict::Fails, Some(NOW - seconds(5 * 86_400 - 1)), None),
        (Verdict::Fails, Some(NOW - five_days), Some(WebhookDisabled::Failing)),
    ] {
        assert_eq!(disables(verdict, failing_since, NOW), disabled, "{verdict:?} {failing_since:?}");
    }
}

proptest! {
    /// Whatever the receiver answers and chance says, attempts come to an end, and only what is pending is due.
    #[test]
    fn attempts_come_to_an_end(answers in prop::collection::vec((0_u16..1000, any::<Option<u32>>()), 10), byte: u8) {
        let mut held = delivery(0);
        let mut now = NOW;
        for (status, wait) in answers {
            let answer = Answer::Status { status, retry_after: wait.map(seconds) };
            held = attempted(&held, &answer, now, &Constant(byte)).0;
            prop_assert_eq!(held.due_at.is_some(), held.state == DeliveryState::Pending);
            let Some(due_at) = held.due_at else { return Ok(()) };
            prop_assert!(now < due_at && due_at <= now + seconds(86_400 + 86_400 / 5));
            now = due_at;
        }
        prop_assert!(false, "still pending after ten attempts");
    }
}
