// What is said in words and numbers: status, figures, events, the decoded point.

function paintProbe() {
  const { probe } = state;
  find("probe").hidden = !probe;
  if (!probe) return;
  const canvas = find("probe").querySelector("canvas");
  canvas.width = canvas.height = 28;
  drawTile(canvas.getContext("2d"), sheetOf(probe.picture, 1, theme), 0, 28, 0, 0, 28);
  const at = `${formatNumber(probe.x)}, ${formatNumber(probe.y)}`;
  find("probe").querySelector("span").textContent = `decoded from (${at})`;
}

const STATUS_NAMES = {
  loading: "Loading data…", compiling: "Compiling…", training: "Training", paused: "Paused", failed: "Failed",
};

function paintNumbers() {
  const { frame } = state;
  const set = (name, text) => {
    const node = find(name);
    if (node.textContent !== text) node.textContent = text;
  };
  const status = state.lost ? "lost" : frame.status;
  const fresh = status === "paused" && frame.step === 0;
  set("status", state.lost ? "Connection lost" : fresh ? "Ready" : STATUS_NAMES[status] || status);
  root.dataset.status = status;
  set("step", formatCount(frame.step));
  set("speed", frame.steps_per_second ? formatNumber(frame.steps_per_second) : "–");
  set("mse", frame.test_mse === null ? "–" : frame.test_mse.toFixed(4));
  const seen = frame.view?.health || [];
  const sum = (key) => seen.reduce((total, h) => total + h[key], 0);
  set("active", seen.length ? `${sum("active")} / ${sum("active") + sum("dead")}` : "–");
  const bits = frame.view?.joint_bits ?? null;
  set("bits", bits === null ? "–" : `${bits.toFixed(2)} / ${formatNumber(frame.view.nominal_bits)}`);
  set("message", frame.message || "");
  find("message").hidden = !frame.message;
}

function paintEvents() {
  const { frame } = state;
  const newest = frame.events.length ? frame.events[frame.events.length - 1] : null;
  const key = newest ? `${frame.events.length}.${newest.step}.${newest.text}` : "";
  if (key === state.eventsShown) return;
  state.eventsShown = key;
  const list = find("events");
  list.replaceChildren(
    ...frame.events.toReversed().map((event) => {
      const item = document.createElement("li");
      item.dataset.kind = event.kind;
      item.textContent = event.text;
      return item;
    }),
  );
  find("events-empty").hidden = frame.events.length > 0;
}
