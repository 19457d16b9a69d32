#include "workers/common/palette.h"

#include "workers/common/rng.h"
#include "workers/common/words.h"

#include <stdlib.h>

/* The vocabulary. English and Russian; '*' stands for any ending. The first word in the prompt
 * wins. */
static const struct palette palettes[] = {
	{"sunset",
	 true,
	 "sunset*|dusk|evening|golden hour|twilight|закат*|вечер*|сумерк*",
	 {0x2b1b4d, 0xc2476b, 0xffb35c},
	 0x8c3a66,
	 0x24133a,
	 0xffe3a6,
	 0xff8a4c,
	 0xfff4e2},
	{"dawn",
	 true,
	 "dawn|sunrise*|morning|mist*|fog*|рассвет*|утр*|туман*",
	 {0x5a7bb0, 0xc9b8d4, 0xffdcc2},
	 0x8793bd,
	 0x3d4a78,
	 0xfff6da,
	 0xffa98f,
	 0xffffff},
	{"ocean",
	 false,
	 "ocean*|sea|seas|beach*|wave*|underwater|water*|lake*|river*|whale*|dolphin*|fish*|"
	 "ship*|boat*|sail*|blue|море|моря|океан*|волн*|вод*|рек*|озер*",
	 {0x06345e, 0x1479a8, 0x8fdbe0},
	 0x1b88ad,
	 0x063a63,
	 0xe8fbff,
	 0x4fe3d0,
	 0xf4fdff},
	{"forest",
	 false,
	 "forest*|tree*|jungle*|wood*|garden*|meadow*|field*|grass*|leaf|leaves|nature|green|"
	 "лес*|дерев*|сад*|джунгл*|трав*|природ*",
	 {0x0f3b36, 0x4c8c61, 0xdff0b0},
	 0x4f8f66,
	 0x0c2f2a,
	 0xfbf7c8,
	 0xa7e05f,
	 0xf8fff0},
	{"night",
	 true,
	 "night*|moon*|midnight|dark*|ноч*|лун*|тьм*|темн*",
	 {0x050a24, 0x16275a, 0x3f5b97},
	 0x1d2f66,
	 0x070d26,
	 0xf3f1dc,
	 0x8fb4ff,
	 0xf2f6ff},
	{"space",
	 false,
	 "space*|star|stars|starry|galax*|cosm*|planet*|nebula*|universe|astronaut*|rocket*|orbit*|"
	 "космо*|звезд*|галакт*|планет*|вселен*",
	 {0x07061a, 0x2a1459, 0x6b2d8a},
	 0x3a1c6e,
	 0x0b0824,
	 0xfff2ff,
	 0xff6fd8,
	 0xf8f2ff},
	{"neon",
	 true,
	 "neon*|cyber*|futurist*|city*|cities|synthwave|retro*|robot*|techno*|digital*|arcade*|"
	 "disco*|"
	 "purple|город*|неон*|кибер*|робот*|футурист*",
	 {0x0b0630, 0x3b0f73, 0xe0368c},
	 0x4a1a8c,
	 0x0d0a2e,
	 0x3df5ff,
	 0xff3df0,
	 0xf4f0ff},
	{"fire",
	 false,
	 "fire*|flame*|lava|volcan*|burn*|explosion*|dragon*|phoenix|red|hell|огон*|огн*|пламя|лав*"
	 "|"
	 "вулкан*|дракон*",
	 {0x1c0508, 0x8c1c13, 0xff8a1f},
	 0x7a1a14,
	 0x1a0507,
	 0xffe08a,
	 0xff5a1f,
	 0xfff3e0},
	{"snow",
	 true,
	 "snow*|winter*|ice|icy|frost*|frozen|arctic|glacier*|polar|christmas|снег*|снеж*|зим*|лед|"
	 "льд*|"
	 "мороз*",
	 {0x3f6d9e, 0x9dc3df, 0xeaf5fb},
	 0x8fb3d1,
	 0x41658c,
	 0xffffff,
	 0x2f7fd1,
	 0xffffff},
	{"desert",
	 false,
	 "desert*|sand*|dune*|savanna*|canyon*|egypt*|pyramid*|camel*|yellow|пустын*|песк*|песок|"
	 "дюн*",
	 {0x3f7fa6, 0xe8c08a, 0xf7e2b5},
	 0xd99a5b,
	 0x8a4b2a,
	 0xfff6d8,
	 0xe8643c,
	 0xfffaf0},
	{"blossom",
	 false,
	 "spring|flower*|blossom*|sakura|rose*|love*|pink|wedding*|romantic|весн*|цвет*|роз*|любов*"
	 "|"
	 "сакур*",
	 {0x8a5fa8, 0xe79ab8, 0xffe3e0},
	 0xc97fae,
	 0x6b3f78,
	 0xfff5f2,
	 0xff5f8f,
	 0xffffff},
	{"storm",
	 true,
	 "storm*|rain*|thunder*|lightning|cloud*|gray|grey|sad|шторм*|дожд*|гроз*|туч*|облак*",
	 {0x18222e, 0x40566b, 0x93a7b5},
	 0x3b5064,
	 0x141c26,
	 0xdfeaf2,
	 0x62b6ff,
	 0xf4f8fb},
	{"autumn",
	 true,
	 "autumn*|fall|october|pumpkin*|halloween|coffee|cozy|warm|orange|осен*|уют*|тёпл*|кофе",
	 {0x3b1f1a, 0xa4502a, 0xf2b661},
	 0x8f4524,
	 0x2c1512,
	 0xffe9b8,
	 0xffa62b,
	 0xfff6e8},
	{"gold",
	 false,
	 "gold*|luxur*|royal*|king*|queen*|castle*|magic*|temple*|crown*|treasure*|золот*|корол*|"
	 "замок|"
	 "магич*|храм*",
	 {0x14100c, 0x4a3516, 0xc79a3e},
	 0x5e441c,
	 0x120d08,
	 0xfff0bf,
	 0xffcf5a,
	 0xfff8e6},
	{"candy",
	 false,
	 "candy|sweet*|cake*|party|birthday*|child*|kid|kids|toy|toys|cat|cats|kitten*|puppy|"
	 "puppies|"
	 "happy|fun|кот*|кош*|щен*|праздник*|дет*|торт*",
	 {0x3a5bd9, 0xa86fe0, 0xff9fb8},
	 0x7a6be0,
	 0x2f2f8f,
	 0xfff7d6,
	 0xffd23f,
	 0xffffff},
	{"slate",
	 false,
	 "business|corporate|office|minimal*|modern|abstract|architect*|бизнес*|офис*",
	 {0x101820, 0x2c4356, 0x6f93a8},
	 0x33506a,
	 0x0d141b,
	 0xe8f4fa,
	 0x2fd4a7,
	 0xf6fafc},
};

enum { COUNT = sizeof(palettes) / sizeof(palettes[0]) };

const struct palette *palette_at(size_t index)
{
	return index < COUNT ? &palettes[index] : NULL;
}

const struct palette *palette_choose(const char *text, int64_t seed)
{
	const struct palette *chosen = NULL;
	char *folded = words_fold(text);
	int first = -1;
	struct rng rng;

	for (size_t i = 0; folded && i < COUNT; i++) {
		int at = words_find(folded, palettes[i].words);

		if (at < 0 || (chosen && chosen->mood && !palettes[i].mood))
			continue;
		if (first < 0 || at < first || (palettes[i].mood && !chosen->mood)) {
			first = at;
			chosen = &palettes[i];
		}
	}
	free(folded);
	if (chosen)
		return chosen;
	rng_seed(&rng, text, seed, "palette");
	return &palettes[rng_below(&rng, COUNT)];
}
