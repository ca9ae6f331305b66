# What people sign in with beside a password.

or = or
passkey = Passkey
passkey-what = Unlock this device, or a security key, instead of typing a code. It cannot be given away to a false site.
passkey-add = Create a passkey
passkey-name = Name of the passkey
passkey-name-example = My laptop
passkey-named = Passkey
passkey-problem = That did not work. Try again, or choose another way.
passkey-refused = That passkey cannot be used here. Choose another way.
passkey-needs-script = Passkeys need JavaScript, which this browser does not run here.
sign-in-passkey = Sign in with a passkey

second-factor-title = One more step
second-factor-lead = { $user }, show that it is you.
second-factor-passkey = Use a passkey
second-factor-remember = Do not ask again in this browser for { $days } days
second-factor-mismatch = That code is not right, or was used already. Try the next one.
second-factor-somebody-else = Sign in as somebody else
second-factor-added = Your second factor is set up

totp = Authenticator app
totp-what = Scan this with an app that shows codes, then type the code that it shows.
totp-qr = QR code with the secret for your app
totp-type = Or type this secret:
totp-first-code = Code that the app shows
totp-name = Name of the app
totp-name-example = My phone
totp-named = Authenticator app
totp-add = Add the app
totp-code = Code of your authenticator app
totp-code-hint = Six digits, new every half minute.
totp-mismatch = The app shows another code. Check that its clock is right, and type the newest code.

recovery-lost = I cannot use these
recovery-code = Recovery code
recovery-code-hint = One of the codes that you kept. Each works once.
recovery-codes-title = Keep these recovery codes
recovery-codes-lead = Each lets you in once, should you lose what you sign in with.
recovery-codes-once = They are shown only now. Print them, or put them into a password manager.
recovery-codes-kept = I have kept them

new-authenticator-title = Set up a second factor
new-authenticator-lead = You need it to go on. Choose one: you can add others later.
new-authenticator-lead-account = Choose one. You can have several.

security-title = How you sign in
security-passkeys = Passkeys
security-passkeys-none = No passkey yet.
security-apps = Authenticator apps
security-apps-none = No authenticator app yet.
security-synced = In several devices
security-added = added { $when }
security-used = used { $when }
security-unused = never used
security-remove = Remove
security-add = Add a passkey or an app
security-recovery = Recovery codes
security-recovery-left = { $count ->
    [0] None is left.
    [one] One is left.
   *[other] { $count } are left.
}
security-recovery-renew = Make new recovery codes
security-removed = It cannot be used to sign in any more.
security-was-added = You can sign in with it from now on.
security-stale = To change anything here, sign in once more, with all that you sign in with.
account-nav-security = Security
passkey-not-enough = The browser made no passkey that checks who uses it. Choose another device, or a password.
passkey-instead = Use a passkey instead
