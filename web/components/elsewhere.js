import { ApiError } from "../lib/api.js";
import { h } from "../lib/dom.js";

/**
 * What a page shows instead of something that only the management listener serves, where the server has one of its own;
 * any other failure is thrown on.
 */
export function elsewhere(error, title) {
  if (!(error instanceof ApiError) || error.status !== 404) throw error;
  return [h("h1", {}, title), h("section", { class: "empty" }, h("p", {}, "This address does not serve it. Open the dashboard at the address of the server's management listener (serve --management-listen)."))];
}
