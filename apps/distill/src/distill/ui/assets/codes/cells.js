// What a screen reader meets: a grid with real cells around the cursor, and one live line.

function createCells() {
  const host = part("cells");
  const live = part("live");

  function describe(level, column) {
    const { clip } = app.view;
    const code = clip.codes[level * clip.columns + column];
    const time = secondsOf(column * clip.columnSamples).toFixed(2);
    const what = code < 0 ? "nothing" : `code ${code}, used ${app.uses(level, code)} times`;
    return `${clip.labels[level]}, ${time} s, ${what}`;
  }

  function refresh() {
    const { clip, cursor } = app.view;
    if (!clip || !cursor) {
      host.replaceChildren();
      host.removeAttribute("aria-activedescendant");
      return;
    }
    host.setAttribute("aria-rowcount", clip.levels);
    host.setAttribute("aria-colcount", clip.columns);
    const from = Math.max(0, cursor.col - 1), to = Math.min(clip.columns - 1, cursor.col + 1);
    const rows = Array.from({ length: clip.levels }, (_, level) => {
      const cells = [];
      for (let column = from; column <= to; column++)
        cells.push(make("div", {
          role: "gridcell", class: "code-cell", id: `ds-cell-${level}-${column}`,
          "aria-colindex": column + 1, "aria-label": describe(level, column),
          "aria-selected": String(cursor.level === level && cursor.col === column),
        }));
      return make("div", { role: "row", "aria-rowindex": level + 1 }, ...cells);
    });
    host.replaceChildren(...rows);
    host.setAttribute("aria-activedescendant", `ds-cell-${cursor.level}-${cursor.col}`);
  }

  return {
    refresh, describe,
    say(text) { live.textContent = text; },
    focus() { host.focus({ preventScroll: true }); },
    get focused() { return document.activeElement === host; },
    host,
  };
}
