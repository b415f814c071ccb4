// Buttons, messages from other tabs, and the start.

app.help = () => {
  const dialog = part("help");
  dialog.replaceChildren(
    make("h3", {}, "Keys, while the grid has the focus"),
    make("dl", {}, ...KEYS.flatMap((line) => [0, 2].flatMap((i) => [make("dt", {}, line[i]), make("dd", {}, line[i + 1])]))),
    make("p", {}, "Mouse: click a cell, a column number or ▶; drag to select; Shift + click extends; Alt + click hears the code alone; double-click types. Ctrl + wheel zooms, Shift + wheel scrolls. Touch: tap, drag to scroll, hold and drag to select, pinch to zoom."),
    make("form", { method: "dialog" }, make("button", { class: "ds-strong" }, "Close")));
  dialog.showModal();
};

const buttons = {
  play: app.togglePlay, loop: app.toggleLoop, undo: () => app.editor.undo(), redo: () => app.editor.redo(),
  "zoom-in": () => app.zoom(1.5), "zoom-out": () => app.zoom(1 / 1.5), fit: app.fit, help: app.help,
  colours: () => { view.colourMode = view.colourMode === "likeness" ? "tab20" : "likeness"; app.draw(); },
};
for (const button of element.querySelectorAll("[data-do]"))
  button.addEventListener("click", () => view.clip && buttons[button.dataset.do]());
for (const button of element.querySelectorAll("[data-tool]"))
  button.addEventListener("click", () => app.setTool(button.dataset.tool));
for (const button of element.querySelectorAll("[data-ab]"))
  button.addEventListener("click", () => view.clip && app.toggleAb(button.dataset.ab));

createPointer();
createKeyboard();
createExport();

// Other tabs hand over what they made.
window.addEventListener("distill-open", (event) => {
  openTab("Codes");
  app.opening(event.detail.name, () => call("show", { clip: event.detail.clip }));
});
window.addEventListener("distill-model", (event) => {
  if (event.detail.open) openTab("Codes");
  start();
});

// Read-only, for tests and for the curious.
Object.defineProperty(part("root"), "debug", {
  get: () => ({
    playing: player.playing, place: player.place(), heard: player.heard, loop: player.loop,
    peak: app.sound.peakNow(), shots: app.hearing.log.slice(), frames: app.frames.slice(),
    columns: view.clip?.columns, levels: view.clip?.levels, samples: view.clip?.samples,
    codes: view.clip ? Array.from(view.clip.codes) : [], revision: view.clip?.revision, clip: view.clip?.id,
    pending: view.clip?.pending ?? 0, cursor: view.cursor, selection: view.selection, labels: view.clip?.labels,
    track: view.clip ? view.track : null, ab: view.ab, tool: view.tool, brush: view.brush.slice(), found: view.found,
    scale: view.axis.scale, scroll: view.axis.scroll, header: HEADER, row: ROW,
    soundAt: (track, index) => { const s = player.samplesAt(track, index); return s ? Array.from(s) : null; },
  }),
});

start();
