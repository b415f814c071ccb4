// The codebook of one level: every code as a tile to hear and to paint with, as a usage heat map,
// and its health in plain words.

function createBook() {
  const host = part("book");
  const levels = part("book-levels");
  const health = part("health");
  let level = 0;
  let heat = "colour";
  let drawn = "";
  let focus = 0; // place in the order

  function build() {
    const { model, clip } = app.view;
    const order = model.order[level];
    host.replaceChildren(...order.map((code, place) => {
      const tile = make("button", {
        type: "button", role: "option", class: "ds-tile", tabindex: place === focus ? "0" : "-1",
        "data-code": code, "aria-selected": "false",
      }, String(code));
      return tile;
    }));
    levels.replaceChildren(...clip.labels.map((name, i) =>
      make("button", { type: "button", role: "radio", "aria-checked": String(i === level), onclick: () => show(i) }, name)));
    health.textContent = model.health[level] ?? "";
  }

  function heatColour(share, most) {
    if (!share) return null;
    const { heatmap } = app.view.model;
    return heatmap[Math.round(Math.sqrt(share / most) * (heatmap.length - 1))];
  }

  function paintTiles() {
    const { model, clip, brush } = app.view;
    const here = app.countsOf(level);
    const counts = heat === "here" ? here : model.usage[level] ?? [];
    const most = Math.max(1e-12, ...counts);
    for (const tile of host.children) {
      const code = Number(tile.dataset.code);
      const hot = heat === "colour" ? [app.view.colourOf(level, code), app.view.inkOf(level, code)] : heatColour(counts[code], most);
      tile.style.background = hot ? hot[0] : "";
      tile.style.color = hot ? hot[1] : "";
      tile.classList.toggle("ds-unused", !here[code]);
      tile.setAttribute("aria-selected", String(brush[level] === code));
      const share = model.usage[level]?.[code];
      const label = `${clip.labels[level]} code ${code}: used ${here[code]} times here${share == null ? "" : `, ${(100 * share).toFixed(2)} % of training`}`;
      tile.setAttribute("aria-label", label);
      tile.title = label;
    }
  }

  function draw() {
    const { clip, model, brush, colourMode, cursor } = app.view;
    if (!clip || !model) return;
    if (cursor && cursor.level !== level && cursor.level !== draw.followed) level = cursor.level;
    draw.followed = cursor?.level;
    const shape = JSON.stringify([model.id, clip.labels, level, colourMode]);
    if (draw.shape !== shape) build();
    draw.shape = shape;
    const key = JSON.stringify([shape, clip.id, clip.revision, clip.drawn, heat, brush, colourMode]);
    if (key !== drawn) paintTiles();
    drawn = key;
  }

  function show(wanted) {
    level = wanted;
    focus = 0;
    draw();
  }

  function choose(code, hear = true) {
    app.setBrush(level, code);
    if (hear) app.hearCode(level, code);
  }

  host.addEventListener("click", (event) => {
    const tile = event.target.closest("[data-code]");
    if (!tile) return;
    focusOn([...host.children].indexOf(tile));
    choose(Number(tile.dataset.code));
  });
  host.addEventListener("pointerover", (event) => {
    const tile = event.target.closest("[data-code]");
    if (tile) app.prefetchCode(level, Number(tile.dataset.code));
  });

  function focusOn(place) {
    const tiles = host.children;
    tiles[focus]?.setAttribute("tabindex", "-1");
    focus = Math.max(0, Math.min(tiles.length - 1, place));
    tiles[focus].setAttribute("tabindex", "0");
    tiles[focus].focus({ preventScroll: false });
  }

  host.addEventListener("keydown", (event) => {
    const perRow = Math.max(1, Math.round(host.clientWidth / (host.children[0]?.offsetWidth || 1)));
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -perRow, ArrowDown: perRow, Home: -1e6, End: 1e6 }[event.key];
    if (!step) return;
    event.preventDefault();
    focusOn(focus + step);
  });
  for (const button of element.querySelectorAll("[data-heat]"))
    button.addEventListener("click", () => {
      heat = button.dataset.heat;
      for (const other of element.querySelectorAll("[data-heat]"))
        other.setAttribute("aria-checked", String(other === button));
      draw();
    });

  return { draw, show };
}
