# Choosing a password.

password-hint = At least { $least } characters. A few unrelated words are easy to remember and hard to guess.
password-too-short = The password needs at least { $least } characters.
password-too-long = The password is too long: at most { $most } bytes are taken.
password-own-name = The password must not contain the name or the address that it is for.
password-forbidden-word = The password contains a word that everybody would try here.
password-common = That password is easy to guess. A few unrelated words make a better one.
