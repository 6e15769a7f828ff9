// Text to copy, and files to keep.

import { button, el } from "./dom.js";

/** A button that copies what `text()` returns, and says so. */
export function copyButton(label, text, app) {
  return button(label, async () => {
    try {
      await navigator.clipboard.writeText(text());
      app.say("Copied.");
    } catch {
      app.say("The browser does not allow copying here: mark the text and copy it.");
    }
  });
}

/** Let the browser save a file. */
export function save(blob, name) {
  const url = URL.createObjectURL(blob);
  el("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60000); // the download has begun by then
}
