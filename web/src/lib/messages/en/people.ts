// People: accounts, projects, and how answers are read.

export const people = {
  'roles.title': 'What each role may do',
  'role-about.reader':
    'Reads cases, corrects and decides; sees patients of its projects.',
  'role-about.reviewer': 'As a reader, and signs, once the course is passed.',
  'role-about.steward': 'Brings scans in, keeps projects and their members.',
  'role-about.administrator':
    'Keeps accounts, models and how is read; sees no patient.',
  'role-about.auditor': 'Reads and checks the record; changes nothing.',

  'account.title': 'Accounts',
  'account.roles': 'Roles',
  'account.state': 'State',
  'account.do': 'Do',
  'account.you': '(you)',
  'account.open': 'Open',
  'account.shut': 'Shut out',
  'account.add': 'Add an account',
  'account.add.do': 'Add it',
  'account.password.hint':
    '12 characters or more. Hand it over in person; it can be changed after signing in.',
  'account.reset': 'New password',
  'account.reset.of': 'New password for {name}',
  'account.reset.title': 'Give {name} another password?',
  'account.reset.what':
    'All sessions of the account end. Hand the password over in person.',
  'account.shut-out': 'Shut out',
  'account.shut-out.of': 'Shut out {name}',
  'account.shut-out.title': 'Shut {name} out?',
  'account.shut-out.what':
    'Its sessions end at once, and it can sign in no more. What it has done stays on the record.',
  'account.let-in': 'Let in again',
  'account.let-in.of': 'Let in again {name}',
  'account.let-in.title': 'Let {name} in again?',
  'account.let-in.what': 'It can sign in again, with the password that it had.',

  'projects.title': 'Projects',
  'projects.about':
    'Whoever is in a project sees its cases, and nobody else does. You see the projects that you are in.',
  'projects.empty': 'There is no project of yours',
  'projects.empty.next': 'Make one below; scans are then sent into it.',
  'projects.members.one': 'One person sees its cases.',
  'projects.members.other': '{n} people see its cases.',
  'projects.name': 'Name of a new project',
  'projects.name.hint': 'No patient’s name',
  'projects.add': 'Make it',

  'policy.title': 'How answers are read',
  'policy.about':
    'It holds for answers that are made from now on. First read: a reader records an opinion before the machine’s answer can be seen.',
  'policy.verb': 'Work',
  'policy.first-read': 'First read',
  'policy.first-read.of': 'First read: {name}',
  'policy.first-read.on': 'Opinion before the answer',
  'policy.first-read.off': 'Answer at once',
  'policy.signers': 'Signatures',
  'policy.signers.of': 'Signatures: {name}',
  'policy.signers.one': 'One person',
  'policy.signers.two': 'Two people',
} as const;
