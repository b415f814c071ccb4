// What is shown and how it is heard: the state of the instrument, and what follows from it.

function createView() {
  const listening = matchMedia("(prefers-reduced-motion: reduce)");
  return {
    axis: createTimeline(),
    model: null, clip: null,
    cursor: null, // { level, col }
    anchor: null, // where Shift + arrows started
    selection: null, // { c0, c1, l0, l1 }, ends exclusive
    hover: null, found: null,
    tool: "select", brush: [],
    ab: "decoded", muted: new Set(), solo: null, upto: null,
    looping: false, playing: false,
    colourMode: "likeness", dark: false,
    counts: null, picture: null, overviewCache: null,
    get calm() { return listening.matches; },
    get wholeTrack() { return `m:${2 ** this.clip.levels - 1}`; },
    // The name of what plays on the codes' side: a mask of levels, or what one level adds.
    get track() {
      if (this.solo !== null) return `d:${this.solo}`;
      let mask = 0;
      for (let level = 0; level < this.clip.levels; level++) if (!this.silent(level)) mask += 2 ** level;
      return `m:${mask}`;
    },
    silent(level) {
      if (this.solo !== null) return level !== this.solo;
      return this.muted.has(level) || (this.upto !== null && level > this.upto);
    },
    colourOf(level, code) {
      const { model, colourMode } = this;
      return colourMode === "likeness" ? model.palette[level][code] : model.tab20[code % 20];
    },
    inkOf(level, code) {
      const { model, colourMode } = this;
      const inks = colourMode === "likeness" ? model.inks[level][code] : model.tab20Inks[code % 20];
      return inks === "1" ? "#ffffff" : "#000000";
    },
  };
}

function readModel(sent) {
  return {
    ...sent,
    rank: sent.order.map((order) => {
      const rank = [];
      order.forEach((code, place) => (rank[code] = place));
      return rank;
    }),
  };
}

function readClip(sent) {
  return {
    id: sent.id, source: sent.source, name: sent.name, facts: sent.facts, original: sent.original,
    columns: sent.columns, levels: sent.levels, samples: sent.samples, columnSamples: sent.column_samples,
    labels: sent.labels, revision: sent.revision, canUndo: sent.can_undo, canRedo: sent.can_redo,
    codes: int16Of(sent.codes), outline: int8Of(sent.outline), outlineSamples: sent.outline_samples,
    gain: sent.gain, modelId: sent.model, drawn: 0, pending: 0,
  };
}
