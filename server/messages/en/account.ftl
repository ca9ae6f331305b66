# A person's own pages.

account-title = Your account
account-navigation = Your account
account-nav-overview = Overview
account-nav-profile = Profile
account-nav-password = Password
account-nav-sessions = Signed-in devices
account-nav-applications = Applications
account-nav-devices = Devices
account-nav-data = Your data
account-fresh = For this you sign in once more: whoever finds this browser open must not be able to do it.
account-fresh-sign-in = Sign in once more
account-save = Save
account-change = Change

account-done-saved = Your profile is saved.
account-done-names = What you sign in with is changed.
account-done-password = Your password is changed. You are signed out everywhere else.
account-done-ended = That device is signed out.
account-done-others = You are signed out everywhere else.
account-done-removed = The application can no longer use your account.

account-overview-email-unverified = Not verified
account-overview-password = A password is set.
account-overview-password-none = You have no password.
account-overview-sessions-count = { $count ->
    [one] You are signed in on this device only.
   *[other] You are signed in on { $count } devices.
}
account-overview-this-device = This device: { $device }
account-overview-applications-count = { $count ->
    [0] No application uses your account.
    [one] 1 application uses your account:
   *[other] { $count } applications use your account:
}

account-profile-title = Profile
account-profile-lead = Applications see this if you allow it.
account-profile-name = Full name
account-profile-given-name = First name
account-profile-family-name = Last name
account-profile-nickname = Nickname
account-profile-picture = Address of a picture
account-profile-website = Website
account-profile-locale = Language
account-profile-zoneinfo = Time zone
account-profile-locale-hint = As a code: en, de-AT
account-profile-zoneinfo-hint = By its name: Europe/Vienna
account-names-title = What you sign in with
account-names-email-none = You have no email address here.
account-names-email-unverified = not verified
account-names-email-hint = A new address is not verified at first.
account-wrong-missing = This cannot be left empty.
account-wrong-unusable = This is too long or has characters that cannot be shown.
account-wrong-address = This has to be an address that begins with https://.
account-wrong-email = This is not an email address.
account-wrong-language = This is not the code of a language.
account-wrong-zone = This is not the name of a time zone.
account-wrong-taken = Somebody else has this already.

account-password-title = Password
account-password-lead = When you change it, you are signed out everywhere but here.
account-password-none = You have no password yet. With one you can sign in when nothing else is at hand.
account-password-current = Present password
account-password-new = New password
account-password-again = New password once more
account-password-submit = Change password
account-password-set = Set password
account-password-wrong = That is not your present password.
account-password-not-alike = The new password was not typed alike both times.

account-sessions-title = Signed-in devices
account-sessions-lead = If you do not recognise a device, sign it out and change your password.
account-sessions-this = This device
account-sessions-since = Signed in { $when }
account-sessions-from = from { $address }
account-sessions-end = Sign out
account-sessions-end-what = { $device }
account-sessions-others = Sign out everywhere else
account-sessions-all = Sign out everywhere
account-sessions-all-hint = Signing out everywhere ends this session as well, and applications have to ask you to sign in again.
device-browser-on-system = { $browser } on { $system }
device-unknown = Unknown device

account-applications-title = Applications
account-applications-lead = These applications may use your account. You can take that back here.
account-applications-none = No application has access. When you allow one, you can see and remove it here.
account-application-since = Allowed { $when }
account-application-scopes = What it may do
account-application-remove = Remove
account-application-remove-what = access of { $client }

account-data-title = Your data
account-data-download-title = Take your data along
account-data-download-lead = A file with all that is kept about you here: your profile, where you signed in, which applications you allowed, and what you did.
account-data-download = Download
account-deletion-title = Delete your account
account-deletion-lead = Your account and all that belongs to it are deleted at once. Applications that you use with it no longer know you. This cannot be undone.
account-deletion-continue = Delete your account
account-deletion-type = Type your user name: { $username }
account-deletion-submit = Delete for good
account-deletion-not-allowed = Only an administrator can delete accounts here.
account-deletion-other-name = That is not the user name of this account.
account-deletion-last-administrator = You are the last administrator: somebody else has to become one first.
account-deleted-title = Your account is deleted
account-deleted = Nothing of it is left. You can close this page.

account-devices-title = Devices
account-devices-lead = A television, a command line or another device shows you a code? Enter it to let the device in.
account-devices-enter = Enter a code
account-devices-yours = Waiting for you
account-devices-queue = { $count ->
    [0] No device waits for an administrator.
    [one] One device waits for an administrator.
   *[other] { $count } devices wait for an administrator.
}
account-devices-answer = Look at the queue
account-devices-waiting = Waiting for an administrator
account-devices-none = None of your devices waits.
account-devices-since = Asked { $when }
