import { api, query } from "../lib/api.js";
import { h } from "../lib/dom.js";
import { clock } from "../lib/format.js";
import { whenSeen } from "../lib/reads.js";

const kept = 5000;

/**
 * The output of a run, of one step, or of one attempt of it: reads page after page, then follows while `isLive()`. It
 * stays at the end only if the reader stands there. `stop()` ends it.
 */
export class LogView {
  #run;
  #step;
  #attempt;
  #isLive;
  #cursor = undefined;
  #timer = null;
  #over = new AbortController();
  #list = h("ol", { class: "lines" });
  #empty = h("p", { class: "quiet" }, "No output yet.");
  element = h("div", { class: "log", "data-keep": true, "data-key": "log", tabindex: 0, role: "log", "aria-label": "Output" }, this.#empty, this.#list);

  constructor(run, step, isLive, attempt) {
    this.#run = run;
    this.#step = step;
    this.#attempt = attempt;
    this.#isLive = isLive;
    this.#read();
  }

  stop() {
    this.#over.abort();
    clearTimeout(this.#timer);
  }

  async #read() {
    let delay = 1000;
    const wasLive = this.#isLive();
    try {
      const path = `/v1/runs/${this.#run}/logs${query({ step: this.#step, attempt: this.#attempt, cursor: this.#cursor, page_size: 500 })}`;
      const page = await api.get(path, this.#over.signal);
      if (this.#over.signal.aborted) return;
      this.#cursor = page.cursor;
      this.#show(page.lines);
      if (page.more) delay = 0;
      else if (!wasLive) return;
    } catch (error) {
      delay = 3000;
    }
    if (!this.#over.signal.aborted) this.#timer = setTimeout(() => whenSeen(() => this.#read(), this.#over.signal), delay);
  }

  #show(lines) {
    if (lines.length === 0) return;
    this.#empty.remove();
    const atEnd = this.element.scrollTop + this.element.clientHeight >= this.element.scrollHeight - 24;
    this.#list.append(
      ...lines.map((line) =>
        h(
          "li",
          { class: line.stream },
          h("span", { class: "at" }, clock(line.at)),
          this.#step ? null : h("span", { class: "from" }, line.step),
          h("span", { class: "text" }, line.text.replace(/\n$/, "")),
        ),
      ),
    );
    while (this.#list.childElementCount > kept) this.#list.firstChild.remove();
    if (atEnd) this.element.scrollTop = this.element.scrollHeight;
  }
}
