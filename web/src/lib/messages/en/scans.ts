// Scans: sending them in, and the work that is asked for.

export const scans = {
  'scans.title': 'What has come in',
  'scans.empty': 'No scan has come in yet',
  'scans.empty.next':
    'Drop a DICOM folder, a zip or a NIfTI above. Names and birth dates are taken out before anything is kept, and kept apart, encrypted.',
  'scans.ask': 'Ask for work',

  'scan.modality': 'Modality',
  'scan.contrast': 'Contrast',
  'form.dicom': 'DICOM',
  'form.nifti': 'NIfTI',

  'send.title': 'Bring a scan in',
  'send.how':
    'Drop a DICOM folder, a zip or a NIfTI here, or choose one. It goes to this desk and nowhere else.',
  'send.file': 'Choose files',
  'send.folder': 'Choose a folder',
  'send.step.packs': 'Packing the folder',
  'send.step.sends': 'Sending',
  'send.step.reads': 'Reading what was sent',
  'send.files': '{done} of {total} files',
  'send.bytes': '{done} of {total}',
  'send.waits': 'The connection is gone. It goes on where it stopped once it is back.',
  'send.stop': 'Stop sending',
  'send.nothing':
    'There is no file in what you chose: give the folder that holds the images.',
  'send.too-much':
    'This is more than one zip can hold (65,535 files or 4 GB): send one series at a time.',
  'send.unreadable':
    'A file cannot be read from this disk: copy the folder to this computer, and send it from there.',
  'send.refused': 'This was not taken in',
  'send.kept.one': 'One scan is here',
  'send.kept.other': '{n} scans are here',
  'send.says-not': 'This file does not say what it is. It is not guessed: say it here.',
  'send.choose': 'Choose …',
  'send.contrast.hint': 'Of an MR. Outlining a tumour needs it.',
  'send.contrast.none': 'Not said',
  'send.go': 'Send it',

  'ask.title': 'Work on {case}',
  'ask.verb': 'What is to be done',
  'ask.unfit':
    'Whether the scan is fit for the model is checked first; an unfit one is withheld, with the reason.',
  'ask.go': 'Start',
  'verb-about.denoise':
    'Takes noise out of an MR or a CT, and says where it had to imagine.',
  'verb-about.translate':
    'Shows an MR as a CT, or a CT as an MR. All of that picture is imagined.',
  'verb-about.segment':
    'Outlines lower-grade glioma on FLAIR, with a band between certain and possible.',
  'verb-about.detect': 'Marks what may be a lung nodule on a chest CT.',
  'option.look': 'Look',
  'option.to': 'Into',
  'choice.look.faithful': 'Faithful: the mean of what is likely',
  'choice.look.sharp': 'Sharp: crisper, and more of it imagined',
  'choice.to.ct': 'CT',
  'choice.to.mr': 'MR',

  'job.waiting': 'Waiting',
  'job.running': 'Running',
  'job.done': 'Done',
  'job.failed': 'Failed',
  'job.cancelled': 'Cancelled',
  'job.next': 'Next in line',
  'job.ahead.one': 'One before it',
  'job.ahead.other': '{n} before it',
  'job.queued': 'Asked for {time}',
  'job.progress': 'Now: {stage}',
  'job.steps': 'step {done} of {total}',
  'job.ends': 'done about {time}, judged by others like it',
  'job.cancel': 'Cancel',
  'job.retry': 'Try again',
  'job.retry.title': 'Try this again',
  'job.retry.why': 'It keeps its place in the queue. The reason goes on the record.',
  'job.retry.reason': 'Reason',
  'job.again.mistake': 'It was cancelled by mistake',
  'job.again.scan-mended': 'The scan has been sent anew',
  'job.again.machine-mended': 'What was wrong with the machine is mended',
  'job.open': 'Open the case',
  'job.for-readers': 'Waits in the worklist of those who read',

  'job.reason.refused': 'The scan cannot be used for it.',
  'job.reason.too-slow': 'It took too long and was stopped.',
  'job.reason.too-large': 'The scan is too large for this machine.',
  'job.reason.lost':
    'The process that worked on it is gone: it may have run out of memory.',
  'job.reason.worker-lost': 'The process that worked on it was lost three times.',
  'job.reason.suspended': 'The model was suspended by an administrator.',
  'job.reason.no-model': 'The model is missing or damaged: tell your administrator.',

  'stage.': 'beginning',
  'stage.starting': 'beginning',
  'stage.reading': 'reading the scan',
  'stage.kept': 'keeping the answer',
  'stage.denoise': 'taking out noise',
  'stage.translate': 'translating',
  'stage.segment': 'outlining',
  'stage.detect': 'looking for nodules',
} as const;
