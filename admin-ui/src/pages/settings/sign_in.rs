//! How people sign in: who they say they are, with what they show it, and what they can do by themselves.

use leptos::prelude::*;

use super::people::choice;
use crate::ui::{Draft, ListField, NumberField, Panel, RadioField, SwitchField};

/// Where the document has these settings.
const AT: &str = "/settings/sign_in";

/// Member, label, what follows.
type Switch = (&'static str, &'static str, &'static str);

/// What is on or off, in groups. One whose member the server does not have is not shown.
const SWITCHES: [(&str, &[Switch]); 2] = [
    (
        "Mail",
        &[
            (
                "password_reset",
                "Forgotten passwords",
                "People can have a link sent to their address, with which they choose another password. Whoever reads their mail can, too.",
            ),
            (
                "magic_link",
                "Sign in with a link",
                "People can have a link sent to their address that signs them in, in the browser in which they asked for it. Their mailbox is then as good as a password.",
            ),
            (
                "new_sign_in_notice",
                "Tell of new browsers",
                "People get mail when somebody signs in as them from a browser that they did not use before.",
            ),
        ],
    ),
    (
        "What people may do themselves",
        &[
            (
                "change_username",
                "Change the username",
                "On the account page. Clients that know people by preferred_username instead of sub then take them for somebody else.",
            ),
            (
                "account_deletion",
                "Delete the account",
                "On the account page, after signing in anew. The account and all that belongs to it is gone for good.",
            ),
        ],
    ),
];

#[component]
pub fn SignIn(draft: Draft) -> impl IntoView {
    view! {
        <div id="sign-in" class="group">
            <Panel title="Sign-in">
                <div class="stack">
                    <Identifier draft />
                    <Passkeys draft />
                    <SecondFactor draft />
                    <Passwords draft />
                    {SWITCHES.into_iter().map(|(title, switches)| view! { <Switches draft title switches /> }).collect_view()}
                </div>
            </Panel>
        </div>
    }
}

#[component]
fn Identifier(draft: Draft) -> impl IntoView {
    let identifiers = vec![
        choice(
            "username_or_email",
            "Username or email address",
            "Where one user's name is another's address, the name counts.",
        ),
        choice("username", "Username", "Users without one cannot sign in."),
        choice("email", "Email address", "Users without one cannot sign in."),
    ];
    view! {
        <fieldset class="subgroup">
            <legend>"Who they are"</legend>
            <RadioField draft at=format!("{AT}/identifier") label="People say who they are with" choices=identifiers />
        </fieldset>
    }
}

#[component]
fn Passkeys(draft: Draft) -> impl IntoView {
    let uses = vec![
        choice(
            "passwordless",
            "In place of the password",
            "A fingerprint, a face or a PIN on their own device signs people in, and no other site can ask for it. They are good as a second factor, too.",
        ),
        choice(
            "second_factor",
            "After the password",
            "As a second factor alone: the password goes on being asked for.",
        ),
        choice(
            "off",
            "Not at all",
            "Nobody signs in with one. Those that people have stay, and are of use when this is on again.",
        ),
    ];
    let verification = vec![
        choice(
            "preferred",
            "Preferred",
            "A passkey that did not make sure that it is its owner who uses it is half of a sign-in, like a password.",
        ),
        choice(
            "required",
            "Required",
            "Passkeys that cannot make sure of it, such as security keys without a PIN, are refused.",
        ),
    ];
    let on = Memo::new(move |_| draft.text(&format!("{AT}/passkeys")) != "off");
    view! {
        <fieldset class="subgroup">
            <legend>"Passkeys"</legend>
            <RadioField draft at=format!("{AT}/passkeys") label="What passkeys are good for" choices=uses />
            <Show when=move || on.get()>
                <RadioField draft at=format!("{AT}/user_verification") label="Whether a passkey asks for its owner" choices=verification.clone()
                    help="By a fingerprint, a face or a PIN: user verification (WebAuthn)." />
            </Show>
        </fieldset>
    }
}

#[component]
fn SecondFactor(draft: Draft) -> impl IntoView {
    let demands = vec![
        choice(
            "optional",
            "Whoever has one is asked for it",
            "People set one up on their account page if they want to.",
        ),
        choice(
            "required_for_administrators",
            "Whoever administers needs one",
            "People with a role in the administration set one up at their next sign-in. Others are asked if they have one.",
        ),
        choice(
            "required",
            "Everybody needs one",
            "Whoever has none sets one up at the next sign-in, and cannot go on before.",
        ),
        choice(
            "off",
            "Nobody is asked",
            "A password alone signs people in, even those who have a second factor.",
        ),
    ];
    view! {
        <fieldset class="subgroup">
            <legend>"Second factor"</legend>
            <RadioField draft at=format!("{AT}/second_factor") label="Who needs a second factor beside the password" choices=demands
                help="A passkey, or an app that shows codes. Recovery codes help where those are lost." />
            <NumberField draft at=format!("{AT}/remember_browser_days") label="Browsers are remembered for" unit="days"
                help="People can choose not to be asked again in the same browser for so long, up to 365 days. 0: they are always asked." />
        </fieldset>
    }
}

#[component]
fn Passwords(draft: Draft) -> impl IntoView {
    view! {
        <fieldset class="subgroup">
            <legend>"Passwords"</legend>
            <NumberField draft at="/settings/password_policy/min_length" label="Shortest password" unit="characters"
                help="From 8 to 64. Passwords that are there already stay. Which characters they are of is not asked." />
            <ListField draft at="/settings/password_policy/forbidden_words" label="Words that no password contains" placeholder="acme"
                help="One a line, of 4 characters or more, whatever their case: the name of the company, of the product." />
        </fieldset>
    }
}

#[component]
fn Switches(draft: Draft, title: &'static str, switches: &'static [Switch]) -> impl IntoView {
    let known: Vec<_> = switches
        .iter()
        .map(|(member, label, help)| (format!("{AT}/{member}"), *label, *help))
        .filter(|(at, ..)| untrack(|| draft.get(at)).is_boolean())
        .collect();
    (!known.is_empty()).then(|| view! {
        <fieldset class="subgroup">
            <legend>{title}</legend>
            {known.into_iter().map(|(at, label, help)| view! { <SwitchField draft at label help /> }).collect_view()}
        </fieldset>
    })
}
