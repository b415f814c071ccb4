// The one time axis that waveform, grid, overview and playhead share. Unit: columns of codes.

const MOST_PX = 72; // widest column

function createTimeline() {
  const axis = {
    columns: 0, width: 1, scale: 26, scroll: 0, columnSamples: 1024,
    least: () => Math.min(26, axis.width / Math.max(1, axis.columns)),
    x: (column) => (column - axis.scroll) * axis.scale,
    column: (x) => axis.scroll + x / axis.scale,
    sampleX: (sample) => axis.x(sample / axis.columnSamples),
    sample: (x) => axis.column(x) * axis.columnSamples,
    first: () => Math.max(0, Math.floor(axis.scroll)),
    last: () => Math.min(axis.columns, Math.ceil(axis.scroll + axis.width / axis.scale)),
    onScreen: () => axis.width / axis.scale,
    clamp() {
      axis.scale = Math.min(MOST_PX, Math.max(axis.least(), axis.scale));
      axis.scroll = Math.max(0, Math.min(axis.scroll, axis.columns - axis.onScreen()));
    },
    zoom(factor, x = axis.width / 2) {
      const anchor = axis.column(x);
      axis.scale *= factor;
      axis.clamp();
      axis.scroll = anchor - x / axis.scale;
      axis.clamp();
    },
    fit() {
      axis.scale = axis.least();
      axis.scroll = 0;
      axis.clamp();
    },
    pan(columns) {
      axis.scroll += columns;
      axis.clamp();
    },
    reveal(column) {
      const margin = Math.min(2, axis.onScreen() / 4);
      if (column < axis.scroll + margin) axis.scroll = column - margin;
      else if (column + 1 > axis.scroll + axis.onScreen() - margin)
        axis.scroll = column + 1 + margin - axis.onScreen();
      axis.clamp();
    },
  };
  return axis;
}

const secondsOf = (samples) => samples / RATE;

function clockText(seconds) {
  const minutes = Math.floor(seconds / 60);
  return `${minutes}:${(seconds - 60 * minutes).toFixed(2).padStart(5, "0")}`;
}
