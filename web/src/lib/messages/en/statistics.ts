// Statistics: how people decide on the machine's answers.

export const statistics = {
  'habit.of-readers': 'How readers decide',
  'habit.of-models': 'How answers were decided on',
  'habit.of-model': 'How its answers were decided on here',
  'habit.own': 'How you decide',
  'habit.about':
    'So many of so many; in brackets, of a hundred, where the share lies 95 times of 100. A high share of accepted answers is no merit by itself.',
  'habit.none': 'Nothing was decided yet.',
  'habit.reader': 'Reader',
  'habit.model': 'Model',
  'habit.decisions': 'Decisions',
  'habit.accepted': 'Accepted as it was',
  'habit.overridden': 'Corrected or rejected',
  'habit.first-read': 'First read said the same',
  'habit.median': 'Usual time',
  'habit.nothing': 'none yet',
  'habit.share': '{count} of {of} ({low} to {high})',
} as const;
