// Files: every view as a figure drawn by the server, the run, and the replay, saved by the browser.

async function saveFile(what) {
  const step = state.past ? { step: state.past.step } : {};
  const reply = await act({ do: "export", what: what === "chart" ? state.tab : what, ...step });
  if (!reply) return;
  const anchor = document.createElement("a");
  anchor.href = URL.createObjectURL(new Blob([bytesOf(reply.file)]));
  anchor.download = reply.name;
  anchor.click();
  setTimeout(() => URL.revokeObjectURL(anchor.href), 60000);
}

function listenForExport() {
  root.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-what]");
    if (!button) return;
    button.disabled = true;
    await saveFile(button.dataset.what);
    button.disabled = false;
  });
}
