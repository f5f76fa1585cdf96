import { api, ApiError, useSession } from "./lib/api.js";
import { Events } from "./lib/events.js";
import { Router } from "./lib/router.js";
import { Access } from "./model/access.js";
import { bar, firstPage } from "./components/bar.js";
import { toast } from "./components/toast.js";
import * as overview from "./views/overview.js";
import * as usage from "./views/usage.js";
import * as users from "./views/users.js";
import * as audit from "./views/audit.js";
import * as runs from "./views/runs.js";
import * as run from "./views/run.js";
import * as approvals from "./views/approvals.js";
import * as deadLetters from "./views/dead-letters.js";
import * as deadLetter from "./views/dead-letter.js";
import * as jobs from "./views/jobs.js";
import * as newJob from "./views/new-job.js";
import * as job from "./views/job.js";
import * as workflows from "./views/workflows.js";
import * as workflow from "./views/workflow.js";
import * as bundles from "./views/bundles.js";
import * as bundle from "./views/bundle.js";
import * as queues from "./views/queues.js";
import * as breakers from "./views/breakers.js";
import * as workers from "./views/workers.js";
import * as system from "./views/system.js";
import * as signIn from "./views/sign-in.js";

const main = document.getElementById("main");
const events = new Events("/v1/events");
const services = { events, toast, access: null };
const router = new Router(
  [
    ["/", overview],
    ["/usage", usage],
    ["/users", users],
    ["/audit", audit],
    ["/runs", runs],
    ["/runs/:id", run],
    ["/approvals", approvals],
    ["/dead-letters", deadLetters],
    ["/dead-letters/:id", deadLetter],
    ["/jobs", jobs],
    ["/jobs/new", newJob],
    ["/jobs/:id", job],
    ["/workflows", workflows],
    ["/workflows/:name", workflow],
    ["/bundles", bundles],
    ["/bundles/:name", bundle],
    ["/queues", queues],
    ["/breakers", breakers],
    ["/workers", workers],
    ["/system", system],
  ],
  main,
  services,
);

async function start() {
  const code = signIn.takeCode();
  const failure = signIn.takeFailure();
  try {
    const session = code ? await api.post("/v1/session", { code }) : await api.get("/v1/session");
    useSession(session);
    services.access = new Access(session);
    signIn.returnToPlace();
    if (location.hash === "" && firstPage(services.access) !== "/") history.replaceState(null, "", `#${firstPage(services.access)}`);
    bar(document.getElementById("bar"), { session, access: services.access, events, router });
    events.open();
    router.start();
  } catch (error) {
    if (error instanceof ApiError && (error.status === 401 || error.status === 403)) signIn.show(main, code !== null ? error.message : failure);
    else signIn.showUnreachable(main, error, start);
  }
}

events.onSignedOut = () => signIn.show(main, null);
start();
