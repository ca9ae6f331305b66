# Warum es nicht weitergeht.

error-label = Fehler
error-reference = Referenz
error-reference-hint = Geben Sie diese Referenz an, wenn Sie um Hilfe bitten.

error-protocol-title = Diese Anfrage kann nicht beantwortet werden
# $detail ist der Wortlaut des Protokolls, auf Englisch.
error-protocol = Die Anwendung, die Sie hierher geschickt hat, hat einen Fehler gemacht: { $detail }.
error-protocol-nothing-shared = Es wurden keine Daten an sie weitergegeben.
error-unknown-tenant-title = Hier ist nichts
error-unknown-tenant = Diese Adresse gehört zu keiner Organisation.
error-suspended-title = Vorübergehend geschlossen
error-suspended = Die Anmeldung bei dieser Organisation ist ausgesetzt.
error-forged-title = Dieses Formular kann nicht verwendet werden
error-forged = Es wurde für einen anderen Browser erstellt oder war zu lange geöffnet. Kehren Sie zur Anwendung zurück und beginnen Sie von vorn; Cookies müssen erlaubt sein.
error-too-large-title = Zu viel
error-too-large = Es wurde mehr gesendet, als diese Seite annimmt.
error-expired-title = Diese Seite ist abgelaufen
error-expired = Sie wurde bereits verwendet oder war zu lange geöffnet. Gehen Sie dorthin zurück, woher Sie gekommen sind, und beginnen Sie von vorn.
error-busy-title = Gerade ausgelastet
error-busy = Im Moment sind sehr viele Menschen hier. Versuchen Sie es in einigen Sekunden noch einmal.
error-too-many-title = Das reicht für den Augenblick
error-too-many-passwords = Es wurden zu viele falsche Passwörter eingegeben.
error-too-many-codes = Es wurden zu viele falsche Codes eingegeben.
error-too-many-requests = Es kamen zu viele Anfragen.
error-too-many-wait = { $minutes ->
    [one] Warten Sie eine Minute und versuchen Sie es dann noch einmal.
   *[other] Warten Sie { $minutes } Minuten und versuchen Sie es dann noch einmal.
}
error-internal-title = Bei uns ist etwas schiefgegangen
error-internal = Versuchen Sie es noch einmal. Wenn es wieder geschieht, nennen Sie uns die untenstehende Referenz.
error-not-offered-title = Hier ist nichts
error-not-offered = Diese Organisation bietet das nicht an.
