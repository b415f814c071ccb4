// Each view painted from the state, where what it shows has changed.

function paintPlanes() {
  const { description } = state;
  const canvases = find("planes").querySelectorAll("canvas");
  const widest = Math.max(...state.limits, 1e-6);
  canvases.forEach((canvas, level) => {
    const limit = (state.view.shared ? widest : state.limits[level]) || 1;
    const zoom = state.limits[0] ? state.limits[0] / limit : 1;
    const caption = canvas.parentElement.querySelector("figcaption");
    const title = levelTitle(level) + (zoom > 1.15 ? ` · drawn ${zoom.toFixed(1)}× larger` : "");
    if (caption.textContent !== title) caption.textContent = title;
    const chosen = state.chosen?.level === level ? state.chosen.code : null;
    const extras = { ...state.view, chosen, sprites: state.view.sprites ? state.sprites : null };
    if (level === 0 && state.gallery && !state.past) extras.pulls = state.gallery;
    extras.own = sketch.result && sketch.result.points.subarray(2 * level, 2 * level + 2);
    extras.probe = level === 0 ? state.probe : null;
    canvas.scale = drawPlane(canvas, state.planes[level], description.labels, limit, theme.digits, extras, theme);
  });
}

function paintChart() {
  const { curves } = state;
  const tab = CHART_TABS[state.tab];
  const canvas = find("chart");
  const moving = state.tab === "rate" && state.frame.view;
  if (!changed(canvas, curves, state.tab, JSON.stringify(state.view), state.cursor, other.curves, moving, theme)) return;
  if (state.tab === "rate") {
    paintRate(canvas);
    find("chart-legend").innerHTML = "";
  } else {
    const own = curves ? tab.series(curves, theme, state.view) : [];
    const series = [...own, ...(state.tab === "loss" ? otherSeries() : [])].filter((s) => s.values?.length);
    const marks = (curves?.marks || []).map((m) => ({ step: m.step, text: markText(m) }));
    drawCurves(canvas, series, marks, { log: state.view.log && !tab.linear, cursor: state.cursor }, theme);
    find("chart-legend").innerHTML = series
      .filter((s) => s.name)
      .map((s) => `<span><i style="background:${s.color}" class="${s.dash ? "rq-dashed" : ""}"></i>${s.name}</span>`)
      .join("");
  }
  find("chart-note").textContent = tab.note || "";
}

function paintRate(canvas) {
  const { curves, frame } = state;
  const health = frame.view?.health || [];
  const now = health.map((level, i) => {
    const history = curves?.test[`recon_${i + 1}`];
    const bits = i === 0 ? level.bits : i === health.length - 1 ? frame.view.joint_bits : NaN;
    return { name: i ? `levels 1–${i + 1}` : "level 1", bits, mse: history?.[history.length - 1] };
  });
  const path = { bits: curves?.test.bits || [], mse: curves?.test.recon || [] };
  drawRateDistortion(canvas, path, now, frame.view?.nominal_bits || 8, theme);
}

function paintPictures() {
  const canvas = find("pictures");
  const { description } = state;
  const rows = state.past?.view || state.pictures;
  if (!changed(canvas, rows, description, theme)) return;
  drawPictureRows(canvas, rows, description.picture_titles, theme);
}

function paintHealth() {
  const { description } = state;
  if (!changed(find("usage"), seenView(), theme)) return;
  find("usage").querySelectorAll(".rq-level").forEach((box, level) => {
    const plane = state.planes[level];
    box.querySelector(".rq-health").innerHTML = healthText(seenView()?.health[level], description.codes);
    const [bars, heat] = box.querySelectorAll("canvas");
    drawUsage(bars, plane, theme.digits, theme);
    drawHeatmap(heat, plane?.byDigit, description.classes, theme);
  });
}

function paintGallery() {
  const plane = state.planes[0];
  const gallery = plane ? state.gallery : null;
  const [map, atlas, pairs] = ["map", "atlas", "pairs"].map(find);
  const chosen = state.chosen?.level === 0 ? state.chosen.code : null;
  if (changed(map, gallery, seenView(), state.held, theme)) map.scale = drawDecodedMap(map, gallery, plane, theme);
  if (changed(atlas, gallery, String(plane?.alive), chosen, theme)) {
    atlas.scale = drawAtlas(atlas, gallery?.level1, plane?.alive, chosen, theme);
  }
  if (changed(pairs, gallery, theme)) drawPairs(pairs, gallery?.pairs, theme);
}
