# Letting a device in.

activate-title = Connect a device
activate-lead = Enter the code that your device shows.
activate-code = Code
activate-hint = Eight letters. Capitals and the hyphen do not matter.
activate-hint-filled = A link filled this in. Go on only if your device shows the same code.
activate-fine = Did somebody send you this code? Then do not enter it: it would let their device use your account.
activate-wrong = That code is not right, or it was used or has expired. Compare it with your device.

device-question = Does your device show this code?
device-asked = Asked { $when }
device-asked-from = from { $address }
device-caution = Only go on if you started this on a device that you have in front of you.
device-caution-why = Whoever sent you a code or a link would get into your account.

device-connected-title = Your device is connected
device-connected = Go on at your device: it notices within a few seconds. You can close this page.
device-connected-done = { $client } can use your account there.
device-denied-title = The device stays out
device-denied = { $client } was not let in and shares nothing of yours. If you did not ask for this, there is nothing more to do.
device-waits-title = An administrator decides next
device-waits = { $client } is let in once an administrator of { $tenant } has approved it. Leave the device on: it goes on by itself, and you can close this page.
