// The frame around every view: signing in, navigation, states, keys.

export const shell = {
  'app.name': 'Vesalius',
  'app.motto': 'What was measured, what was imagined, how sure it is',
  'app.skip': 'Skip to the content',
  'app.menu': 'Menu',
  'app.nav': 'Views',
  'app.unknown': 'There is no such page',
  'app.unknown.next': 'Choose one of the views above.',
  'app.forbidden': 'Your account has no role for this view',
  'app.forbidden.next':
    'Ask an administrator if you need it; the roles stand under People.',

  'nav.worklist': 'Worklist',
  'nav.scans': 'Scans',
  'nav.models': 'Models',
  'nav.audit': 'Audit',
  'nav.people': 'People',
  'nav.learn': 'Learn',

  'label.unreviewed': 'AI result, not yet reviewed',

  'time.now': 'just now',
  'time.minutes': '{minutes} min {seconds} s',
  'time.seconds': '{seconds} s',

  'state.loading': 'Loading …',
  'state.retry': 'Try again',
  'state.reload': 'Look again',
  'state.fresh': 'Seen {ago}',
  'state.unreachable': 'The desk cannot be reached',
  'state.unreachable.next':
    'Look whether this computer is still on the network. The page tries again by itself, and nothing that you have drawn or typed is lost.',
  'state.expected': 'Expected: {words}',
  'state.next': 'Next: {words}',
  'state.wait': 'Wait {time} before you try again.',
  'net.offline':
    'Offline. You see what was last loaded{seen}; it is tried again by itself.',
  'net.offline.seen': ', {time}',

  'theme.label': 'Theme',
  'theme.system': 'As the system',
  'theme.dark': 'Dark (reading room)',
  'theme.light': 'Light',

  'keys.title': 'What the keyboard does',
  'keys.open': 'List the keys',
  'keys.none': 'Nothing has a key here.',
  'keys.then': 'then',
  'keys.group.everywhere': 'Everywhere',
  'keys.go': 'Go to {view}',
  'keys.theme': 'Change between dark and light',

  'dialog.close': 'Close',
  'dialog.cancel': 'Cancel',

  'sign.title': 'Sign in',
  'sign.name': 'Name',
  'sign.password': 'Password',
  'sign.in': 'Sign in',
  'sign.out': 'Sign out',
  'sign.as': 'Signed in as {name}',
  'sign.again': 'Your session has ended',
  'sign.again.why':
    'Sign in again as {name}. What you have drawn and typed is still there, and what you did last is then sent.',
  'sign.again.leave': 'Leave without it',
  'sign.begins':
    'This desk has no account yet. Open the link that was printed when it was started: it makes the first administrator.',
  'sign.first': 'Make the first administrator',
  'sign.first.why':
    'This account keeps accounts and models. It sees no patient; give those who read and sign accounts of their own, under People.',
  'sign.first.used': 'This link has been used',
  'sign.first.used.next': 'Sign in with the account that was made with it.',
  'sign.first.name.hint':
    '2 to 40 small letters, digits, dots and dashes; begins with a letter',
  'sign.password.hint':
    '12 characters or more; a sentence is easier to keep than a code',
  'sign.first.do': 'Make the account and sign in',
  'password.title': 'Change your password',
  'password.old': 'Old password',
  'password.new': 'New password',
  'password.do': 'Change it',
  'password.done': 'Changed. All sessions of this account have ended: sign in again.',

  'role.reader': 'Reader',
  'role.reviewer': 'Reviewer',
  'role.steward': 'Steward',
  'role.administrator': 'Administrator',
  'role.auditor': 'Auditor',
} as const;
