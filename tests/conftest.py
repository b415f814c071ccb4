"""What every test shares: property tests without a stop-watch, and no network or home folder."""

import os

from hypothesis import settings

# Machines differ and may be busy: a slow example is not a wrong one.
settings.register_profile("vq-lab", deadline=None, print_blob=True)
settings.load_profile("vq-lab")

# Pages under test never phone home; set before any test imports gradio.
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
os.environ["HF_HUB_OFFLINE"] = "1"
