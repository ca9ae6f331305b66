# Was eine Anwendung darf.

consent-title = { $client } erlauben?
consent-heading = { $client } möchte Ihr Konto bei { $tenant } verwenden
consent-heading-device = { $client } möchte auf einem anderen Gerät Ihr Konto bei { $tenant } verwenden
consent-host = Eine Anwendung von { $host }
consent-unchecked = Niemand bei { $tenant } hat diese Anwendung geprüft.
consent-unproven = Sie läuft auf einem Gerät und kann nicht nachweisen, was sie ist: Fahren Sie nur fort, wenn Sie sie gerade selbst gestartet haben.
consent-switch-question = Nicht Sie?
consent-switch = Anderes Konto verwenden
consent-scopes = Das wird möglich
consent-resources = Wo das möglich wird
consent-return = Sie kehren zu { $host } zurück
consent-deny = Ablehnen
consent-allow = Erlauben
consent-fine = Sie können dies jederzeit in Ihrem Konto zurücknehmen.
consent-website = Website
consent-privacy = Datenschutzerklärung
consent-terms = Nutzungsbedingungen

# Sie folgen auf „Das wird möglich“ und stehen in Listen allein.
scope-openid = erkennen, wer Sie sind, wenn Sie sich anmelden
scope-profile = Ihren Namen, Ihr Bild und weitere Angaben Ihres Profils sehen
scope-email = Ihre E-Mail-Adresse sehen
scope-offline-access = diesen Zugriff behalten, während Sie nicht da sind
