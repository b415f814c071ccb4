// The Models tab: one card per model, from its header alone.

const changed = (open) => window.dispatchEvent(new CustomEvent("distill-model", { detail: { open } }));
const button = (text, action, extra = {}) => make("button", { type: "button", onclick: action, ...extra }, text);

const FIGURES = {
  mel_distance: ["mel distance", (v) => v.toFixed(3)],
  log_spectral_distance: ["spectral distance", (v) => `${v.toFixed(2)} dB`],
  envelope_correlation: ["envelope correlation", (v) => v.toFixed(2)],
  bitrate: ["bit rate", (v) => `${(v / 1000).toFixed(1)} kbit/s`],
};

function facts(model) {
  const lines = [
    ["Codes", `${model.levels} levels of ${model.codes}${model.prior ? ", with a prior" : ", no prior"}`],
    ["Learnt from", `${model.sounds} sounds, ${model.minutes_of_sound} minutes`],
    ["Origin", model.origin],
    ["Licence", model.licence],
    ["Sounds by", model.synthesis],
    ["Made", model.created.slice(0, 10)],
    ["File", `${model.file}, ${(model.bytes / 1e6).toFixed(1)} MB`],
    ...Object.entries(FIGURES).filter(([key]) => key in model.figures)
      .map(([key, [name, show]]) => [name, show(model.figures[key])]),
  ];
  return make("dl", {}, ...lines.filter(([, value]) => value).flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, value)]));
}

function usage(model) {
  return make("div", { class: "ds-bars", title: model.health.join("\n") }, ...model.usage.map((share, level) => {
    const bar = make("i");
    bar.style.width = `${100 * share}%`;
    return make("div", {}, make("span", {}, `Level ${level + 1}`), make("b", {}, bar), make("span", {}, `${Math.round(100 * share)} %`));
  }));
}

function card(model) {
  const head = make("header", {}, make("h3", {}, model.name),
    model.used ? make("span", { class: "ds-badge ds-on" }, "in use") : null,
    model.own ? null : make("span", { class: "ds-badge" }, "ships with distill"));
  if (model.problem)
    return make("article", { class: "ds-card ds-model", "data-model": model.id }, head,
      make("p", { class: "ds-soft" }, model.problem),
      make("div", { class: "ds-acts" }, button("Delete…", () => askDelete(model), { class: "ds-danger" })));
  return make("article", { class: "ds-card ds-model", "data-model": model.id, "data-used": String(model.used) }, head, usage(model), facts(model),
    make("div", { class: "ds-acts" },
      button(model.used ? "Open Codes" : "Use it", () => (model.used ? openTab("Codes") : act("use", { model: model.id }, true, true)), { class: "ds-strong" }),
      button("Export", () => download(model)),
      model.own ? button("Rename…", (event) => rename(model, event.target.closest("article"))) : null,
      model.own ? button("Delete…", () => askDelete(model), { class: "ds-danger" }) : null));
}

function show(reply) {
  part("cards").replaceChildren(...reply.models.map(card));
  if (!reply.models.length)
    part("cards").append(make("p", { class: "ds-card ds-soft" }, "No model yet: train one on the Train tab, or import a .distill file."));
}

// `other`: the session works with another model now; `open`: and wants to see what it makes.
async function act(name, payload, other = false, open = false) {
  try {
    show(await call(name, payload));
    if (other) changed(open);
  } catch (problem) { tell(problem); }
}

function rename(model, article) {
  const field = make("input", { type: "text", value: model.name, maxlength: 80, "aria-label": "New name" });
  const done = () => act("rename", { model: model.id, name: field.value }, model.used);
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter") done();
    if (event.key === "Escape") call("list").then(show).catch(tell);
  });
  article.querySelector("header").replaceChildren(make("div", { class: "ds-rename" }, field, button("Save", done)));
  field.select();
}

function askDelete(model) {
  const dialog = part("ask");
  dialog.replaceChildren(
    make("h3", {}, `Delete “${model.name}”?`),
    make("p", { class: "ds-soft" }, `The file ${model.file} is removed from the models folder. This cannot be undone.`),
    make("div", { class: "ds-acts" },
      button("Keep it", () => dialog.close()),
      button("Delete", () => { dialog.close(); act("delete", { model: model.id }, model.used); }, { class: "ds-strong" })));
  dialog.showModal();
}

async function download(model) {
  try {
    const reply = await call("export", { model: model.id });
    saveFile(reply.name, reply.type, reply.data);
  } catch (problem) { tell(problem); }
}

part("file").addEventListener("change", async (event) => {
  const file = event.target.files[0];
  event.target.value = "";
  if (!file) return;
  try {
    const { path } = await upload(file);
    show(await call("import", { path, name: file.name }));
    toast(`${file.name} is on the shelf.`, "info");
  } catch (problem) { tell(problem); }
});

// News of other tabs wait for a name that is being typed: its own answer shows them too.
const renaming = () => part("cards").querySelector(".ds-rename");
const refresh = () => call("list").then((reply) => renaming() || show(reply)).catch(tell);
window.addEventListener("distill-shelf", refresh);
window.addEventListener("distill-model", refresh);
refresh();
