// Every gesture has a key. Keys act only while the grid has the focus.

const KEYS = [
  ["Arrows", "move", "Shift + arrows", "select"],
  ["Enter, Space", "hear the cell", "Alt + Enter", "hear the code alone"],
  ["C", "hear the column", "R", "hear the row up to its level"],
  ["P", "play, pause", "L", "loop"],
  ["A", "original or codes", "M / S", "mute / solo the level"],
  ["Home, End", "first, last column", "Page keys", "one screen"],
  ["F2 or a number", "type a code", "Delete", "erase to nothing"],
  ["Ctrl + C, X, V", "copy, cut, paste", "Ctrl + D", "repeat"],
  ["Alt + ← →", "move the selection", "Alt + ↑ ↓", "the next similar code"],
  ["Ctrl + Z", "undo", "Ctrl + Shift + Z", "redo"],
  ["Shift + Delete", "cut columns out", "Ctrl + A", "select everything"],
  ["F", "find all uses", "V, B, E", "select, paint, erase"],
  ["+ − 0", "zoom in, out, fit", "Esc", "let go"],
];

function createKeyboard() {
  const view = () => app.view;

  function moveCursor(event, by, up) {
    const { clip, selection } = view();
    const cursor = view().cursor ?? { level: 0, col: 0 };
    const level = Math.max(0, Math.min(clip.levels - 1, cursor.level + up));
    const col = Math.max(0, Math.min(clip.columns - 1, cursor.col + by));
    if (event.shiftKey) {
      const anchor = view().anchor ?? cursor;
      app.goTo(level, col, { keep: true });
      view().anchor = anchor;
      app.select({
        c0: Math.min(anchor.col, col), c1: Math.max(anchor.col, col) + 1,
        l0: Math.min(anchor.level, level), l1: Math.max(anchor.level, level) + 1,
      });
    } else {
      if (selection) app.select(null);
      app.goTo(level, col);
    }
  }

  const commands = {
    z: () => app.editor.undo(), y: () => app.editor.redo(), c: () => app.editor.copy(),
    x: () => app.editor.cut(), v: () => app.editor.paste(), d: () => app.editor.duplicate(),
    a: () => app.select({ c0: 0, c1: view().clip.columns, l0: 0, l1: view().clip.levels }),
  };

  const letters = {
    p: () => app.togglePlay(), l: () => app.toggleLoop(), a: () => app.toggleAb(),
    c: () => app.hearColumn(view().cursor.col), r: () => app.hearRow(view().cursor.level),
    m: () => app.toggleMute(view().cursor.level), s: () => app.toggleSolo(view().cursor.level),
    f: () => app.findUses(), v: () => app.setTool("select"), b: () => app.setTool("paint"),
    e: () => app.setTool("erase"), "+": () => app.zoom(1.4), "=": () => app.zoom(1.4),
    "-": () => app.zoom(1 / 1.4), 0: () => app.fit(), "?": () => app.help(),
  };

  function act(event) {
    const { clip, axis } = view();
    const cursor = view().cursor ?? { level: 0, col: 0 };
    const page = Math.max(1, Math.floor(axis.onScreen()) - 1);
    const control = event.ctrlKey || event.metaKey;
    const far = clip.columns + clip.levels;
    switch (event.key) {
      case "ArrowLeft": return event.altKey ? app.editor.move(-1) : moveCursor(event, -1, 0);
      case "ArrowRight": return event.altKey ? app.editor.move(1) : moveCursor(event, 1, 0);
      case "ArrowUp": return event.altKey ? app.editor.nudge(1) : moveCursor(event, 0, -1);
      case "ArrowDown": return event.altKey ? app.editor.nudge(-1) : moveCursor(event, 0, 1);
      case "Home": return moveCursor(event, -far, control ? -far : 0);
      case "End": return moveCursor(event, far, control ? far : 0);
      case "PageUp": return moveCursor(event, -page, 0);
      case "PageDown": return moveCursor(event, page, 0);
      case "Enter":
      case " ": return app.hearCell(cursor.level, cursor.col, { alone: event.altKey, since: event.timeStamp });
      case "F2": return app.typeCode(cursor.level, cursor.col);
      case "Backspace":
      case "Delete": return event.shiftKey ? app.editor.removeColumns() : app.editor.erase();
      case "Escape": return app.letGo();
    }
    if (control) {
      const command = event.key.toLowerCase() === "z" && event.shiftKey ? commands.y : commands[event.key.toLowerCase()];
      return command ? command() : false;
    }
    if (/^[1-9]$/.test(event.key)) return app.typeCode(cursor.level, cursor.col, event.key);
    const letter = letters[event.key.toLowerCase()];
    return letter && !event.altKey ? letter() : false;
  }

  app.cells.host.addEventListener("keydown", (event) => {
    part("root").dataset.by = "keys"; // shows where the focus is
    if (!view().clip) return;
    if (!view().cursor) app.goTo(0, 0, { quiet: true });
    if (act(event) === false) return;
    event.preventDefault();
    event.stopPropagation();
  });
  app.cells.host.addEventListener("focus", () => {
    if (view().clip && !view().cursor) app.goTo(0, 0);
    app.draw();
  });
  app.cells.host.addEventListener("blur", () => app.draw());
}
