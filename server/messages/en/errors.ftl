# Why there is nothing to go on with.

error-label = Error
error-reference = Reference
error-reference-hint = If you ask for help, give this reference.

error-protocol-title = This request cannot be answered
# $detail is the protocol's own wording, in English.
error-protocol = The application that sent you here made a mistake: { $detail }.
error-protocol-nothing-shared = Nothing was shared with it.
error-unknown-tenant-title = There is nothing here
error-unknown-tenant = This address belongs to no organisation.
error-suspended-title = Closed for now
error-suspended = Signing in to this organisation is suspended.
error-forged-title = This form cannot be used
error-forged = It was made for another browser or has been open for too long. Go back to the application and start again; cookies have to be allowed.
error-too-large-title = Too much
error-too-large = More was sent than this page takes.
error-expired-title = This page has expired
error-expired = It was used already or has been open for too long. Go back to where you came from and start again.
error-busy-title = Too busy
error-busy = Many people are here at the moment. Try again in a few seconds.
error-too-many-title = That is enough for now
error-too-many-passwords = There were too many wrong passwords.
error-too-many-codes = There were too many wrong codes.
error-too-many-requests = There were too many requests.
error-too-many-wait = { $minutes ->
    [one] Wait a minute, then try again.
   *[other] Wait { $minutes } minutes, then try again.
}
error-internal-title = Something broke on our side
error-internal = Try again. If it happens again, tell us the reference below.
error-not-offered-title = There is nothing here
error-not-offered = This organisation does not offer what you asked for.
