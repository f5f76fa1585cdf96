import { api, ApiError, useSession } from "./lib/api.js";
import { Events } from "./lib/events.js";
import { Router } from "./lib/router.js";
import { bar } from "./components/bar.js";
import { toast } from "./components/toast.js";
import * as overview from "./views/overview.js";
import * as runs from "./views/runs.js";
import * as run from "./views/run.js";
import * as workflows from "./views/workflows.js";
import * as workflow from "./views/workflow.js";
import * as workers from "./views/workers.js";
import * as system from "./views/system.js";
import * as signIn from "./views/sign-in.js";

const main = document.getElementById("main");
const events = new Events("/v1/events");
const router = new Router(
  [
    ["/", overview],
    ["/runs", runs],
    ["/runs/:id", run],
    ["/workflows", workflows],
    ["/workflows/:name", workflow],
    ["/workers", workers],
    ["/system", system],
  ],
  main,
  { events, toast },
);

async function start() {
  const code = signIn.takeCode();
  const failure = signIn.takeFailure();
  try {
    const session = code ? await api.post("/v1/session", { code }) : await api.get("/v1/session");
    useSession(session);
    signIn.returnToPlace();
    bar(document.getElementById("bar"), { session, events, router });
    events.open();
    router.start();
  } catch (error) {
    if (error instanceof ApiError && (error.status === 401 || error.status === 403)) signIn.show(main, code !== null ? error.message : failure);
    else signIn.showUnreachable(main, error, start);
  }
}

events.onSignedOut = () => signIn.show(main, null);
start();
