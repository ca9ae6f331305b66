# Anmelden über andere Anbieter.

sign-in-others = Andere Wege, sich anzumelden
sign-in-with = Mit { $provider } anmelden
upstream-leave-title = Weiter zu { $provider }
upstream-leave-lead = Dort melden Sie sich an und kommen hierher zurück.
upstream-unknown = So können Sie sich nicht anmelden. Wählen Sie einen anderen Weg.
upstream-failed = Das hat auf der anderen Seite nicht geklappt. Versuchen Sie es noch einmal oder melden Sie sich anders an.
upstream-denied = Sie wurden dort nicht angemeldet. Versuchen Sie es noch einmal oder melden Sie sich anders an.
upstream-not-admitted = Dieses Konto kann hier nicht verwendet werden. Fragen Sie Ihre Administratoren oder melden Sie sich anders an.
upstream-address-taken = Es gibt schon ein Konto mit dieser E-Mail-Adresse. Melden Sie sich an wie bisher; dann können Sie diesen Weg auf Ihrer Kontoseite hinzufügen.
upstream-linked-elsewhere = So meldet sich hier jemand anderes an. Wählen Sie dort ein anderes Konto.
upstream-has-another = Sie melden sich dort mit einem anderen Konto an. Entfernen Sie zuerst dieses.
upstream-last-way = Das ist Ihr einziger Weg, sich anzumelden. Fügen Sie einen anderen hinzu, bevor Sie ihn entfernen.
account-nav-providers = Andere Anbieter
account-providers-title = Über andere anmelden
account-providers-none = Hier gibt es keinen anderen Weg, sich anzumelden.
account-providers-add = Hinzufügen
account-providers-linked = So können Sie sich ab jetzt anmelden.
account-providers-unlinked = So kann sich niemand mehr anmelden.
