// Passkeys need a script: the browser's own dialog is reached by no form. A form with `data-passkey` gets its challenge
// from `data-options` and posts the answer as its field `credential`; without a script it stays hidden.

const decode = (text) =>
  Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (character) => character.charCodeAt(0));

const encode = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");

const described = (credentials) => (credentials ?? []).map((held) => ({ ...held, id: decode(held.id) }));

/** The challenge as the browser wants it: bytes where JSON has text (WebAuthn §5.1). */
const prepared = (publicKey) => ({
  ...publicKey,
  challenge: decode(publicKey.challenge),
  ...(publicKey.user && { user: { ...publicKey.user, id: decode(publicKey.user.id) } }),
  ...(publicKey.allowCredentials && { allowCredentials: described(publicKey.allowCredentials) }),
  ...(publicKey.excludeCredentials && { excludeCredentials: described(publicKey.excludeCredentials) }),
});

/** The browser's answer as JSON. */
const answered = (credential) => {
  const { response } = credential;
  const fields = ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"];
  const present = fields.filter((field) => response[field]);
  return JSON.stringify({
    id: credential.id,
    rawId: encode(credential.rawId),
    type: credential.type,
    extensions: {},
    response: Object.fromEntries(present.map((field) => [field, encode(response[field])])),
  });
};

const challenge = async (form) => {
  const reply = await fetch(form.dataset.options, { method: "POST", body: new URLSearchParams(new FormData(form)) });
  if (!reply.ok) throw new Error(`no challenge: ${reply.status}`);
  return reply.json();
};

/** Takes over what was typed in the form beside this one; false, and the browser says so, while that is wrong. */
const borrowed = (form) => {
  const fields = [...form.querySelectorAll("[data-from]")];
  return fields.every((field) => {
    const from = document.getElementById(field.dataset.from);
    field.value = from.value;
    return from.reportValidity();
  });
};

let waiting = new AbortController();

const run = async (form, mediation) => {
  waiting.abort();
  waiting = new AbortController();
  const { signal } = waiting;
  const { ceremony, options } = await challenge(form);
  const publicKey = prepared(options.publicKey);
  const credential =
    form.dataset.passkey === "create"
      ? await navigator.credentials.create({ publicKey, signal })
      : await navigator.credentials.get({ publicKey, signal, ...(mediation && { mediation }) });
  form.elements.namedItem("ceremony").value = ceremony;
  form.elements.namedItem("credential").value = answered(credential);
  HTMLFormElement.prototype.submit.call(form);
};

const problem = (form, shown) => {
  const note = form.querySelector("[data-problem]");
  if (note) note.hidden = !shown;
};

for (const form of document.querySelectorAll("form[data-passkey]")) {
  if (!window.PublicKeyCredential) break;
  form.hidden = false;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    problem(form, false);
    if (!borrowed(form)) return;
    run(form).catch((error) => {
      console.warn(error);
      problem(form, true);
    });
  });
  // The browser offers passkeys in the field of the user name (WebAuthn §5.1.4, conditional mediation). Nobody is told
  // that it did not come to that: they have not asked for it.
  if ("conditional" in form.dataset && PublicKeyCredential.isConditionalMediationAvailable) {
    PublicKeyCredential.isConditionalMediationAvailable()
      .then((available) => available && run(form, "conditional"))
      .catch((error) => {
        if (!["NotAllowedError", "AbortError"].includes(error.name)) console.warn(error);
      });
  }
}
