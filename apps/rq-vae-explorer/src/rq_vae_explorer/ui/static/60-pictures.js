// Rows of digit pictures: the input of each class and what the decoder makes of it, level by level.

// reply: {pictures: u8 (R, C, side, side), picture_codes: [C][L]} or null; titles: one per row.
function drawPictureRows(canvas, reply, titles, theme) {
  const pictures = reply?.pictures;
  const [rows, columns, side] = pictures ? pictures.shape : [titles.length, 10, 28];
  const sheet = pictures && sheetOf(pictures, columns, theme);
  const label = canvas.clientWidth < 480 ? 66 : 84;
  const gap = 4;
  const cell = Math.max(16, Math.min(64, Math.floor((canvas.clientWidth - label) / columns) - gap));
  setHeight(canvas, rows * (cell + gap) + 20);
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
        g.imageSmoothingEnabled = true;
        drawTile(g, sheet, r * columns + c, side, x, y, cell);
      }
      g.strokeStyle = theme.grid;
      g.lineWidth = 1;
      g.strokeRect(x + 0.5, y + 0.5, cell - 1, cell - 1);
    }
  }
  if (!pictures) {
    emptyNote(g, width + label, height - 20, theme, "No data yet");
    return;
  }
  const y = rows * (cell + gap) + 9;
  g.fillStyle = theme.soft;
  g.fillText("Codes", 0, y);
  g.textAlign = "center";
  reply.picture_codes.forEach((codes, c) => {
    g.fillText(codes.join("·"), label + c * (cell + gap) + cell / 2, y, cell + gap - 2);
  });
}
