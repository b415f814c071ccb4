"""From a prompt to picture files: models, settings inside the PNG, preview in the terminal."""
