# An- und Abmelden.

sign-in-title = Anmelden
sign-in-to-continue = um mit { $client } fortzufahren
sign-in-to-account = um Ihr Konto zu verwalten
sign-in-submit = Anmelden
sign-in-identifier-either = E-Mail-Adresse oder Benutzername
sign-in-identifier-username = Benutzername
sign-in-magic-link = Link per E-Mail erhalten
sign-in-forgotten = Passwort vergessen?
sign-in-mismatch = Name und Passwort passen nicht zusammen. Prüfen Sie beides und versuchen Sie es noch einmal.

sign-out-title = Abmelden
sign-out-question = Möchten Sie sich abmelden?
sign-out-who = Sie sind als { $user } angemeldet.
sign-out-asked = { $client } bittet darum, Sie abzumelden.
sign-out-stay = Angemeldet bleiben
sign-out-submit = Abmelden
signed-out-title = Abgemeldet
signed-out-heading = Sie sind abgemeldet
signed-out-lead = Schließen Sie an einem gemeinsam genutzten Computer auch dieses Fenster.
signed-out-return = Weiter zu { $host }
