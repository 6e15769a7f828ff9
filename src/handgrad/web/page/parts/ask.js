// Requests to the server that sent the page, with its token where it wants one.

const KEPT = "handgrad-token"; // in the storage of the tab's session

/** Keep the token that the page's link gives, as in #token=SECRET; the page's own links do not have it. */
export function keepToken(link) {
  const token = new URLSearchParams(link).get("token");
  if (token) sessionStorage.setItem(KEPT, token);
}

/**
 * Ask the server.
 * @param {string} path
 * @param {RequestInit} [options]
 * @returns {Promise<Response>} a good one; for others an error says why, in a sentence
 */
export async function ask(path, options = {}) {
  const token = sessionStorage.getItem(KEPT), headers = { ...options.headers, ...(token ? { Authorization: `Bearer ${token}` } : {}) };
  const reply = await fetch(path, { ...options, headers }).catch(() => {
    throw new Error("The server does not answer; start it again with handgrad serve.");
  });
  if (reply.ok) return reply;
  if (reply.status === 401) throw new Error("The server wants a token: open the page as ADDRESS/#token=TOKEN.");
  const problem = await reply.json().catch(() => ({}));
  throw new Error(problem.detail ?? `The server says ${reply.status} to ${path}; try again.`);
}
