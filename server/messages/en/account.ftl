# A person's own pages.

account-title = Your account
account-applications = Applications that use your account
account-applications-none = No application has access. When you allow one, you can see and remove it here.
account-application-since = Allowed { $when }
account-application-scopes = What it may do
account-application-remove = Remove
account-application-remove-what = access of { $client }
account-application-removed = The application can no longer use your account.
