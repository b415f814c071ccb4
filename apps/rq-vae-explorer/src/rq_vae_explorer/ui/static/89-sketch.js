// The drawing pad: a digit of your own, seen through the model while it learns.

const PAD = 112; // side of what is sent; on screen it is twice as large
const sketch = { inked: false, last: 0, result: null };

function clearPad() {
  const g = find("pad").getContext("2d");
  g.fillStyle = "#000";
  g.fillRect(0, 0, PAD, PAD);
  sketch.inked = false;
  sketch.result = null;
  paintSoon();
}

function padPixels() {
  const { data } = find("pad").getContext("2d").getImageData(0, 0, PAD, PAD);
  let text = "";
  for (let i = 0; i < PAD * PAD; i++) text += String.fromCharCode(data[4 * i]);
  return btoa(text);
}

const encodePad = latestOnly(async () => {
  sketch.last = performance.now();
  const reply = await act({ do: "encode", pixels: padPixels() });
  sketch.result = reply && !reply.blank ? reply : null;
  paintSoon();
});

// While the run learns, the drawing is looked at again, about twice a second.
function reencode() {
  if (sketch.inked && !state.past && performance.now() - sketch.last > 500) encodePad({});
}

function listenForDrawing() {
  const pad = find("pad");
  pad.width = pad.height = PAD;
  const g = pad.getContext("2d", { willReadFrequently: true });
  clearPad();
  const at = (event) => [(event.offsetX / pad.clientWidth) * PAD, (event.offsetY / pad.clientHeight) * PAD];
  pad.addEventListener("pointerdown", (event) => {
    pad.setPointerCapture(event.pointerId);
    stroke(g, at(event), at(event));
    sketch.from = at(event);
  });
  pad.addEventListener("pointermove", (event) => {
    if (!event.buttons || !sketch.from) return;
    stroke(g, sketch.from, at(event));
    sketch.from = at(event);
    if (performance.now() - sketch.last > 150) encodePad({});
  });
  pad.addEventListener("pointerup", () => {
    sketch.from = null;
    encodePad({});
  });
  find("clear").addEventListener("click", clearPad);
  find("upload").addEventListener("change", (event) => loadPicture(event.target.files[0], g));
}

function stroke(g, from, to) {
  g.strokeStyle = "#fff";
  g.lineWidth = 9;
  g.lineCap = g.lineJoin = "round";
  g.beginPath();
  g.moveTo(...from);
  g.lineTo(to[0] + 0.01, to[1]);
  g.stroke();
  sketch.inked = true;
}

async function loadPicture(file, g) {
  if (!file) return;
  let picture;
  try {
    picture = await createImageBitmap(file);
  } catch (problem) {
    find("refusal").hidden = false;
    find("refusal").textContent = "That file is not a picture this browser can read.";
    return;
  }
  const scale = Math.min(PAD / picture.width, PAD / picture.height);
  const [w, h] = [picture.width * scale, picture.height * scale];
  g.filter = "grayscale(1)";
  g.fillStyle = "#fff";
  g.fillRect(0, 0, PAD, PAD);
  g.drawImage(picture, (PAD - w) / 2, (PAD - h) / 2, w, h);
  g.filter = "none";
  sketch.inked = true;
  encodePad({});
}

function drawSketchResult(canvas, description) {
  const { g, width } = openCanvas(canvas);
  if (!width) return;
  const { result } = sketch;
  const tiles = description.picture_titles.length;
  const cell = Math.min(84, Math.floor((width - 4 * tiles) / tiles));
  g.font = `11px ${theme.font}`;
  g.textBaseline = "top";
  g.textAlign = "left";
  description.picture_titles.forEach((title, i) => {
    const x = i * (cell + 6);
    g.strokeStyle = theme.grid;
    g.strokeRect(x + 0.5, 0.5, cell - 1, cell - 1);
    g.fillStyle = theme.soft;
    g.fillText(title, x, cell + 6, cell);
    if (!result) return;
    drawTile(g, sheetOf(i ? result.pictures : result.input, 1, theme), i && i - 1, 28, x + 1, 1, cell - 2);
    if (i) g.fillText(`MSE ${formatNumber(result.errors[i - 1])}`, x, cell + 20, cell);
    else g.fillText(`codes ${result.codes.join("·")}`, x, cell + 20, cell);
  });
}
