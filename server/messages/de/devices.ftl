# Ein Gerät einlassen.

activate-title = Gerät verbinden
activate-lead = Geben Sie den Code ein, den Ihr Gerät anzeigt.
activate-code = Code
activate-hint = Acht Buchstaben. Auf Großschreibung und Bindestrich kommt es nicht an.
activate-hint-filled = Ein Link hat dies ausgefüllt. Fahren Sie nur fort, wenn Ihr Gerät denselben Code anzeigt.
activate-fine = Hat Ihnen jemand diesen Code geschickt? Dann geben Sie ihn nicht ein: Ein fremdes Gerät könnte damit Ihr Konto verwenden.
activate-wrong = Dieser Code stimmt nicht, wurde bereits verwendet oder ist abgelaufen. Vergleichen Sie ihn mit Ihrem Gerät.

device-question = Zeigt Ihr Gerät diesen Code an?
device-asked = Angefragt { $when }
device-asked-from = von { $address }
device-caution = Fahren Sie nur fort, wenn Sie dies auf einem Gerät begonnen haben, das Sie vor sich haben.
device-caution-why = Wer Ihnen einen Code oder einen Link geschickt hat, würde Zugang zu Ihrem Konto erhalten.

device-connected-title = Ihr Gerät ist verbunden
device-connected = Fahren Sie an Ihrem Gerät fort: Es bemerkt dies innerhalb weniger Sekunden. Sie können diese Seite schließen.
device-connected-done = { $client } kann dort Ihr Konto verwenden.
device-denied-title = Das Gerät bleibt draußen
device-denied = { $client } wurde nicht eingelassen und erhält nichts von Ihnen. Falls Sie dies nicht angefordert haben, müssen Sie nichts weiter tun.
device-waits-title = Als Nächstes entscheidet die Administration
device-waits = { $client } wird eingelassen, sobald die Administration von { $tenant } zugestimmt hat. Lassen Sie das Gerät eingeschaltet: Es fährt von selbst fort, und Sie können diese Seite schließen.
