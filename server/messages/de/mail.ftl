# Links in E-Mails: die Seiten rund um sie und die E-Mails selbst.

link-sent-title = Sehen Sie in Ihrem Postfach nach
link-sent = Falls es ein passendes Konto gibt, ist eine Nachricht mit einem Link unterwegs. { $minutes ->
    [one] Der Link ist eine Minute gültig.
   *[other] Der Link ist { $minutes } Minuten gültig.
} Nichts angekommen? Sehen Sie im Spam-Ordner nach und prüfen Sie, was Sie eingegeben haben.

recover-title = Passwort vergessen?
recover-lead = Geben Sie die E-Mail-Adresse Ihres Kontos an. Wir senden einen Link dorthin, mit dem Sie ein neues Passwort wählen können.
recover-submit = Link senden
recover-back = Zurück zur Anmeldung
recover-no-email = Das ist keine E-Mail-Adresse. Prüfen Sie sie und versuchen Sie es noch einmal.

new-password-title = Neues Passwort wählen
new-password-lead = Damit werden Sie überall abgemeldet, falls jemand anderes das alte kennt.
new-password-account = Konto
new-password-submit = Passwort ändern
new-password-done-title = Ihr Passwort ist geändert
new-password-done = Sie sind überall abgemeldet.
new-password-done-next = Melden Sie sich mit Ihrem neuen Passwort an, hier oder dort, woher Sie gekommen sind.

invitation-title = Willkommen bei { $tenant }
invitation-lead = Wählen Sie ein Passwort. Danach sind Sie angemeldet.
invitation-lead-passkey = Wählen Sie ein Passwort oder stattdessen einen Passkey. Danach sind Sie angemeldet.
invitation-submit = Wählen und anmelden

verify-title = E-Mail-Adresse bestätigen
verify-question = Ist { $address } Ihre Adresse?
verify-submit = Ja, das ist meine
verify-done-title = Ihre E-Mail-Adresse ist bestätigt
verify-done = Vielen Dank.
verify-done-next = Sie können diese Seite schließen.
account-verify = Link zum Bestätigen senden
account-done-sent = Ein Link zum Bestätigen Ihrer Adresse ist unterwegs. Sehen Sie in Ihrem Postfach nach.

magic-link-lead = Fahren Sie fort, um sich in diesem Browser anzumelden.
magic-link-elsewhere-title = Öffnen Sie diesen Link woanders
magic-link-elsewhere = Er funktioniert nur in dem Browser, in dem Sie ihn angefordert haben. Kopieren Sie den Link aus der Nachricht und öffnen Sie ihn dort. Wenn Sie ihn nicht angefordert haben, brauchen Sie nichts zu tun.

# Was folgt, steht in E-Mails. Die Anrede ist ein Absatz, und der nächste setzt sie fort.
mail-greeting = Guten Tag { $name },
mail-button-fails = Falls die Schaltfläche nicht funktioniert, öffnen Sie diese Adresse:
mail-works-minutes = { $count ->
    [one] Der Link funktioniert nur einmal und ist eine Minute gültig.
   *[other] Der Link funktioniert nur einmal und ist { $count } Minuten gültig.
}
mail-works-hours = { $count ->
    [one] Der Link funktioniert nur einmal und ist eine Stunde gültig.
   *[other] Der Link funktioniert nur einmal und ist { $count } Stunden gültig.
}
mail-works-days = { $count ->
    [one] Der Link funktioniert nur einmal und ist einen Tag gültig.
   *[other] Der Link funktioniert nur einmal und ist { $count } Tage gültig.
}

mail-reset-subject = Neues Passwort für { $tenant } wählen
mail-reset-heading = Neues Passwort wählen
mail-reset = jemand, vermutlich Sie, möchte für Ihr Konto bei { $tenant } ein neues Passwort wählen.
mail-reset-action = Neues Passwort wählen
mail-reset-closing = Wenn Sie das nicht waren, brauchen Sie nichts zu tun: Ihr Passwort bleibt, wie es ist. Leiten Sie diese Nachricht nicht weiter.

mail-verify-subject = E-Mail-Adresse für { $tenant } bestätigen
mail-verify-heading = E-Mail-Adresse bestätigen
mail-verify = diese Adresse wurde für ein Konto bei { $tenant } angegeben. Bestätigen Sie, dass es Ihre ist.
mail-verify-action = Adresse bestätigen
mail-verify-closing = Wenn Sie nicht wissen, worum es geht, brauchen Sie nichts zu tun.

mail-invitation-subject = Ihre Einladung zu { $tenant }
mail-invitation = für Sie wurde ein Konto bei { $tenant } angelegt. Wählen Sie ein Passwort, um zu beginnen.
mail-invitation-action = Einladung annehmen
mail-invitation-closing = Wenn Sie nicht wissen, worum es geht, brauchen Sie nichts zu tun. Leiten Sie diese Nachricht nicht weiter.

mail-sign-in-subject = Anmelden bei { $tenant }
mail-sign-in = öffnen Sie diesen Link in dem Browser, in dem Sie ihn angefordert haben.
mail-sign-in-action = Anmelden
mail-sign-in-closing = Wenn Sie ihn nicht angefordert haben, brauchen Sie nichts zu tun: Niemand sonst kann ihn verwenden. Leiten Sie diese Nachricht nicht weiter.

mail-new-sign-in-subject = Neue Anmeldung bei { $tenant }
mail-new-sign-in-heading = Neue Anmeldung
mail-new-sign-in = jemand hat sich mit Ihrem Konto bei { $tenant } in einem Browser angemeldet, der bisher nicht bekannt war.
mail-new-sign-in-at = Zeitpunkt: { $at }
mail-new-sign-in-address = Netzwerkadresse: { $address }
mail-new-sign-in-browser = Browser: { $browser }
mail-new-sign-in-action = Ihr Konto ansehen
mail-new-sign-in-mine = Wenn Sie das waren, brauchen Sie nichts zu tun.
mail-new-sign-in-not-mine = Wenn nicht, wählen Sie sofort ein neues Passwort: Damit werden Sie überall abgemeldet.
