// Audit: the record, searched, checked and taken out.

export const audit = {
  'audit.about':
    'Everything that was done here, in the order it was done. Each entry is bound to all before it, so that none can be changed, left out or put in unnoticed.',
  'audit.case': 'Case',
  'audit.who': 'Who',
  'audit.what': 'What',
  'audit.what.hint': 'A code, such as review.signed',
  'audit.when': 'When',
  'audit.why': 'Why',
  'audit.about-what': 'About',
  'audit.search': 'Search',
  'audit.entries': 'Entries',
  'audit.story': 'The story of {case}',
  'audit.more': 'Show more',
  'audit.empty': 'The record has nothing of this',
  'audit.empty.next': 'Leave a field empty to search more widely.',
  'audit.export': 'Export the record',
  'audit.digest.input_sha256': 'Digest of the input',
  'audit.digest.output_sha256': 'Digest of the output',
  'audit.digest.weights_sha256': 'Digest of the weights',
  'audit.digest.input': 'Digest of the input',
  'audit.digest.output': 'Digest of the output',
  'audit.digest.weights': 'Digest of the weights',

  'verify.title': 'Is the record sound?',
  'verify.about':
    'Computes every digest and signature again. An exported copy shows besides whether entries at the end were cut off.',
  'verify.do': 'Check it now',
  'verify.running': 'Checking every entry …',
  'verify.sound.one': 'Sound: the one entry is as it was written.',
  'verify.sound.other': 'Sound: all {n} entries are as they were written.',
  'verify.broken': 'Not sound.',
  'verify.broken.at':
    'Not sound: entry {index} is the first that is not as it was written.',
  'verify.root': 'Root of the tree:',
  'verify.at': 'Checked at {time}',
} as const;
