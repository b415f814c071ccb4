// Calls to the server: one token per browser tab, one place where failures are told. Each page
// of the app names its own SCOPE before this.

function sessionToken() {
  const stored = sessionStorage.getItem("distill-token");
  if (stored && /^[0-9a-f]{32}$/.test(stored)) return stored;
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const token = Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");
  sessionStorage.setItem("distill-token", token);
  return token;
}

class Problem extends Error {}

const token = sessionToken();

async function call(name, payload = {}) {
  const reply = await server[`${SCOPE}_${name}`]({ token, ...payload });
  if (!reply) throw new Problem("No answer from distill: is it still running?");
  if (reply.error) throw new Problem(reply.error);
  return reply;
}

// One call after another, in the order asked: edits must not overtake each other.
function createQueue() {
  let last = Promise.resolve();
  return (task) => {
    const next = last.then(task);
    last = next.catch(() => {});
    return next;
  };
}

const part = (name) => element.querySelector(`[data-ds="${name}"]`);

function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) {
    if (key === "class") node.className = value;
    else if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (value === true) node.setAttribute(key, "");
    else if (value !== false && value != null) node.setAttribute(key, value);
  }
  node.append(...children.filter((child) => child != null));
  return node;
}

let toastTimer = 0;
function toast(text, kind = "error") {
  const box = part("toast");
  box.textContent = text;
  box.dataset.kind = kind;
  box.hidden = false;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => (box.hidden = true), 6000);
}

const tell = (problem) => {
  if (!(problem instanceof Problem)) console.error(problem);
  toast(problem.message || String(problem));
};

const openTab = (name) => {
  for (const tab of document.querySelectorAll('button[role="tab"]'))
    if (tab.textContent.trim() === name) tab.click();
};
