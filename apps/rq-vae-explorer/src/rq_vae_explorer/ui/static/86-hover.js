// Hovering: the digit under the pointer, or the code, with its picture and its codes.

const tip = { node: null };

function nearestIndex(points, count, x, y) {
  let best = -1;
  let least = Infinity;
  for (let i = 0; i < count; i++) {
    const d = (points[2 * i] - x) ** 2 + (points[2 * i + 1] - y) ** 2;
    if (d < least) [best, least] = [i, d];
  }
  return { index: best, distance: Math.sqrt(least) };
}

// What lies under a point of a plane: {code} within a disc, else {image} within a few pixels.
function pick(canvas, px, py) {
  const level = Number(canvas.dataset.level);
  const plane = state.planes?.[level];
  const scale = canvas.scale;
  if (!plane || !scale) return null;
  const [x, y] = scale.toData(px, py);
  const code = nearestIndex(plane.codes, plane.alive.length, x, y);
  if (code.index >= 0 && code.distance * scale.unit < 11) return { level, code: code.index };
  const image = nearestIndex(plane.points, plane.points.length / 2, x, y);
  if (image.index >= 0 && image.distance * scale.unit < 9) return { level, image: image.index };
  return null;
}

function describe(found) {
  const { frame, description } = state;
  const plane = state.planes[found.level];
  if (found.code !== undefined) {
    const k = found.code;
    const digit = plane.cellDigit[k];
    const share = `${(100 * plane.share[k]).toFixed(1)}% of training`;
    const means = digit >= 0 ? `, mostly “${description.classes[digit]}”` : "";
    return `Level ${found.level + 1}, code ${k}: ${plane.alive[k] ? share + means : "dead"}`;
  }
  const count = description.labels.length;
  const codes = Array.from({ length: description.levels }, (_, l) => frame.view.indices[l * count + found.image]);
  return `“${description.classes[description.labels[found.image]]}” · codes ${codes.join("·")}`;
}

function tilePixels(found) {
  if (found.image !== undefined) return state.images && { bytes: state.images, at: found.image };
  return found.level === 0 && state.gallery ? { bytes: state.gallery.level1, at: found.code } : null;
}

function showTip(found, x, y) {
  const pixels = tilePixels(found);
  tip.node.hidden = false;
  tip.node.querySelector("span").textContent = describe(found);
  const canvas = tip.node.querySelector("canvas");
  canvas.hidden = !pixels;
  if (pixels) {
    const side = 28;
    canvas.width = canvas.height = side;
    drawTile(canvas.getContext("2d"), sheetOf(pixels.bytes, 40, theme), pixels.at, side, 0, 0, side);
  }
  const box = root.getBoundingClientRect();
  const left = Math.min(x - box.left + 14, box.width - tip.node.offsetWidth - 4);
  tip.node.style.transform = `translate(${Math.max(0, left)}px, ${y - box.top + 14}px)`;
}

function listenForHovering() {
  tip.node = find("tip");
  const planes = find("planes");
  planes.addEventListener("pointermove", (event) => {
    const found = event.target.tagName === "CANVAS" && !event.buttons ? pick(event.target, event.offsetX, event.offsetY) : null;
    tip.node.hidden = true;
    if (!found) return;
    feed.wantImages();
    showTip(found, event.clientX, event.clientY);
  });
  planes.addEventListener("pointerleave", () => (tip.node.hidden = true));
}
