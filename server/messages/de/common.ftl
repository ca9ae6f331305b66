# Was mehrere Seiten sagen.

continue = Weiter
sign-in-again = Erneut anmelden
signed-in-as = Angemeldet als
email = E-Mail-Adresse
password = Passwort

# „vor 3 Tagen“, in der größten Einheit, die passt. Andere Texte erhalten es als $when.
ago-now = gerade eben
ago-minutes = { $count ->
    [one] vor 1 Minute
   *[other] vor { $count } Minuten
}
ago-hours = { $count ->
    [one] vor 1 Stunde
   *[other] vor { $count } Stunden
}
ago-days = { $count ->
    [one] vor 1 Tag
   *[other] vor { $count } Tagen
}
ago-months = { $count ->
    [one] vor 1 Monat
   *[other] vor { $count } Monaten
}
ago-years = { $count ->
    [one] vor 1 Jahr
   *[other] vor { $count } Jahren
}

form-post-title = Zurück zu { $client }
form-post-heading = Sie kehren zu { $client } zurück
form-post-lead = Falls diese Seite stehen bleibt, wählen Sie „Weiter“.

# Links at the foot of a page, to pages of the tenant's own.
footer-support = Hilfe
footer-privacy = Datenschutz
footer-terms = Nutzungsbedingungen
