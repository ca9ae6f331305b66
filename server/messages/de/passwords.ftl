# Ein Passwort wählen.

password-hint = Mindestens { $least } Zeichen. Einige Wörter ohne Zusammenhang sind leicht zu merken und schwer zu erraten.
password-too-short = Das Passwort braucht mindestens { $least } Zeichen.
password-too-long = Das Passwort ist zu lang: Höchstens { $most } Byte sind möglich.
password-own-name = Das Passwort darf weder den Namen noch die Adresse enthalten, zu denen es gehört.
password-forbidden-word = Das Passwort enthält ein Wort, das hier alle ausprobieren würden.
password-common = Dieses Passwort ist leicht zu erraten. Einige Wörter ohne Zusammenhang ergeben ein besseres.
