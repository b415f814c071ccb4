// The Train tab: what to learn from, and the training under way, the same for every visitor.

const minutes = createSlider("Minutes", { min: 1, max: 180, step: 1, value: 60 });
const levels = createSlider("Levels", { min: 2, max: 4, step: 1, value: 4, hint: "More levels: more detail, more bits" });
part("minutes").append(minutes.node);
part("levels").append(levels.node);
const control = (name) => element.querySelector(`[data-do="${name}"]`);
let chosen = [];
let lastState = "";
let heardStamp = "";

const LINES = ["#c2410c", "#2563a8", "#8a6d1f", "#7b3fa0", "#4d7c3a"];
const DARK_LINES = ["#ff8c4b", "#6db3ff", "#e0bd5c", "#d094f5", "#8fd070"];

function duration(seconds) {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}

// One small chart per stage; each figure is scaled on its own, its last value stands beside it.
function chart(stage, series) {
  const canvas = make("canvas", { "aria-hidden": "true" });
  const names = Object.keys(series).filter((name) => series[name].length).slice(0, 5);
  const dark = document.body.classList.contains("dark");
  const colours = dark ? DARK_LINES : LINES;
  const caption = make("figcaption", {}, make("b", {}, stage));
  names.forEach((name, i) => {
    const mark = make("i");
    mark.style.background = colours[i];
    caption.append(make("span", {}, mark, `${name.replaceAll("_", " ")} ${series[name].at(-1)[1].toPrecision(3)}`));
  });
  const figure = make("figure", { "data-stage": stage, "data-points": String(Math.max(...names.map((n) => series[n].length), 0)) }, caption, canvas);
  requestAnimationFrame(() => {
    const width = canvas.clientWidth || 400, height = 150, ratio = window.devicePixelRatio || 1;
    canvas.width = width * ratio;
    canvas.height = height * ratio;
    const g = canvas.getContext("2d");
    g.scale(ratio, ratio);
    const most = Math.max(1, ...names.map((name) => series[name].at(-1)[0]));
    names.forEach((name, i) => {
      const values = series[name].map((point) => point[1]);
      const low = Math.min(...values), high = Math.max(...values), span = high - low || 1;
      g.strokeStyle = colours[i];
      g.lineWidth = 2;
      g.lineJoin = "round";
      g.beginPath();
      series[name].forEach(([step, value], j) => {
        const x = (step / most) * (width - 8) + 4, y = height - 8 - ((value - low) / span) * (height - 16);
        if (j) g.lineTo(x, y);
        else g.moveTo(x, y);
      });
      if (series[name].length === 1) g.arc((series[name][0][0] / most) * (width - 8) + 4, height / 2, 2, 0, 7);
      g.stroke();
    });
  });
  return figure;
}

const TITLES = {
  idle: () => "Nothing is being trained",
  running: (s) => `Training “${s.title}”`,
  stopping: (s) => `Saving “${s.title}”…`,
  stopped: (s) => `“${s.title}” is paused`,
  done: (s) => `“${s.title}” is ready`,
  failed: (s) => `“${s.title}” ended with an error`,
};

function show(status) {
  const { state } = status;
  const active = state === "running" || state === "stopping";
  part("root").dataset.state = state;
  part("state").textContent = TITLES[state](status);
  part("folder-row").hidden = !status.may_name_folders && "may_name_folders" in status;
  part("whose").hidden = !active || status.mine;
  control("start").disabled = active;
  control("start").textContent = active ? "One training at a time" : "Start training";
  control("stop").hidden = state !== "running";
  control("resume").hidden = !status.resumable || active;
  control("models").hidden = !status.model;
  const bar = part("progress");
  bar.hidden = state === "idle";
  part("hint").hidden = state !== "idle";
  if (state !== "idle") {
    const percent = Math.round(100 * status.progress);
    bar.setAttribute("aria-valuenow", percent);
    bar.querySelector("i").style.width = `${percent}%`;
    bar.querySelector("span").textContent = active
      ? `${percent} % · ${status.stage || "reading the sounds"} · ${duration(status.eta_s)} left`
      : `${percent} %`;
  }
  part("charts").replaceChildren(...Object.entries(status.curves ?? {}).map(([stage, series]) => chart(stage, series)));
  part("log").hidden = !status.log?.length;
  part("log").textContent = (status.log ?? []).join("\n");
  if (state !== lastState) {
    part("live").textContent = TITLES[state](status);
    if (lastState) window.dispatchEvent(new CustomEvent("distill-shelf"));
    lastState = state;
  }
}

async function hearProgress() {
  const reply = await call("preview");
  if (!reply.ready || reply.stamp === heardStamp) return;
  heardStamp = reply.stamp;
  const sound = (title, data) => make("label", { class: "ds-field" }, title,
    make("audio", { controls: true, preload: "auto", src: URL.createObjectURL(new Blob([bytesOf(data)], { type: "audio/wav" })) }));
  part("preview").hidden = false;
  part("preview").replaceChildren(
    make("b", {}, `“${reply.name}”, as far as it has learnt`),
    sound("original", reply.original), sound(`from codes, by ${reply.synthesis.replace("_", "-")}`, reply.decoded),
    make("ul", {}, ...reply.health.map((line) => make("li", {}, line))));
}

async function poll() {
  let wait = 5000;
  try {
    const status = await call("status");
    show(status);
    if (status.state === "running" || status.state === "stopping") wait = 1000;
    if (status.model) await hearProgress();
  } catch (problem) {
    if (!(problem instanceof Problem)) console.error(problem);
  }
  setTimeout(poll, document.hidden ? 8000 : wait);
}

async function act(name, payload) {
  try {
    show({ ...(await call(name, payload)), may_name_folders: !part("folder-row").hidden });
  } catch (problem) { tell(problem); }
}

function choose(files) {
  chosen = [...files];
  part("chosen").textContent = chosen.length
    ? `${chosen.length} ${chosen.length === 1 ? "file" : "files"}: ${chosen.slice(0, 3).map((f) => f.name).join(", ")}${chosen.length > 3 ? "…" : ""}`
    : "Drop sounds here, or choose files";
}
part("files").addEventListener("change", (event) => choose(event.target.files));
for (const name of ["dragover", "dragleave", "drop"])
  part("drop").addEventListener(name, (event) => {
    event.preventDefault();
    part("drop").classList.toggle("ds-over", name === "dragover");
    if (name === "drop") choose(event.dataTransfer.files);
  });

control("start").addEventListener("click", async () => {
  const folder = part("folder").value.trim();
  control("start").disabled = true;
  try {
    const files = [];
    for (const file of folder ? [] : chosen) {
      control("start").textContent = `Sending ${files.length + 1} of ${chosen.length}…`;
      const { path } = await upload(file);
      files.push({ path, name: file.name });
    }
    await act("start", { title: part("title").value, files, folder, minutes: minutes.value, levels: levels.value });
  } catch (problem) { tell(problem); }
  if (part("root").dataset.state !== "running") {
    control("start").disabled = false;
    control("start").textContent = "Start training";
  }
});
control("stop").addEventListener("click", () => act("stop"));
control("resume").addEventListener("click", () => act("resume"));
control("models").addEventListener("click", () => openTab("Models"));
poll();
