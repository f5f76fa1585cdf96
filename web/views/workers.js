import { api } from "../lib/api.js";
import { h, patch } from "../lib/dom.js";
import { live } from "../lib/live.js";
import { every, reader } from "../lib/reads.js";
import { table } from "../components/table.js";
import { since } from "../components/time.js";

export const title = () => "Workers";

export async function mount(root, { events, signal }) {
  const show = ({ workers }) =>
    patch(
      root,
      h("h1", {}, "Workers"),
      workers.length
        ? table({
            label: "Workers",
            columns: ["Name", "Running", "Slots", "Task types", "Connected"],
            rows: workers.map((worker) =>
              h(
                "tr",
                { "data-key": worker.session },
                h("td", {}, worker.name, h("div", { class: "quiet id" }, worker.session)),
                h("td", { class: worker.running > 0 ? "s-running" : null }, String(worker.running)),
                h("td", {}, worker.pools.map((pool) => `${pool.name} ${pool.slots}`).join(", ")),
                h("td", {}, worker.task_types.join(", ")),
                h("td", {}, since(worker.connected_at)),
              )),
          })
        : h("section", { class: "empty" }, h("p", {}, "No worker is connected: steps wait until one comes. In a terminal:"), h("pre", { class: "json" }, "./beamline worker")),
    );
  const read = reader(() => api.get("/v1/workers", signal), show);
  const stop = await live(events, read, { interval: 1000 });
  // Workers come and go without an event of their own.
  every(5000, read, signal);
  return stop;
}
