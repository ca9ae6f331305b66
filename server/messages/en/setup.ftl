# The first administrator.

setup-title = Set up
setup-heading = Create the first administrator
setup-lead = This account looks after the whole platform. The link that brought you here works once.
setup-submit = Create administrator
setup-no-email = That is not an email address.
setup-passkey = Create with a passkey
setup-passkey-hint = A passkey is all that it takes to sign in then. You can add a password later.
