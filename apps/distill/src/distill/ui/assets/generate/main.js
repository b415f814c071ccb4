// The Generate tab: settings, progress, and what was written.

const seconds = createSlider("Seconds", { min: 1, max: 60, step: 0.5, value: 6 });
const temperature = createSlider("Temperature", { min: 0, max: 2, step: 0.05, value: 1, hint: "0 takes the likeliest code, 1 chooses as learnt, more is wilder" });
const topP = createSlider("Top-p", { min: 0.05, max: 1, step: 0.05, value: 0.95, hint: "Choose among the likeliest codes that make up this share" });
const topK = createSlider("Top-k", { min: 0, max: 128, step: 1, value: 0, hint: "Choose among the k likeliest codes; 0 for all", format: (k) => (Number(k) ? String(k) : "all") });
part("seconds").append(seconds.node);
part("temperature").append(temperature.node);
part("top-p").append(topP.node);
part("top-k").append(topK.node);
let perLevel = [];
let touched = false; // whether the levels have temperatures of their own

const startButton = element.querySelector('[data-do="start"]');
const cancelButton = element.querySelector('[data-do="cancel"]');

async function about() {
  const reply = await call("about");
  perLevel = reply.labels.map((label) => createSlider(`${label}: temperature`, { min: 0, max: 2, step: 0.05, value: temperature.value }));
  perLevel.forEach((slider) => slider.onInput(() => (touched = true)));
  touched = false;
  part("levels").replaceChildren(...perLevel.map((slider) => slider.node));
  startButton.disabled = !reply.has_prior;
  part("about").textContent = reply.has_prior
    ? `The prior of “${reply.name}” has learnt which codes follow which. It writes a new table of codes, column after column, and the model plays it.`
    : `“${reply.name}” has no prior: its training was stopped early. Choose another model, or train to the end.`;
}
temperature.onInput(() => {
  if (!touched) perLevel.forEach((slider) => (slider.value = temperature.value));
});

function showProgress(done, columns) {
  const bar = part("progress");
  bar.hidden = false;
  bar.setAttribute("aria-valuemax", columns);
  bar.setAttribute("aria-valuenow", done);
  bar.querySelector("i").style.width = `${(100 * done) / columns}%`;
  bar.querySelector("span").textContent = done < columns ? `${done} of ${columns} columns` : "playing it in…";
}

function busy(on) {
  startButton.disabled = on;
  cancelButton.hidden = !on;
  if (!on) part("progress").hidden = true;
}

async function watch() {
  busy(true);
  for (;;) {
    const reply = await call("poll");
    if (reply.state === "running") {
      showProgress(reply.done, reply.columns);
      await new Promise((resolve) => setTimeout(resolve, 250));
      continue;
    }
    busy(false);
    if (reply.state === "failed") toast(reply.problem);
    if (reply.state === "done") {
      addResult(reply);
      part("live").textContent = `${reply.clip.name} is ready`;
      openResult(reply.clip);
    }
    return;
  }
}

const openResult = (clip) =>
  window.dispatchEvent(new CustomEvent("distill-open", { detail: { clip: clip.id, name: clip.name } }));

function addResult({ clip, model, seed }) {
  part("none")?.remove();
  const codes = int16Of(clip.codes);
  const picture = make("canvas", { width: clip.columns, height: clip.levels, "aria-hidden": "true" });
  const g = picture.getContext("2d");
  codes.forEach((code, i) => {
    g.fillStyle = code < 0 ? "transparent" : model.palette[Math.floor(i / clip.columns)][code];
    g.fillRect(i % clip.columns, Math.floor(i / clip.columns), 1, 1);
  });
  part("results").prepend(make("div", { class: "ds-result" },
    make("div", {}, picture, make("small", {}, `seed ${seed} · ${clip.facts}`)),
    make("button", { type: "button", onclick: () => openResult(clip) }, "Open")));
  while (part("results").children.length > 8) part("results").lastChild.remove();
}

startButton.addEventListener("click", async () => {
  const seed = part("seed").value.trim();
  try {
    if (seed && !/^\d{1,10}$/.test(seed)) throw new Problem("A seed is a whole number, or nothing for chance.");
    await call("start", {
      seconds: seconds.value,
      temperature: touched ? perLevel.map((slider) => slider.value) : [temperature.value],
      top_k: [topK.value], top_p: [topP.value], seed: seed ? Number(seed) : null,
    });
    await watch();
  } catch (problem) {
    busy(false);
    tell(problem);
  }
});
cancelButton.addEventListener("click", () => call("cancel").catch(tell));
window.addEventListener("distill-model", () => about().catch(tell));

about().then(async () => {
  // A reload in the middle finds its run again.
  const reply = await call("poll");
  if (reply.state === "running") await watch();
  else if (reply.state === "done") addResult(reply);
}).catch(tell);
