"""The tabs of the page, in order: each builds one `gr.HTML` from its assets and handlers."""

from distill.ui.tabs.codes import build_codes_tab
from distill.ui.tabs.generate import build_generate_tab
from distill.ui.tabs.models import build_models_tab
from distill.ui.tabs.train import build_train_tab

TABS = {
    "Codes": build_codes_tab,
    "Generate": build_generate_tab,
    "Train": build_train_tab,
    "Models": build_models_tab,
}
