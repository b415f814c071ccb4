// Mouse, pen and touch on the lanes: click to hear, drag to select, paint, scroll or zoom.

function createPointer() {
  const canvases = { grid: part("grid"), wave: part("wave"), overview: part("overview") };
  const tip = part("tip");
  const touches = new Map(); // pointerId -> x, for pinching
  let drag = null; // what the pressed pointer is doing
  let pinch = null;

  const view = () => app.view;

  function hit(event) {
    const box = canvases.grid.getBoundingClientRect();
    const y = event.clientY - box.top;
    const { axis, clip } = view();
    const column = Math.max(0, Math.min(clip.columns - 1, Math.floor(axis.column(event.clientX - box.left))));
    const level = Math.max(0, Math.min(clip.levels - 1, Math.floor((y - HEADER) / ROW)));
    return { col: column, level, header: y < HEADER, x: event.clientX - box.left };
  }

  const rectOf = (a, b, allLevels) => ({
    c0: Math.min(a.col, b.col), c1: Math.max(a.col, b.col) + 1,
    l0: allLevels ? 0 : Math.min(a.level, b.level),
    l1: allLevels ? view().clip.levels : Math.max(a.level, b.level) + 1,
  });

  // Painting draws at once and is sent as one edit when the stroke ends.
  function paintAt(cell) {
    const { clip, tool, brush } = view();
    const code = tool === "erase" ? NOTHING : brush[drag.start.level];
    const from = Math.min(drag.last.col, cell.col), to = Math.max(drag.last.col, cell.col);
    for (let column = from; column <= to; column++) {
      const at = drag.start.level * clip.columns + column;
      if (!drag.before.has(column)) drag.before.set(column, clip.codes[at]);
      clip.codes[at] = code;
    }
    clip.drawn++;
    drag.last = cell;
    app.draw();
  }

  function endStroke() {
    const { clip } = view();
    const columns = [...drag.before.keys()].sort((a, b) => a - b);
    const c0 = columns[0], c1 = columns.at(-1) + 1;
    const rows = app.editor.rowsOf(c0, c1);
    for (const [column, code] of drag.before) clip.codes[drag.start.level * clip.columns + column] = code;
    app.editor.splice(c0, c1 - c0, rows);
  }

  function down(event, lane) {
    if (!view().clip || event.button > 0) return;
    const canvas = canvases[lane];
    canvas.setPointerCapture(event.pointerId);
    delete part("root").dataset.by;
    app.cells.focus();
    hideTip();
    if (event.pointerType === "touch") {
      touches.set(event.pointerId, event.clientX);
      if (touches.size === 2) {
        const [a, b] = [...touches.values()];
        clearTimeout(drag?.hold);
        pinch = { distance: Math.abs(a - b) };
        drag = null;
        return;
      }
    }
    const start = hit(event);
    const painting = view().tool !== "select" && lane === "grid" && !start.header;
    drag = { lane, start, last: start, moved: false, x: event.clientX, touch: event.pointerType === "touch" };
    if (lane === "overview") return scrollTo(event);
    if (painting) {
      drag.before = new Map();
      drag.kind = "paint";
      return paintAt(start);
    }
    if (drag.touch) {
      drag.kind = "pan";
      drag.scroll = view().axis.scroll;
      drag.hold = setTimeout(() => { if (drag && !drag.moved) { drag.kind = "select"; navigator.vibrate?.(10); } }, 350);
    } else drag.kind = "select";
    if (lane === "grid" && !drag.touch) press(event, start);
  }

  // A press on a cell or a column number: choose it and hear it.
  function press(event, cell) {
    const { cursor } = view();
    if (event.shiftKey && cursor) {
      drag.start = { ...cursor, header: cell.header };
      app.select(rectOf(drag.start, cell, cell.header));
      return;
    }
    app.select(cell.header ? rectOf(cell, cell, true) : null);
    app.goTo(cell.header ? (cursor?.level ?? 0) : cell.level, cell.col, { quiet: true });
    if (cell.header) app.hearColumn(cell.col, event.timeStamp);
    else app.hearCell(cell.level, cell.col, { alone: event.altKey, since: event.timeStamp });
  }

  function scrollTo(event) {
    const { axis } = view();
    const box = canvases.overview.getBoundingClientRect();
    const centre = ((event.clientX - box.left) / box.width) * axis.columns;
    axis.scroll = centre - axis.onScreen() / 2;
    axis.clamp();
    app.draw();
  }

  function move(event, lane) {
    if (!view().clip) return;
    if (touches.has(event.pointerId)) touches.set(event.pointerId, event.clientX);
    if (pinch && touches.size === 2) {
      const [a, b] = [...touches.values()];
      const distance = Math.max(10, Math.abs(a - b));
      const box = canvases.grid.getBoundingClientRect();
      view().axis.zoom(distance / pinch.distance, (a + b) / 2 - box.left);
      pinch.distance = distance;
      return app.draw();
    }
    if (!drag) return hover(event, lane);
    if (Math.abs(event.clientX - drag.x) > 4) drag.moved = true;
    if (drag.lane === "overview") return scrollTo(event);
    const cell = hit(event);
    if (drag.kind === "paint") return paintAt(cell);
    if (drag.kind === "pan") {
      view().axis.scroll = drag.scroll - (event.clientX - drag.x) / view().axis.scale;
      view().axis.clamp();
      return app.draw();
    }
    if (cell.col !== drag.start.col || cell.level !== drag.start.level || (drag.lane === "wave" && drag.moved)) {
      drag.moved = true;
      app.select(rectOf(drag.start, cell, drag.lane === "wave" || drag.start.header));
    }
  }

  function up(event) {
    touches.delete(event.pointerId);
    if (touches.size < 2) pinch = null;
    if (!drag) return;
    clearTimeout(drag.hold);
    const { lane, kind, moved, start, touch } = drag;
    if (kind === "paint") endStroke();
    else if (!moved && lane === "wave") {
      app.select(null);
      app.player.seek(view().axis.sample(start.x));
      app.draw();
    } else if (!moved && lane === "grid" && touch) press(event, start);
    drag = null;
  }

  function hover(event, lane) {
    if (event.pointerType === "touch" || lane === "overview") return;
    const cell = hit(event);
    const old = view().hover;
    view().hover = lane === "grid" ? cell : null;
    if (lane === "grid" && (old?.col !== cell.col || old?.level !== cell.level || old?.header !== cell.header)) {
      app.prefetch(cell);
      app.draw();
    }
    showTip(event, cell, lane);
  }

  function showTip(event, cell, lane) {
    const { clip, axis } = view();
    const time = `${secondsOf(lane === "wave" ? axis.sample(cell.x) : cell.col * clip.columnSamples).toFixed(2)} s`;
    if (lane === "wave" || cell.header) tip.replaceChildren(lane === "wave" ? time : `Column ${cell.col} · ${time}`);
    else {
      const code = clip.codes[cell.level * clip.columns + cell.col];
      const uses = code < 0 ? "" : ` · used ${app.uses(cell.level, code)}×`;
      tip.replaceChildren(
        make("b", {}, code < 0 ? "nothing" : String(code)), ` ${clip.labels[cell.level]}`,
        make("br"), `${time}${uses}`);
    }
    tip.hidden = false;
    const box = part("view").getBoundingClientRect();
    const x = event.clientX - box.left, y = event.clientY - box.top;
    tip.style.transform = `translate(${Math.max(4, Math.min(x + 14, box.width - tip.offsetWidth - 4))}px, ${y - tip.offsetHeight - 12}px)`;
  }

  function hideTip() {
    tip.hidden = true;
    if (view().hover) { view().hover = null; app.draw(); }
  }

  for (const [lane, canvas] of Object.entries(canvases)) {
    canvas.addEventListener("pointerdown", (event) => down(event, lane));
    // A press would take the focus away from the grid, and with it the keys.
    canvas.addEventListener("mousedown", (event) => event.preventDefault());
    canvas.addEventListener("pointermove", (event) => move(event, lane));
    canvas.addEventListener("pointerup", up);
    canvas.addEventListener("pointercancel", up);
    canvas.addEventListener("pointerleave", () => !drag && hideTip());
  }
  canvases.grid.addEventListener("dblclick", (event) => {
    const cell = hit(event);
    if (!cell.header && view().tool === "select") app.typeCode(cell.level, cell.col);
  });
  part("view").addEventListener("wheel", (event) => {
    const { axis, clip } = view();
    if (!clip) return;
    const sideways = event.shiftKey ? event.deltaY : event.deltaX;
    if (event.ctrlKey || event.metaKey)
      axis.zoom(Math.exp(-event.deltaY / 240), event.clientX - canvases.grid.getBoundingClientRect().left);
    else if (Math.abs(sideways) > Math.abs(event.shiftKey ? 0 : event.deltaY)) axis.pan(sideways / axis.scale);
    else return; // the page scrolls
    event.preventDefault();
    app.draw();
  }, { passive: false });
}
