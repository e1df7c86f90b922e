// Properties: a measure from the data, given to the style sheet. An inline style would be
// against the desk's content policy; what a script sets on an element is not.

import type { Attachment } from 'svelte/attachments';

/** `{@attach properties({ '--at': '40%' })}`: the style sheet says what it is for. */
export function properties(values: Record<string, string>): Attachment<HTMLElement> {
  return (element) => {
    for (const [name, value] of Object.entries(values)) {
      element.style.setProperty(name, value);
    }
  };
}
