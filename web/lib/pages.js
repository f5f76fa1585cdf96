import { ApiError } from "./api.js";

/**
 * Reads pages until there are `wanted` items, or no further page. A page of a filtered list may be short, or empty, and
 * go on all the same, so at most `most` are read in one go.
 *
 * `read(cursor)` answers `{ items, next }`; so does this, `next` being where to go on.
 */
export async function readPages(read, wanted, most = 20) {
  const items = [];
  let cursor;
  for (let page = 0; page < most; page++) {
    const answer = await read(cursor);
    items.push(...answer.items);
    cursor = answer.next;
    if (!cursor || items.length >= wanted) break;
  }
  return { items, next: cursor };
}

/** The same of a filtered list; a filter that the server refuses is part of the answer, as `refused`. */
export async function readFiltered(read, wanted) {
  try {
    return { ...(await readPages(read, wanted)), refused: null };
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 400) throw error;
    return { items: [], next: undefined, refused: error };
  }
}
