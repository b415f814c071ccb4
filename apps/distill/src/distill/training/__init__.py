"""From a folder of sounds to a model: corpus, three stages, checkpoints."""
