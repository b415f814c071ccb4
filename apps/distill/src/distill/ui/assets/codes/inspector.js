// The chosen cell, large: its code, its uses, its nearest relatives.

function createInspector() {
  const host = part("inspector");
  let shown = "";

  function swatch(level, code, action, label) {
    const button = make("button", { type: "button", class: "ds-swatch", title: label, "aria-label": label, onclick: action }, String(code));
    button.style.background = app.view.colourOf(level, code);
    button.style.color = app.view.inkOf(level, code);
    return button;
  }

  function empty() {
    host.replaceChildren(
      make("h3", {}, "Chosen code"),
      make("p", { class: "ds-soft" }, "Click a cell: you hear it, and it is shown here. Click a column number to hear all levels at that moment, ▶ at a row to hear everything up to that level."));
  }

  function draw() {
    const { clip, model, cursor, found, selection } = app.view;
    if (!clip || !cursor) {
      if (shown !== "-") empty();
      shown = "-";
      return;
    }
    const { level, col } = cursor;
    const code = clip.codes[level * clip.columns + col];
    const key = JSON.stringify([clip.id, clip.revision, clip.drawn, level, col, found, selection, app.view.colourMode, clip.labels]);
    if (key === shown) return;
    shown = key;
    const time = secondsOf(col * clip.columnSamples).toFixed(2);
    const big = make("div", { class: "ds-big" }, code < 0 ? "–" : String(code));
    if (code >= 0) {
      big.style.background = app.view.colourOf(level, code);
      big.style.color = app.view.inkOf(level, code);
    }
    const finding = found && found.level === level && found.code === code;
    const act = (text, action, extra = {}) => make("button", { type: "button", onclick: action, ...extra }, text);
    const uses = code < 0 ? 0 : app.uses(level, code);
    const share = model.usage[level]?.[code];
    host.replaceChildren(...[
      make("h3", {}, selection ? `Chosen: ${selection.c1 - selection.c0} columns` : "Chosen code"),
      make("div", { class: "ds-chosen" }, big, make("div", {},
        make("b", {}, clip.labels[level]),
        make("span", {}, `column ${col} · ${time} s`),
        make("span", {}, code < 0 ? "nothing at this level" : `used ${uses}× here${share == null ? "" : ` · ${(100 * share).toFixed(share < 0.01 ? 2 : 1)} % of training`}`))),
      make("div", { class: "ds-acts" },
        act("Hear", () => app.hearCell(level, col), { class: "ds-strong" }),
        code >= 0 ? act("Alone", () => app.hearCell(level, col, { alone: true }), { title: "The code vector by itself, without the levels above it" }) : null,
        act("Column", () => app.hearColumn(col)),
        code >= 0 ? act("Find uses", () => app.findUses(), { "aria-pressed": String(Boolean(finding)) }) : null,
        act("Type…", () => app.typeCode(level, col)),
        act("Erase", () => app.editor.erase())),
      code < 0 ? null : make("div", { class: "ds-near" },
        make("small", {}, "Sounds nearest to it – click to hear, Shift + click to put it here"),
        make("div", {}, ...model.near[level][code].map((other) =>
          swatch(level, other, (event) => event.shiftKey ? app.editor.setCode(level, col, other) : app.hearCode(level, other), `Code ${other}`)))),
    ].filter(Boolean));
  }
  return { draw };
}
