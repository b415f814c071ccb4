"""The phrases that captions are made of: for every attribute and value, ways to say it.

``NOUNS`` fit after "with" or in a list; ``ADVERBS`` fit after a noun; ``ADJECTIVES`` before one.
"""

PLACES: dict[str, tuple[str, ...]] = {
    "forest": ("a forest", "a woodland", "a deep forest", "the woods", "a clearing in the forest"),
    "mountains": (
        *("a mountain range", "a mountain valley", "mountains", "tall mountain peaks"),
        *("a row of mountain peaks", "an alpine valley"),
    ),
    "sea": ("the sea", "the ocean", "a sea coast", "a beach by the sea", "a sandy shore"),
    "lake": ("a lake", "a mountain lake", "a lake shore", "a lake below the mountains"),
    "desert": ("a desert", "a desert with dunes", "a sandy desert", "a sea of sand dunes"),
    "snowfield": ("a snowfield", "a snowy plain", "a field of snow", "a frozen land", "the tundra"),
    "swamp": ("a swamp", "a marsh", "a bog", "a murky swamp", "the wetlands"),
    "village": (
        *("a village", "a small village", "a medieval village", "a village with cottages"),
        *("a hamlet with timbered houses", "a village with a church"),
    ),
    "castle": (
        *("a castle on a hill", "a medieval castle on a hilltop", "a castle on a hilltop"),
        *("a fortress on a hill", "an old castle", "a castle with towers", "a medieval castle"),
    ),
    "ruins": (
        *("ruins", "ancient ruins", "a ruined temple", "the broken columns of a temple"),
        *("the ruins of a temple", "overgrown ruins"),
    ),
    "lighthouse": (
        *(
            "a lighthouse",
            "a lighthouse on a cliff",
            "a tall lighthouse",
            "a lighthouse by the sea",
        ),
        "a lighthouse on a rocky coast",
    ),
    "city": (
        *("a city skyline", "the skyline of a city", "a city by the river"),
        *("a city with tall towers", "skyscrapers by the river"),
    ),
    "cave": (
        *("a cave entrance with glowing crystals", "a cave with glowing crystals"),
        *("a crystal cave", "the mouth of a cave with shining crystals"),
        *("a cavern full of crystals", "a cave entrance with crystals"),
    ),
    "tavern": (
        *("a tavern interior with a roaring fireplace", "a tavern with a fireplace"),
        *("an inn with a fire in the fireplace", "a tavern interior with a warm fire"),
        *("the inside of a tavern with a blazing hearth", "a tavern with a crackling fire"),
    ),
}

ADJECTIVES: dict[tuple[str, str], tuple[str, ...]] = {
    ("mood", "natural"): ("quiet", "peaceful", "lonely", "calm", "tranquil", "serene"),
    ("mood", "warm"): ("warm", "golden", "amber"),
    ("mood", "cold"): ("cold", "chilly", "bleak", "frosty", "blue"),
    ("mood", "eerie"): ("eerie", "haunted", "ghostly", "sinister", "spooky", "green"),
    ("mood", "dreamy"): ("dreamy", "magical", "enchanted", "purple", "violet"),
    ("time", "day"): ("sunny", "bright"),
    ("time", "night"): ("dark", "moody dark"),
    ("time", "storm"): ("stormy", "storm-swept"),
    ("place", "tavern"): ("cozy", "snug", "rustic", "welcoming", "cosy", "old"),
    ("place", "cave"): ("mysterious", "hidden", "deep", "secret", "dark"),
}
CRYSTALS: dict[str, tuple[str, ...]] = {
    "warm": ("amber", "golden", "orange"),
    "cold": ("blue", "icy blue", "sapphire"),
    "eerie": ("green", "emerald", "jade"),
    "dreamy": ("purple", "violet", "amethyst"),
}

ADVERBS: dict[tuple[str, str], tuple[str, ...]] = {
    ("time", "dawn"): ("at dawn", "at daybreak", "in the early morning", "at sunrise"),
    ("time", "day"): ("by day", "in daylight", "at noon", "in the daytime"),
    ("time", "sunset"): ("at sunset", "at dusk", "in the evening", "at sundown", "at twilight"),
    ("time", "night"): ("at night", "by night", "in the dark of night", "at midnight"),
    ("time", "storm"): ("in a storm", "during a thunderstorm", "under storm clouds"),
    ("weather", "clear"): ("under a clear sky", "in clear weather"),
    ("weather", "rain"): ("in the rain", "in pouring rain", "on a rainy day"),
    ("weather", "snow"): ("in falling snow", "while it snows", "in a snowfall"),
    ("weather", "fog"): ("in the fog", "in thick fog", "wrapped in mist", "shrouded in mist"),
    ("celestial", "sun"): ("under the sun", "in sunlight", "in bright sunshine"),
    ("celestial", "full moon"): (
        *("under a full moon", "in moonlight", "bathed in moonlight", "by moonlight"),
        "lit by the full moon",
    ),
    ("celestial", "crescent moon"): ("under a crescent moon", "under a sickle moon"),
    ("celestial", "stars"): ("under the stars", "under a starry sky", "beneath the stars"),
    ("celestial", "lightning"): ("struck by lightning", "lit by lightning"),
}

NOUNS: dict[tuple[str, str], tuple[str, ...]] = {
    ("trees", "pines"): ("pine trees", "pines", "fir trees", "tall pines", "evergreens"),
    ("trees", "oaks"): ("oak trees", "oaks", "leafy trees", "broad green trees", "old oaks"),
    ("trees", "twisted trees"): (
        *("twisted trees", "gnarled trees", "crooked trees", "bare twisted trees", "dead trees"),
    ),
    ("trees", "palms"): ("palm trees", "palms", "tall palms"),
    ("foreground", "path"): ("a winding path", "a path", "a trail", "a dirt road"),
    ("foreground", "rocks"): ("rocks in front", "boulders", "rocks", "big stones"),
    ("foreground", "flowers"): ("flowers", "wild flowers", "blooming flowers"),
    ("foreground", "fence"): ("a wooden fence", "a fence", "an old fence"),
    ("foreground", "campfire"): ("a campfire", "a burning campfire", "a small fire in front"),
    ("foreground", "signpost"): ("a signpost", "a wooden sign", "an old signpost"),
    ("foreground", "boat"): ("a boat", "a rowing boat", "a small wooden boat"),
    ("foreground", "gravestones"): ("gravestones", "old graves", "tombstones", "a graveyard"),
    ("foreground", "barrels"): ("barrels", "wooden barrels", "a stack of barrels"),
    ("foreground", "table"): ("a wooden table", "a table with mugs", "a table and stools"),
    ("weather", "rain"): ("heavy rain", "rain falling", "rain"),
    ("weather", "snow"): ("snow falling", "falling snowflakes", "snowflakes"),
    ("weather", "fog"): ("fog", "thick mist", "drifting mist"),
    ("celestial", "sun"): ("the sun in the sky", "a bright sun", "sunlight"),
    ("celestial", "full moon"): ("a full moon", "moonlight", "a big round moon", "moonbeams"),
    ("celestial", "crescent moon"): ("a crescent moon", "a thin crescent moon", "a sickle moon"),
    ("celestial", "stars"): ("stars in the sky", "many stars", "twinkling stars"),
    ("celestial", "lightning"): ("lightning", "a flash of lightning", "a lightning bolt"),
}
FILTERING = {
    "sun": ("sunlight filtering through", "sunbeams filtering through"),
    "full moon": ("moonlight filtering through", "moonbeams shining through"),
    "crescent moon": ("moonlight filtering through",),
}
