// Dropped: what somebody lets fall on the page, files or folders, as a flat list of files.

const MOST_FILES = 20_000;

/** Return the files of a drop, those in folders too. */
export async function filesOf(data: DataTransfer): Promise<File[]> {
  const entries = [...data.items]
    .map((item) => item.webkitGetAsEntry())
    .filter((entry) => entry !== null);
  if (!entries.length) return [...data.files];
  const found: File[] = [];
  for (const entry of entries) await walk(entry, found);
  return found;
}

async function walk(entry: FileSystemEntry, found: File[]): Promise<void> {
  if (found.length >= MOST_FILES) return;
  if (entry.isFile) {
    const opened = entry as FileSystemFileEntry;
    found.push(await new Promise<File>((done, fail) => opened.file(done, fail)));
    return;
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  for (;;) {
    // A reader gives a part at a time, and an empty one at the end.
    const part = await new Promise<FileSystemEntry[]>((done, fail) =>
      reader.readEntries(done, fail),
    );
    if (!part.length) return;
    for (const inner of part) await walk(inner, found);
  }
}

/** Leave out what no scanner wrote: a folder's own index and a system's hidden files. */
export function scansOf(files: readonly File[]): File[] {
  return files.filter(
    (file) => file.size > 0 && !/^(\.|thumbs\.db$|dicomdir$)/i.test(file.name),
  );
}
