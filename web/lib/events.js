import { api, ApiError } from "./api.js";

/**
 * The tenant's event stream. The browser reconnects with Last-Event-ID by itself; when the server answers with an
 * error, EventSource gives up, so this opens it again with back-off. `resync` reaches listeners as `null`: read again.
 */
export class Events {
  #path;
  #source = null;
  #listeners = new Set();
  #stateListeners = new Set();
  #retry = null;
  #delay = 500;
  #lastId = "";
  state = "closed";
  paused = false;
  onSignedOut = () => {};

  constructor(path) {
    this.#path = path;
  }

  open() {
    clearTimeout(this.#retry);
    this.#source?.close();
    const source = new EventSource(this.#path);
    this.#source = source;
    this.#setState("connecting");
    source.onopen = () => {
      this.#delay = 500;
      // A stream that was opened anew knows nothing of what happened in between.
      if (this.#lastId !== "") this.#tell(null);
      this.#setState("live");
    };
    source.addEventListener("run", (event) => {
      this.#lastId = event.lastEventId;
      this.#tell(JSON.parse(event.data));
    });
    source.addEventListener("resync", (event) => {
      this.#lastId = event.lastEventId;
      this.#tell(null);
    });
    source.onerror = () => {
      this.#setState("connecting");
      if (source.readyState === EventSource.CLOSED) this.#reopen();
    };
  }

  pause() {
    this.paused = true;
    clearTimeout(this.#retry);
    this.#source?.close();
    this.#setState("paused");
  }

  resume() {
    this.paused = false;
    this.open();
    this.#tell(null);
  }

  /** Calls `listener(change)` for each change, `listener(null)` for a resync; answers how to stop. */
  listen(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  listenState(listener) {
    this.#stateListeners.add(listener);
    listener(this.state);
    return () => this.#stateListeners.delete(listener);
  }

  #reopen() {
    const delay = this.#delay * (0.5 + Math.random());
    this.#delay = Math.min(this.#delay * 2, 15_000);
    this.#retry = setTimeout(async () => {
      try {
        await api.get("/v1/session");
      } catch (error) {
        if (error instanceof ApiError && error.status === 401) {
          this.#setState("closed");
          this.onSignedOut();
          return;
        }
        this.#reopen();
        return;
      }
      if (!this.paused) this.open();
    }, delay);
  }

  #tell(change) {
    for (const listener of this.#listeners) listener(change);
  }

  #setState(state) {
    this.state = state;
    for (const listener of this.#stateListeners) listener(state);
  }
}
