// Hands on the codes: drag one, choose one to kill or re-seed it, click the plane to decode it.

const DRAG_START = 4; // pixels before a press becomes a drag

async function act(request, run = RUN) {
  let reply;
  try {
    reply = await server.act({ ...request, run });
  } catch (problem) {
    reply = { error: "the page has lost its server" };
  }
  find("refusal").hidden = !reply.error;
  find("refusal").textContent = reply.error || "";
  feed.nudge();
  return reply.error ? null : decodeArrays(reply);
}

// Calls run one at a time; of those that come meanwhile only the newest is sent.
function latestOnly(send) {
  let busy = false;
  let next = null;
  return async function call(request) {
    if (busy) {
      next = request;
      return;
    }
    busy = true;
    await send(request);
    busy = false;
    if (next) {
      const newest = next;
      next = null;
      call(newest);
    }
  };
}

const sendMove = latestOnly(act);

function choose(chosen) {
  state.chosen = chosen;
  const bar = find("chosen");
  bar.hidden = !chosen;
  if (chosen) bar.querySelector("span").textContent = describe(chosen);
  paintSoon();
}

const decodeAt = latestOnly(async ({ x, y }) => {
  const reply = await act({ do: "decode", x, y });
  if (!reply) return;
  state.probe = { x, y, picture: reply.picture };
  paintSoon();
});

function dragCode(canvas, event, found) {
  const start = [event.offsetX, event.offsetY];
  let moved = false;
  canvas.setPointerCapture(event.pointerId);
  const onMove = (e) => {
    if (!moved && Math.hypot(e.offsetX - start[0], e.offsetY - start[1]) < DRAG_START) return;
    moved = true;
    const [x, y] = canvas.scale.toData(e.offsetX, e.offsetY);
    state.held = { ...found, x, y };
    sendMove({ do: "move", level: found.level + 1, code: found.code, x, y });
    paintSoon();
  };
  const onUp = () => {
    canvas.removeEventListener("pointermove", onMove);
    // The code stays under the pointer until a frame shows it there.
    setTimeout(() => (state.held = null), 400);
    if (!moved) choose(found);
  };
  canvas.addEventListener("pointermove", onMove);
  canvas.addEventListener("pointerup", onUp, { once: true });
  canvas.addEventListener("pointercancel", onUp, { once: true });
}

function listenForHands() {
  find("planes").addEventListener("pointerdown", (event) => {
    const canvas = event.target;
    if (canvas.tagName !== "CANVAS" || !canvas.scale || state.past) return;
    const found = pick(canvas, event.offsetX, event.offsetY);
    if (found?.code !== undefined) {
      dragCode(canvas, event, found);
    } else if (canvas.dataset.level === "0" && state.frame?.view) {
      const [x, y] = canvas.scale.toData(event.offsetX, event.offsetY);
      decodeAt({ x, y });
    }
  });
  find("map").addEventListener("pointerdown", (event) => {
    const scale = find("map").scale;
    if (!scale) return;
    const [x, y] = scale.toData(event.offsetX, event.offsetY);
    decodeAt({ x, y });
  });
  find("atlas").addEventListener("click", (event) => {
    const code = find("atlas").scale?.codeAt(event.offsetX, event.offsetY);
    if (code !== null && code !== undefined) choose({ level: 0, code });
  });
  find("chosen").addEventListener("click", (event) => {
    const what = event.target.dataset.do;
    if (what && what !== "close") act({ do: what, level: state.chosen.level + 1, code: state.chosen.code });
    if (what === "close") choose(null);
  });
}
