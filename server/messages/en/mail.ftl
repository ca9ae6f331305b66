# Links in mail: the pages around them, and the mails themselves.

link-sent-title = Look into your mail
link-sent = If there is an account that fits, a message with a link is on its way. { $minutes ->
    [one] The link works for one minute.
   *[other] The link works for { $minutes } minutes.
} Nothing there? Look among the unwanted mail, and check what you typed.

recover-title = Forgot your password?
recover-lead = Tell us the email address of your account. We send a link to it with which you can choose a new password.
recover-submit = Send the link
recover-back = Back to sign in
recover-no-email = That is not an email address. Check it and try again.

new-password-title = Choose a new password
new-password-lead = It signs you out everywhere, in case somebody else knows the old one.
new-password-account = Account
new-password-submit = Change the password
new-password-done-title = Your password is changed
new-password-done = You are signed out everywhere.
new-password-done-next = Sign in with your new password, here or where you came from.

invitation-title = Welcome to { $tenant }
invitation-lead = Choose a password. You are signed in then.
invitation-lead-passkey = Choose a password, or a passkey instead. You are signed in then.
invitation-submit = Choose and sign in

verify-title = Verify your email address
verify-question = Is { $address } your address?
verify-submit = Yes, it is mine
verify-done-title = Your email address is verified
verify-done = Thank you.
verify-done-next = You can close this page.
account-verify = Send a link to verify it
account-done-sent = A link to verify your address is on its way. Look into your mail.

magic-link-lead = Go on to sign in in this browser.
magic-link-elsewhere-title = Open this link elsewhere
magic-link-elsewhere = It works only in the browser in which you asked for it. Copy the link from the message and open it there. If it was not you who asked, do nothing.

# What follows is in mails. The greeting is a paragraph, and the next goes on from it.
mail-greeting = Hello { $name },
mail-button-fails = If the button does not work, open this address:
mail-works-minutes = { $count ->
    [one] The link works once, for one minute.
   *[other] The link works once, for { $count } minutes.
}
mail-works-hours = { $count ->
    [one] The link works once, for one hour.
   *[other] The link works once, for { $count } hours.
}
mail-works-days = { $count ->
    [one] The link works once, for one day.
   *[other] The link works once, for { $count } days.
}

mail-reset-subject = Choose a new password for { $tenant }
mail-reset-heading = Choose a new password
mail-reset = somebody, most likely you, asked to choose a new password for your account at { $tenant }.
mail-reset-action = Choose a new password
mail-reset-closing = If it was not you, do nothing: your password stays as it is. Do not forward this message.

mail-verify-subject = Verify your email address for { $tenant }
mail-verify-heading = Verify your email address
mail-verify = this address was given for an account at { $tenant }. Tell us that it is yours.
mail-verify-action = Verify the address
mail-verify-closing = If you do not know what this is about, do nothing.

mail-invitation-subject = You are invited to { $tenant }
mail-invitation = an account at { $tenant } was made for you. Choose a password to begin.
mail-invitation-action = Accept the invitation
mail-invitation-closing = If you do not know what this is about, do nothing. Do not forward this message.

mail-sign-in-subject = Sign in to { $tenant }
mail-sign-in = open this link in the browser in which you asked for it.
mail-sign-in-action = Sign in
mail-sign-in-closing = If it was not you who asked, do nothing: nobody else can use it. Do not forward this message.

mail-new-sign-in-subject = New sign-in to { $tenant }
mail-new-sign-in-heading = New sign-in
mail-new-sign-in = somebody signed in to your account at { $tenant } from a browser that was not seen before.
mail-new-sign-in-at = When: { $at }
mail-new-sign-in-address = Network address: { $address }
mail-new-sign-in-browser = Browser: { $browser }
mail-new-sign-in-action = Look at your account
mail-new-sign-in-mine = If it was you, there is nothing to do.
mail-new-sign-in-not-mine = If it was not, choose a new password at once: that signs out everywhere.
