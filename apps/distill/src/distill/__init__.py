"""Sound as a short table of residual codes: audio -> models -> inference -> ui.

`training` makes models, `evaluation` measures them, `commands` is what the `distill` command
runs, `shipped` holds the model and the sounds that come with it.
"""
