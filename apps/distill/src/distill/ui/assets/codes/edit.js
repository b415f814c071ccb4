// Edits. Each is one splice of columns: drawn at once, sent in order, answered with the sound of
// just the touched span. The server keeps the history, so undo gives back the very same bytes.

const NOTHING = -1;

function createEditor() {
  const queue = createQueue();
  let clipboard = null; // { l0, l1, rows }

  const view = () => app.view;
  const clip = () => app.view.clip;

  function rowsOf(c0, c1) {
    const { codes, columns, levels } = clip();
    return Array.from({ length: levels }, (_, level) =>
      Array.from(codes.subarray(level * columns + c0, level * columns + c1)));
  }

  function applyRows(target, start, remove, rows) {
    const { codes, columns, levels } = target;
    const wide = rows[0].length;
    if (wide === remove) {
      rows.forEach((row, level) => codes.set(row, level * columns + start));
    } else {
      const after = columns - remove + wide;
      const fresh = new Int16Array(levels * after);
      for (let level = 0; level < levels; level++) {
        const old = codes.subarray(level * columns, (level + 1) * columns);
        fresh.set(old.subarray(0, start), level * after);
        fresh.set(rows[level], level * after + start);
        fresh.set(old.subarray(start + remove), level * after + start + wide);
      }
      target.codes = fresh;
      target.columns = after;
      view().axis.columns = after;
      view().axis.clamp();
    }
    target.drawn++;
    view().counts = null;
    app.draw();
  }

  // Takes the server's answer to an edit, an undo or a redo.
  function settle(target, reply) {
    if (target !== clip()) return;
    const longer = reply.samples !== target.samples;
    Object.assign(target, { revision: reply.revision, samples: reply.samples, canUndo: reply.can_undo, canRedo: reply.can_redo });
    app.player.resize(reply.samples);
    const [start, end] = reply.touched;
    if (longer) app.player.forget(start, Infinity);
    else {
      app.player.forget(start, end, app.view.wholeTrack);
      app.player.patch(app.view.wholeTrack, start, soundOf(reply.pcm));
    }
    app.player.refresh();
    app.afterEdit(start, end);
  }

  async function splice(start, remove, rows, { hear = true } = {}) {
    const target = clip();
    const before = rowsOf(start, start + remove);
    if (rows[0].length === remove && JSON.stringify(before) === JSON.stringify(rows)) return;
    applyRows(target, start, remove, rows);
    target.pending++;
    try {
      const reply = await queue(() => call("edit", { clip: target.id, start, remove, rows }));
      settle(target, reply);
      if (hear && !app.player.playing && target === clip()) app.hearSpan(...reply.touched);
    } catch (problem) {
      tell(problem);
      await app.reopen(target.id);
    } finally {
      target.pending--;
      app.draw();
    }
  }

  async function history(name) {
    const target = clip();
    if (!target || !(name === "undo" ? target.canUndo : target.canRedo)) return;
    target.pending++;
    try {
      const reply = await queue(() => call(name, { clip: target.id }));
      if (target !== clip()) return;
      applyRows(target, reply.start, reply.remove, reply.rows);
      settle(target, reply);
      const wide = reply.rows[0].length;
      if (wide) app.goTo(Math.min(view().cursor?.level ?? 0, target.levels - 1), reply.start);
      app.say(`${name === "undo" ? "Undone" : "Redone"}: columns ${reply.start} to ${reply.start + Math.max(wide, 1) - 1}`);
    } catch (problem) {
      tell(problem);
    } finally {
      target.pending--;
      app.draw();
    }
  }

  // The selection, or the cell under the cursor.
  function range() {
    const { selection, cursor } = view();
    if (selection) return selection;
    if (!cursor) return null;
    return { c0: cursor.col, c1: cursor.col + 1, l0: cursor.level, l1: cursor.level + 1 };
  }

  const whole = (r) => r.l0 === 0 && r.l1 === clip().levels;

  // Rewrites the cells of a range by (code, level, column) -> code.
  function rewrite(r, change, options) {
    const rows = rowsOf(r.c0, r.c1);
    for (let level = r.l0; level < r.l1; level++)
      rows[level] = rows[level].map((code, i) => change(code, level, r.c0 + i));
    return splice(r.c0, r.c1 - r.c0, rows, options);
  }

  function copy() {
    const r = range();
    if (!r) return;
    clipboard = { l0: r.l0, l1: r.l1, rows: rowsOf(r.c0, r.c1) };
    app.say(`Copied ${r.c1 - r.c0} columns`);
  }

  // Writes clipboard-like rows over what is at `start`; what does not fit is left out.
  function overwrite(start, source) {
    const wide = Math.min(source.rows[0].length, clip().columns - start);
    if (wide <= 0) return;
    const rows = rowsOf(start, start + wide);
    for (let level = source.l0; level < source.l1; level++) rows[level] = source.rows[level].slice(0, wide);
    app.select({ c0: start, c1: start + wide, l0: source.l0, l1: source.l1 });
    return splice(start, wide, rows);
  }

  function duplicate() {
    const r = range();
    if (!r) return;
    const rows = rowsOf(r.c0, r.c1);
    if (!whole(r)) return overwrite(r.c1, { l0: r.l0, l1: r.l1, rows });
    const done = splice(r.c1, 0, rows);
    app.select({ ...r, c0: r.c1, c1: r.c1 + rows[0].length });
    return done;
  }

  function move(by) {
    const r = range();
    if (!r || r.c0 + by < 0 || r.c1 + by > clip().columns) return;
    const from = Math.min(r.c0, r.c0 + by), to = Math.max(r.c1, r.c1 + by);
    const rows = rowsOf(from, to);
    for (let level = r.l0; level < r.l1; level++) {
      const row = rows[level];
      const moved = row.splice(r.c0 - from, r.c1 - r.c0);
      row.splice(r.c0 + by - from, 0, ...moved);
    }
    const { cursor } = view();
    app.select({ ...r, c0: r.c0 + by, c1: r.c1 + by });
    if (cursor) view().cursor = { ...cursor, col: cursor.col + by };
    return splice(from, to - from, rows);
  }

  function removeColumns() {
    const r = range();
    if (!r || r.c1 - r.c0 >= clip().columns) return;
    app.select(null);
    app.goTo(view().cursor?.level ?? 0, Math.min(r.c0, clip().columns - (r.c1 - r.c0) - 1));
    return splice(r.c0, r.c1 - r.c0, Array.from({ length: clip().levels }, () => []));
  }

  return {
    rowsOf, range, splice, rewrite, copy, duplicate, move, removeColumns, applyRows, settle,
    undo: () => history("undo"),
    redo: () => history("redo"),
    cut: () => { copy(); return rewrite(range(), () => NOTHING); },
    erase: () => range() && rewrite(range(), () => NOTHING),
    paste: () => clipboard && overwrite(view().selection?.c0 ?? view().cursor?.col ?? 0, clipboard),
    setCode: (level, column, code) => rewrite({ c0: column, c1: column + 1, l0: level, l1: level + 1 }, () => code),
    // One step along the line of similar codes.
    nudge: (by) => range() && rewrite(range(), (code, level) => {
      if (code < 0) return code;
      const order = view().model.order[level];
      const place = view().model.rank[level][code] + by;
      return order[Math.max(0, Math.min(order.length - 1, place))];
    }),
    serverEdit: (name, payload) => queue(() => call(name, payload)),
    get clipboard() { return clipboard; },
  };
}
