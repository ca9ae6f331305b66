# Womit Menschen sich außer mit einem Passwort anmelden.

or = oder
passkey = Passkey
passkey-what = Entsperren Sie dieses Gerät oder einen Sicherheitsschlüssel, statt einen Code einzugeben. Ein Passkey lässt sich keiner falschen Seite verraten.
passkey-add = Passkey erstellen
passkey-name = Name des Passkeys
passkey-name-example = Mein Laptop
passkey-named = Passkey
passkey-problem = Das hat nicht geklappt. Versuchen Sie es noch einmal oder wählen Sie einen anderen Weg.
passkey-refused = Dieser Passkey kann hier nicht verwendet werden. Wählen Sie einen anderen Weg.
passkey-needs-script = Passkeys brauchen JavaScript, das dieser Browser hier nicht ausführt.
sign-in-passkey = Mit einem Passkey anmelden

second-factor-title = Noch ein Schritt
second-factor-lead = { $user }, zeigen Sie, dass Sie es sind.
second-factor-passkey = Passkey verwenden
second-factor-remember = In diesem Browser { $days } Tage lang nicht mehr fragen
second-factor-mismatch = Dieser Code stimmt nicht oder wurde schon verwendet. Versuchen Sie es mit dem nächsten.
second-factor-somebody-else = Als jemand anderes anmelden
second-factor-added = Ihr zweiter Faktor ist eingerichtet

totp = Authenticator-App
totp-what = Scannen Sie dies mit einer App, die Codes anzeigt, und geben Sie dann deren Code ein.
totp-qr = QR-Code mit dem Geheimnis für Ihre App
totp-type = Oder geben Sie dieses Geheimnis ein:
totp-first-code = Code, den die App anzeigt
totp-name = Name der App
totp-name-example = Mein Telefon
totp-named = Authenticator-App
totp-add = App hinzufügen
totp-code = Code Ihrer Authenticator-App
totp-code-hint = Sechs Ziffern, jede halbe Minute neu.
totp-mismatch = Die App zeigt einen anderen Code. Prüfen Sie, ob ihre Uhr stimmt, und geben Sie den neuesten Code ein.

recovery-lost = Ich kann davon nichts verwenden
recovery-code = Wiederherstellungscode
recovery-code-hint = Einer der Codes, die Sie aufbewahrt haben. Jeder gilt einmal.
recovery-codes-title = Bewahren Sie diese Codes auf
recovery-codes-lead = Jeder lässt Sie einmal hinein, falls Sie verlieren, womit Sie sich anmelden.
recovery-codes-once = Sie werden nur jetzt gezeigt. Drucken Sie sie aus oder legen Sie sie in einen Passwortmanager.
recovery-codes-kept = Ich habe sie aufbewahrt

new-authenticator-title = Zweiten Faktor einrichten
new-authenticator-lead = Sie brauchen ihn, um fortzufahren. Wählen Sie einen: Weitere können Sie später hinzufügen.
new-authenticator-lead-account = Wählen Sie einen. Sie können mehrere haben.

security-title = Wie Sie sich anmelden
security-passkeys = Passkeys
security-passkeys-none = Noch kein Passkey.
security-apps = Authenticator-Apps
security-apps-none = Noch keine Authenticator-App.
security-synced = In mehreren Geräten
security-added = hinzugefügt { $when }
security-used = verwendet { $when }
security-unused = nie verwendet
security-remove = Entfernen
security-add = Passkey oder App hinzufügen
security-recovery = Wiederherstellungscodes
security-recovery-left = { $count ->
    [0] Keiner ist übrig.
    [one] Einer ist übrig.
   *[other] { $count } sind übrig.
}
security-recovery-renew = Neue Wiederherstellungscodes erstellen
security-removed = Damit kann sich niemand mehr anmelden.
security-was-added = Damit können Sie sich ab jetzt anmelden.
security-stale = Um hier etwas zu ändern, melden Sie sich noch einmal an, und zwar mit allem, womit Sie sich anmelden.
account-nav-security = Sicherheit
passkey-not-enough = Der Browser hat keinen Passkey erstellt, der prüft, wer ihn verwendet. Wählen Sie ein anderes Gerät oder ein Passwort.
passkey-instead = Stattdessen einen Passkey verwenden
