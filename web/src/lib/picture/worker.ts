// Worker: unpacks and reads a volume beside the page, which goes on meanwhile.

import { readNifti, unpacked, UnreadableError, type Volume } from './nifti';

export interface Wish {
  readonly id: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export type Read =
  | { readonly id: number; readonly volume: Volume }
  | { readonly id: number; readonly words: string };

self.addEventListener('message', (event: MessageEvent<Wish>) => {
  void answer(event.data);
});

async function answer({ id, bytes }: Wish): Promise<void> {
  try {
    const volume = readNifti(await unpacked(bytes));
    const read: Read = { id, volume };
    self.postMessage(read, { transfer: [volume.stored.buffer] });
  } catch (error) {
    if (!(error instanceof UnreadableError || error instanceof RangeError)) throw error;
    const read: Read = { id, words: error.message };
    self.postMessage(read);
  }
}
