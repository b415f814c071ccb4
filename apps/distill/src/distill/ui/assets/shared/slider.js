// A labelled slider that shows its value.

function createSlider(label, { hint = "", format = String, ...options }) {
  const out = make("output", {}, format(options.value));
  const field = make("input", { type: "range", "aria-label": label, title: hint, ...options });
  field.addEventListener("input", () => (out.textContent = format(field.value)));
  return {
    node: make("label", { class: "ds-slide" }, make("span", {}, label), out, field),
    get value() { return Number(field.value); },
    set value(wanted) { field.value = wanted; out.textContent = format(wanted); },
    onInput: (listener) => field.addEventListener("input", listener),
  };
}
