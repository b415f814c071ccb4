// Rows of digit pictures: the input of each class and what the decoder makes of it, level by level.

// pictures: u8 array (R, C, side, side); titles: one per row.
function drawPictureRows(canvas, pictures, titles, theme) {
  const [rows, columns, side] = pictures ? pictures.shape : [titles.length, 10, 28];
  const wide = canvas.clientWidth;
  const label = wide < 480 ? 62 : 92;
  const gap = 3;
  const cell = Math.min(56, Math.floor((wide - label - gap * (columns - 1)) / columns));
  canvas.style.height = `${rows * (cell + gap)}px`;
  const { g, width, height } = openCanvas(canvas);
  if (!width) return;
  g.font = `11px ${theme.font}`;
  g.textBaseline = "middle";
  for (let r = 0; r < rows; r++) {
    const y = r * (cell + gap);
    g.fillStyle = theme.soft;
    g.textAlign = "left";
    g.fillText(titles[r], 0, y + cell / 2, label - 8);
    for (let c = 0; c < columns; c++) {
      const x = label + c * (cell + gap);
      if (pictures) {
        g.imageSmoothingEnabled = cell < side;
        const at = (r * columns + c) * side * side;
        g.drawImage(digitTile(pictures, at, side, theme), x, y, cell, cell);
      }
      g.strokeStyle = theme.grid;
      g.lineWidth = 1;
      g.strokeRect(x + 0.5, y + 0.5, cell - 1, cell - 1);
    }
  }
  if (!pictures) emptyNote(g, width + label, height, theme, "No data yet");
}
