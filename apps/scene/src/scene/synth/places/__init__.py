"""One module per place: each paints a stage. ``PLACES`` finds them by name."""

from scene.synth.places.castle import castle
from scene.synth.places.cave import cave
from scene.synth.places.city import city
from scene.synth.places.desert import desert
from scene.synth.places.forest import forest
from scene.synth.places.lake import lake
from scene.synth.places.lighthouse import lighthouse
from scene.synth.places.mountains import mountains
from scene.synth.places.ruins import ruins
from scene.synth.places.sea import sea
from scene.synth.places.snowfield import snowfield
from scene.synth.places.swamp import swamp
from scene.synth.places.tavern import tavern
from scene.synth.places.village import village

PLACES = {
    "castle": castle,
    "cave": cave,
    "city": city,
    "desert": desert,
    "forest": forest,
    "lake": lake,
    "lighthouse": lighthouse,
    "mountains": mountains,
    "ruins": ruins,
    "sea": sea,
    "snowfield": snowfield,
    "swamp": swamp,
    "tavern": tavern,
    "village": village,
}

__all__ = ["PLACES"]
