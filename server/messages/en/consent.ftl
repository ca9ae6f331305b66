# What an application may do.

consent-title = Allow { $client }?
consent-heading = { $client } wants to use your { $tenant } account
consent-heading-device = { $client } on another device wants to use your { $tenant } account
consent-host = An application of { $host }
consent-unchecked = Nobody at { $tenant } has checked this application.
consent-unproven = It runs on a device and cannot prove what it is: go on only if you have just started it yourself.
consent-switch-question = Not you?
consent-switch = Use another account
consent-scopes = It will be able to
consent-resources = Where it can do this
consent-return = You will be returned to { $host }
consent-deny = Deny
consent-allow = Allow
consent-fine = You can take this back at any time in your account.
consent-website = Website
consent-privacy = Privacy policy
consent-terms = Terms of service

# These follow "It will be able to", and stand alone in lists.
scope-openid = know who you are when you sign in
scope-profile = see your name, picture and other profile details
scope-email = see your email address
scope-offline-access = keep this access while you are away
