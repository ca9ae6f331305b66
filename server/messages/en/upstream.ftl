# Signing in through other providers.

sign-in-others = Other ways to sign in
sign-in-with = Sign in with { $provider }
upstream-leave-title = Going to { $provider }
upstream-leave-lead = You sign in there and come back here.
upstream-unknown = You cannot sign in that way. Choose another one.
upstream-failed = That did not work on the other side. Try again, or sign in another way.
upstream-denied = You were not signed in there. Try again, or sign in another way.
upstream-not-admitted = That account cannot be used here. Ask your administrator, or sign in another way.
upstream-address-taken = There is an account with that email address. Sign in the way you did before; then you can add this way on your account page.
upstream-linked-elsewhere = That is how somebody else signs in here. Choose another account there.
upstream-has-another = You sign in there with another account. Remove that one first.
upstream-last-way = This is your only way to sign in. Add another one before you remove it.
account-nav-providers = Other providers
account-providers-title = Sign in through others
account-providers-none = There is no other way to sign in here.
account-providers-add = Add
account-providers-linked = You can sign in that way from now on.
account-providers-unlinked = That is no way to sign in any more.
