# Die eigenen Seiten einer Person.

account-title = Ihr Konto
account-navigation = Ihr Konto
account-nav-overview = Übersicht
account-nav-profile = Profil
account-nav-password = Passwort
account-nav-sessions = Angemeldete Geräte
account-nav-applications = Anwendungen
account-nav-devices = Geräte
account-nav-data = Ihre Daten
account-fresh = Dafür melden Sie sich noch einmal an: Wer diesen Browser offen vorfindet, soll dies nicht tun können.
account-fresh-sign-in = Noch einmal anmelden
account-save = Speichern
account-change = Ändern

account-done-saved = Ihr Profil ist gespeichert.
account-done-names = Ihre Anmeldedaten sind geändert.
account-done-password = Ihr Passwort ist geändert. Sie sind überall sonst abgemeldet.
account-done-ended = Das Gerät ist abgemeldet.
account-done-others = Sie sind überall sonst abgemeldet.
account-done-removed = Die Anwendung kann Ihr Konto nicht mehr verwenden.

account-overview-email-unverified = Nicht bestätigt
account-overview-password = Ein Passwort ist festgelegt.
account-overview-password-none = Sie haben kein Passwort.
account-overview-sessions-count = { $count ->
    [one] Sie sind nur auf diesem Gerät angemeldet.
   *[other] Sie sind auf { $count } Geräten angemeldet.
}
account-overview-this-device = Dieses Gerät: { $device }
account-overview-applications-count = { $count ->
    [0] Keine Anwendung verwendet Ihr Konto.
    [one] 1 Anwendung verwendet Ihr Konto:
   *[other] { $count } Anwendungen verwenden Ihr Konto:
}

account-profile-title = Profil
account-profile-lead = Anwendungen sehen diese Angaben, wenn Sie es erlauben.
account-profile-name = Vollständiger Name
account-profile-given-name = Vorname
account-profile-family-name = Nachname
account-profile-nickname = Spitzname
account-profile-picture = Adresse eines Bildes
account-profile-website = Website
account-profile-locale = Sprache
account-profile-zoneinfo = Zeitzone
account-profile-locale-hint = Als Kürzel: de, de-AT
account-profile-zoneinfo-hint = Mit ihrem Namen: Europe/Vienna
account-names-title = Womit Sie sich anmelden
account-names-email-none = Sie haben hier keine E-Mail-Adresse.
account-names-email-unverified = nicht bestätigt
account-names-email-hint = Eine neue Adresse gilt zunächst als nicht bestätigt.
account-wrong-missing = Dieses Feld darf nicht leer bleiben.
account-wrong-unusable = Dies ist zu lang oder enthält Zeichen, die sich nicht darstellen lassen.
account-wrong-address = Dies muss eine Adresse sein, die mit https:// beginnt.
account-wrong-email = Dies ist keine E-Mail-Adresse.
account-wrong-language = Dies ist kein Kürzel einer Sprache.
account-wrong-zone = Dies ist kein Name einer Zeitzone.
account-wrong-taken = Dies ist bereits vergeben.

account-password-title = Passwort
account-password-lead = Wenn Sie es ändern, werden Sie überall außer hier abgemeldet.
account-password-none = Sie haben noch kein Passwort. Mit einem Passwort können Sie sich auch dann anmelden, wenn nichts anderes zur Hand ist.
account-password-current = Bisheriges Passwort
account-password-new = Neues Passwort
account-password-again = Neues Passwort wiederholen
account-password-submit = Passwort ändern
account-password-set = Passwort festlegen
account-password-wrong = Das ist nicht Ihr bisheriges Passwort.
account-password-not-alike = Das neue Passwort wurde nicht beide Male gleich eingegeben.

account-sessions-title = Angemeldete Geräte
account-sessions-lead = Wenn Sie ein Gerät nicht kennen, melden Sie es ab und ändern Sie Ihr Passwort.
account-sessions-this = Dieses Gerät
account-sessions-since = Angemeldet { $when }
account-sessions-from = von { $address }
account-sessions-end = Abmelden
account-sessions-end-what = { $device }
account-sessions-others = Überall sonst abmelden
account-sessions-all = Überall abmelden
account-sessions-all-hint = Wenn Sie sich überall abmelden, endet auch diese Sitzung, und Anwendungen müssen Sie um eine neue Anmeldung bitten.
device-browser-on-system = { $browser } auf { $system }
device-unknown = Unbekanntes Gerät

account-applications-title = Anwendungen
account-applications-lead = Diese Anwendungen dürfen Ihr Konto verwenden. Hier können Sie das zurücknehmen.
account-applications-none = Keine Anwendung hat Zugriff. Wenn Sie eine erlauben, sehen Sie sie hier und können sie wieder entfernen.
account-application-since = Erlaubt { $when }
account-application-scopes = Was sie darf
account-application-remove = Entfernen
account-application-remove-what = Zugriff von { $client }

account-data-title = Ihre Daten
account-data-download-title = Ihre Daten mitnehmen
account-data-download-lead = Eine Datei mit allem, was hier über Sie gespeichert ist: Ihr Profil, wo Sie sich angemeldet haben, welche Anwendungen Sie erlaubt haben und was Sie getan haben.
account-data-download = Herunterladen
account-deletion-title = Konto löschen
account-deletion-lead = Ihr Konto und alles, was dazu gehört, werden sofort gelöscht. Anwendungen, die Sie damit verwenden, kennen Sie dann nicht mehr. Dies lässt sich nicht rückgängig machen.
account-deletion-continue = Konto löschen
account-deletion-type = Geben Sie Ihren Benutzernamen ein: { $username }
account-deletion-submit = Endgültig löschen
account-deletion-not-allowed = Hier kann nur die Administration Konten löschen.
account-deletion-other-name = Das ist nicht der Benutzername dieses Kontos.
account-deletion-last-administrator = Sie sind die letzte Person mit Administrationsrechten: Zuerst muss jemand anderes sie erhalten.
account-deleted-title = Ihr Konto ist gelöscht
account-deleted = Es ist nichts davon übrig. Sie können diese Seite schließen.

account-devices-title = Geräte
account-devices-lead = Ein Fernseher, eine Kommandozeile oder ein anderes Gerät zeigt Ihnen einen Code? Geben Sie ihn ein, um das Gerät zuzulassen.
account-devices-enter = Code eingeben
account-devices-yours = Wartet auf Sie
account-devices-queue = { $count ->
    [0] Kein Gerät wartet auf jemanden aus der Verwaltung.
    [one] Ein Gerät wartet auf jemanden aus der Verwaltung.
   *[other] { $count } Geräte warten auf jemanden aus der Verwaltung.
}
account-devices-answer = Zur Warteschlange
account-devices-waiting = Wartet auf die Verwaltung
account-devices-none = Keines Ihrer Geräte wartet.
account-devices-since = Angefragt { $when }
