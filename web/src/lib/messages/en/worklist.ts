// The worklist, projects, and words that several views share: verbs, states, reasons.

export const worklist = {
  'project.choice': 'Project',
  'project.none': 'You are in no project yet',
  'project.none.next':
    'Cases belong to projects, and you see those of yours. Ask a steward to add you to one.',
  'project.none.steward': 'Cases belong to projects. Make the first one under People.',
  'project.none.make': 'Make a project',

  'identity.show': 'Who is it?',
  'identity.title': 'Who {case} is',
  'identity.name': 'Name',
  'identity.number': 'Patient number',
  'identity.born': 'Born',
  'identity.unknown': 'not said by the file',
  'identity.none': 'The file that was sent did not say who the patient is.',
  'identity.recorded': 'That you have looked is on the record.',

  'worklist.case': 'Case',
  'worklist.verb': 'What was done',
  'worklist.doubt': 'Doubt',
  'worklist.needs': 'Waits for',
  'worklist.changed': 'Changed',
  'worklist.all': 'All',
  'worklist.mine.one': 'Only the one that waits for me',
  'worklist.mine.other': 'Only the {n} that wait for me',
  'worklist.order':
    'Most doubtful first. Where a first read is asked for, the order says nothing of the answer.',
  'worklist.empty': 'Nothing waits',
  'worklist.empty.next':
    'When a scan has been worked on, its answer waits here until somebody has decided and signed.',
  'worklist.empty.scans': 'Bring a scan in',
  'worklist.none': 'Nothing fits this choice',
  'worklist.none.all': 'Show all',
  'worklist.first-read': 'First read',
  'worklist.suspended': 'Model suspended',
  'worklist.preparing': 'Pictures are being prepared',
  'worklist.key.down': 'Next case',
  'worklist.key.up': 'Case before',
  'worklist.key.open': 'Open the case',
  'worklist.key.mine': 'Only what waits for me, or all',

  'doubt.low': 'low',
  'doubt.middle': 'middling',
  'doubt.high': 'high',
  'doubt.hidden': 'shown after your opinion',
  'doubt.unknown': 'not known',

  'verb.denoise': 'Denoise',
  'verb.translate': 'Translate',
  'verb.segment': 'Outline a tumour',
  'verb.detect': 'Find nodules',
  'verb.reconstruct': 'Reconstruct',
  'verb.upsample': 'Refine',
  'verb.synthesize': 'Synthesise',

  'needs.look': 'a look',
  'needs.opinion': 'an opinion',
  'needs.decision': 'a decision',
  'needs.signature': 'a signature',
  'needs.second signature': 'a second signature',
  'needs.look again': 'another look',

  'outcome.show': 'Shown',
  'outcome.warn': 'Shown with a warning',
  'outcome.withhold': 'Withheld',
} as const;
