# Signing in and out.

sign-in-title = Sign in
sign-in-to-continue = to continue to { $client }
sign-in-to-account = to manage your account
sign-in-submit = Sign in
sign-in-identifier-either = Email or username
sign-in-identifier-username = Username
sign-in-magic-link = Email me a link
sign-in-forgotten = Forgot your password?
sign-in-mismatch = That name and password do not match. Check both and try again.

sign-out-title = Sign out
sign-out-question = Sign out?
sign-out-who = You are signed in as { $user }.
sign-out-asked = { $client } asks to sign you out.
sign-out-stay = Stay signed in
sign-out-submit = Sign out
signed-out-title = Signed out
signed-out-heading = You are signed out
signed-out-lead = On a shared computer, close this window as well.
signed-out-return = Go on to { $host }
