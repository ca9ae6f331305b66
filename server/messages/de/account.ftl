# Die eigenen Seiten einer Person.

account-title = Ihr Konto
account-applications = Anwendungen, die Ihr Konto verwenden
account-applications-none = Keine Anwendung hat Zugriff. Wenn Sie eine erlauben, sehen Sie sie hier und können sie wieder entfernen.
account-application-since = Erlaubt { $when }
account-application-scopes = Was sie darf
account-application-remove = Entfernen
account-application-remove-what = Zugriff von { $client }
account-application-removed = Die Anwendung kann Ihr Konto nicht mehr verwenden.
