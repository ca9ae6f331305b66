# What several pages say.

continue = Continue
sign-in-again = Sign in again
signed-in-as = Signed in as
email = Email
password = Password

# "3 days ago", in the largest unit that fits. Other messages take it as $when.
ago-now = just now
ago-minutes = { $count ->
    [one] 1 minute ago
   *[other] { $count } minutes ago
}
ago-hours = { $count ->
    [one] 1 hour ago
   *[other] { $count } hours ago
}
ago-days = { $count ->
    [one] 1 day ago
   *[other] { $count } days ago
}
ago-months = { $count ->
    [one] 1 month ago
   *[other] { $count } months ago
}
ago-years = { $count ->
    [one] 1 year ago
   *[other] { $count } years ago
}

form-post-title = Returning to { $client }
form-post-heading = Returning you to { $client }
form-post-lead = If this page stays, press Continue.

# Links at the foot of a page, to pages of the tenant's own.
footer-support = Help
footer-privacy = Privacy
footer-terms = Terms
