// A private fork of the shared run, and beside it what the shared one does: A and B.

const REST_OF_SHARED = 700; // milliseconds between looks at the other run
const ALIVE = 60000; // a hidden tab says that often that it is still there
const other = { frame: null, curves: null, keys: {}, timer: null };

async function fetchOther(part) {
  const reply = await server.fetch_part({ part, have: other.keys[part] || "", run: "" });
  if (reply.unchanged || reply.error) return;
  other[part] = decodeArrays(reply);
  other.keys[part] = part === "frame" ? other.frame.keys.frame : reply.key;
}

async function watchShared() {
  if (!document.hidden) {
    try {
      await fetchOther("description");
      await fetchOther("frame");
      await fetchOther("curves");
      paintSoon();
    } catch (problem) {
      other.frame = null;
    }
  }
  other.timer = setTimeout(watchShared, REST_OF_SHARED);
}

function goTo(token) {
  const address = new URL(location.href);
  address.hash = "";
  if (token) address.searchParams.set("run", token);
  else address.searchParams.delete("run");
  location.href = address.href;
}

// The shared run below the private one: its planes to its own scale, and its test curve.
function paintOther() {
  find("other").hidden = !other.frame?.view;
  if (!other.frame?.view || !other.description) return;
  const { view } = other.frame;
  const box = find("other-planes");
  const levels = other.description.levels;
  while (box.children.length < levels) box.append(document.createElement("canvas"));
  while (box.children.length > levels) box.lastChild.remove();
  Array.from(box.children).forEach((canvas, level) => {
    const plane = planeOf(view, level, null);
    canvas.limit = steadyLimit(canvas.limit, plane);
    const seen = { ...state.view, arrows: false, trails: false, sprites: null, chosen: null };
    drawPlane(canvas, plane, other.description.labels, canvas.limit, theme.digits, seen, theme);
  });
  const mse = other.frame.test_mse === null ? "–" : other.frame.test_mse.toFixed(4);
  find("other-text").textContent =
    `B: the shared run at step ${formatCount(other.frame.step)} · test MSE ${mse}` +
    ` · active ${view.health.map((h) => h.active).join(" + ")}`;
}

function otherSeries() {
  if (!RUN || !other.curves) return [];
  return [{
    name: "B: shared run, test", steps: other.curves.test_steps, values: other.curves.test.recon,
    color: theme.soft, width: 2, dash: [6, 3],
  }];
}

function listenForFork() {
  const button = find("fork");
  find("sharing").textContent = RUN ? "private run, ends when its tab is gone" : "shared by every tab that is open here";
  button.textContent = RUN ? "Back to the shared run" : "Fork a private run";
  button.addEventListener("click", async () => {
    if (RUN) return goTo("");
    button.disabled = true;
    const reply = await act({ do: "fork" });
    button.disabled = false;
    if (reply) goTo(reply.token);
  });
  if (!RUN) return;
  find("other").addEventListener("click", (event) => {
    const what = event.target.dataset.versus;
    if (what) Promise.all(["", RUN].map((run) => act({ do: what }, run)));
  });
  watchShared();
  setInterval(() => server.fetch_part({ part: "frame", have: "", run: RUN }).catch(() => {}), ALIVE);
}
