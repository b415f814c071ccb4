"""The live trainer: one worker thread owns the device; everyone else sends commands and reads snapshots.

Public API (all methods may be called from any thread; those that change the run return once the
worker has done it, at a chunk boundary, or at once with `wait=False`):
`start, stop, step_once, reset, set_hyper, set_speed_limit, snapshot, timeline, kmeans_now,
restart_dead_now, move_code, kill_code, reseed_code, encode_image, decode_point, decode_codes,
save, load, close`, and the contract names `train_step`, `.state`, `.model`, `.params`.

    Trainer(state=None, latent_dim=2, num_codes=16, num_levels=2, learning_rate=1e-3,
            batch_size=64, **settings)      # any field of RunConfig and Hyper
    start(wait=True), stop(wait=True)
    step_once(steps=1)                      # pauses, then makes exactly `steps` steps
    reset(**settings)                       # new generation at step 0; RunConfig and Hyper fields
    set_hyper(**knobs) -> Hyper             # live, within one dispatch; ValueError on bad values
    set_speed_limit(steps_per_second | None)
    snapshot() -> Snapshot                  # newest immutable snapshot; never blocks
    timeline() -> tuple[View, ...]          # at most 240 views, evenly thinned over the run
    kmeans_now(), restart_dead_now() -> int
    move_code(level, code, position), kill_code(level, code), reseed_code(level, code)
        # level 1-based, code 0-based, position (D,)
    encode_image(image) -> Encoding         # (28, 28) uint8 or float in [0, 1]
    decode_point(z) -> (28, 28) uint8       # z (D,)
    decode_codes(indices) -> (N, 28, 28) uint8   # indices (N, L'), L' <= L
    save(folder) ; load(folder)             # run folder of safetensors + JSON
    close()
"""
