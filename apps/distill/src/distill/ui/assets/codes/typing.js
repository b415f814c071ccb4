// Typing a code into a cell.

const type = part("type");
app.typeCode = (level, col, seed = "") => {
  const { axis, clip } = view;
  app.goTo(level, col, { quiet: true });
  type.hidden = false;
  type.value = seed || Math.max(0, clip.codes[level * clip.columns + col]);
  const width = Math.max(48, axis.scale);
  type.style.width = `${width}px`;
  const x = Math.max(0, Math.min(axis.x(col) - (width - axis.scale) / 2, axis.width - width));
  type.style.transform = `translate(${x}px, ${part("grid").offsetTop + HEADER + level * ROW + 4}px)`;
  type.dataset.cell = `${level},${col}`;
  type.focus();
  if (!seed) type.select();
};
type.addEventListener("keydown", (event) => {
  event.stopPropagation();
  if (event.key !== "Enter" && event.key !== "Escape") return;
  event.preventDefault();
  const [level, col] = type.dataset.cell.split(",").map(Number);
  const text = type.value.trim();
  type.hidden = true;
  app.cells.focus();
  if (event.key === "Escape") return;
  const code = text === "" ? NOTHING : Number(text);
  if (!Number.isInteger(code) || code < NOTHING || code >= view.model.codes)
    return toast(`A code of this model is a number from 0 to ${view.model.codes - 1}; nothing typed erases it.`);
  app.editor.setCode(level, col, code);
});
type.addEventListener("blur", () => (type.hidden = true));

