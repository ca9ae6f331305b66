# Die erste Administratorin, der erste Administrator.

setup-title = Einrichten
setup-heading = Erstes Administrationskonto anlegen
setup-lead = Dieses Konto betreut die gesamte Plattform. Der Link, der Sie hierher geführt hat, funktioniert einmal.
setup-submit = Administrationskonto anlegen
setup-no-email = Das ist keine E-Mail-Adresse.
setup-passkey = Mit einem Passkey anlegen
setup-passkey-hint = Zum Anmelden genügt dann der Passkey. Ein Passwort können Sie später festlegen.
