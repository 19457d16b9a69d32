#include "workers/text-to-video/language.h"

#include "workers/common/words.h"

#include <stdlib.h>
#include <string.h>
#include <unictype.h>
#include <unistr.h>

#define NOTO "Noto Sans"

/* clang-format off */
/* Rows of a script stand together; the last of them is what is taken when nothing tells. */
static const struct language languages[] = {
	{"Latin", "ß", "de", NOTO, WORDS_BY_SPACE,
	 "der|die|das|und|ist|ein|eine|einen|einem|einer|den|dem|des|im|in|zu|zum|zur|nicht|mit|auf|für|von|vom|sich|sie|er|es|wir|ich|"
	 "du|ihr|aber|als|auch|war|waren|wird|hat|hatte|so|wie|wenn|nur|noch|über|aus|bei|nach|dann|sein|seine|ihre|durch|an|am"},
	{"Latin", "œ", "fr", NOTO, WORDS_BY_SPACE,
	 "le|la|les|un|une|des|du|de|et|est|dans|que|qui|il|elle|ils|elles|nous|vous|je|tu|ne|pas|pour|par|sur|avec|au|aux|ce|cette|ces|"
	 "son|sa|ses|mais|ou|où|plus|comme|était|sont|se|en|leur|tout|tous|très|d|l|s|n|qu|c"},
	{"Latin", "ñ¿¡", "es", NOTO, WORDS_BY_SPACE,
	 "el|la|los|las|un|una|unos|unas|y|es|en|que|de|del|al|se|no|por|con|para|su|sus|lo|como|más|pero|era|fue|son|muy|sobre|entre|"
	 "cuando|ya|le|les|él|ella|yo|tú|nos|mi|este|esta|ese|esa|había|hay|todo|sin"},
	{"Latin", NULL, "it", NOTO, WORDS_BY_SPACE,
	 "il|lo|la|i|gli|le|un|uno|una|e|è|di|del|della|dei|delle|che|non|per|con|nel|nella|sul|sulla|da|dal|dalla|al|alla|si|ma|come|"
	 "era|sono|suo|sua|più|questo|questa|anche|ha|aveva|quando|molto|io|tu|lui|lei|ogni"},
	{"Latin", "ãõ", "pt-br", NOTO, WORDS_BY_SPACE,
	 "o|a|os|as|um|uma|e|é|de|do|da|dos|das|em|no|na|nos|nas|que|não|por|com|para|seu|sua|se|mas|como|mais|era|foi|são|ao|à|ele|ela|"
	 "eu|muito|quando|este|esta|isso|havia|sobre|entre|já"},
	{"Latin", NULL, "en-us", NOTO, WORDS_BY_SPACE,
	 "a|an|the|and|or|but|if|then|so|of|to|in|on|at|by|for|from|with|without|into|onto|over|under|about|after|before|through|up|down|"
	 "out|off|as|is|are|was|were|be|been|being|am|do|does|did|done|has|have|had|will|would|can|could|shall|should|may|might|must|"
	 "not|no|nor|it|its|he|him|his|she|her|hers|they|them|their|theirs|we|us|our|you|your|i|me|my|mine|this|that|these|those|there|"
	 "here|who|whom|whose|which|what|when|where|why|how|all|any|each|every|some|one|two|once|upon|just|only|very|too|also|than|"
	 "s|t|d|ll|re|ve|m|more|most|much|many|such|own|same|other|another|again|ever|never|always|still|while|until|because|like|"
	 "went|came|go|come|said|say|says|made|make|get|got|let|now|even|yet|back|away|around|between|toward|towards|it's|don't"},
	{"Cyrillic", "іїєґ", "uk", NOTO, WORDS_BY_SPACE,
	 "і|й|та|в|у|на|не|що|як|з|із|до|за|це|він|вона|вони|ми|ви|я|ти|його|її|їх|але|був|була|були|для|від|про|коли|так|по|а|бо|чи|ще"},
	{"Cyrillic", "ў", "be", NOTO, WORDS_BY_SPACE, ""},
	{"Cyrillic", NULL, "ru", NOTO, WORDS_BY_SPACE,
	 "и|в|во|не|что|он|на|я|с|со|как|а|то|все|она|так|его|но|да|ты|к|у|же|вы|за|бы|по|только|ее|её|мне|было|вот|от|меня|еще|ещё|нет|"
	 "о|из|ему|когда|даже|ну|ли|если|уже|или|ни|быть|был|была|были|него|до|вас|они|тут|где|есть|для|мы|тебя|их|чем|сам|чтоб|без|"
	 "будто|раз|тоже|себе|под|будет|тогда|кто|этот|того|потому|этого|какой|ним|здесь|этом|один|при|над|об|про|это|эта|эти|свой|своей"},
	{"Arabic", "ٹڈںے", "ur", "Noto Sans Arabic", WORDS_BY_SPACE, ""},
	{"Arabic", "پچژگ", "fa", "Noto Sans Arabic", WORDS_BY_SPACE, "و|در|به|از|که|این|را|با|است|آن|برای|یک|بود|هم|تا|بر"},
	{"Arabic", NULL, "ar", "Noto Sans Arabic", WORDS_BY_SPACE,
	 "في|من|على|إلى|عن|أن|إن|هذا|هذه|كان|كانت|التي|الذي|ما|لا|و|هو|هي|مع|كل|بعد|قبل|ثم|أو|قد|لم|لن|ذلك|بين"},
	{"Hebrew", NULL, "he", "Noto Sans Hebrew", WORDS_BY_SPACE, "של|את|על|לא|הוא|היא|זה|עם|כי|גם|אבל|היה|הם|אל|או|כל"},
	{"Greek", NULL, "el", NOTO, WORDS_BY_SPACE, "ο|η|το|οι|τα|και|να|σε|με|του|της|των|τον|την|για|από|που|δεν|ένα|μια|στο|στη|στην"},
	{"Devanagari", NULL, "hi", "Noto Sans Devanagari", WORDS_BY_SPACE, "और|का|की|के|है|में|से|को|पर|यह|वह|एक|था|थी|थे|ने|हैं|भी|नहीं"},
	{"Bengali", NULL, "bn", "Noto Sans Bengali", WORDS_BY_SPACE, ""},
	{"Gujarati", NULL, "gu", "Noto Sans Gujarati", WORDS_BY_SPACE, ""},
	{"Gurmukhi", NULL, "pa", "Noto Sans Gurmukhi", WORDS_BY_SPACE, ""},
	{"Tamil", NULL, "ta", "Noto Sans Tamil", WORDS_BY_SPACE, ""},
	{"Telugu", NULL, "te", "Noto Sans Telugu", WORDS_BY_SPACE, ""},
	{"Kannada", NULL, "kn", "Noto Sans Kannada", WORDS_BY_SPACE, ""},
	{"Malayalam", NULL, "ml", "Noto Sans Malayalam", WORDS_BY_SPACE, ""},
	{"Sinhala", NULL, "si", "Noto Sans Sinhala", WORDS_BY_SPACE, ""},
	{"Georgian", NULL, "ka", "Noto Sans Georgian", WORDS_BY_SPACE, ""},
	{"Armenian", NULL, "hy", "Noto Sans Armenian", WORDS_BY_SPACE, ""},
	{"Ethiopic", NULL, "am", "Noto Sans Ethiopic", WORDS_BY_SPACE, ""},
	{"Thai", NULL, "th", "Noto Sans Thai", WORDS_BY_BREAK, ""},
	{"Myanmar", NULL, "my", "Noto Sans Myanmar", WORDS_BY_BREAK, ""},
	{"Hangul", NULL, "ko", "Noto Sans CJK KR", WORDS_BY_SPACE, "그|이|저|그리고|하지만|있는|있다|했다|것|수|등|더"},
	{"Hiragana", NULL, "ja", "Noto Sans CJK JP", WORDS_BY_KANA, ""},
	{"Katakana", NULL, "ja", "Noto Sans CJK JP", WORDS_BY_KANA, ""},
	{"Han", NULL, "cmn", "Noto Sans CJK SC", WORDS_BY_BREAK, "的|了|是|在|座|位|只|条|从前|他|她|它|我|你|们|这|那|一|个|有|不|就|也|都|着|过|很|里|上|下|到|与|把|被|从|又|说|地|得|之|而"},
};
/* clang-format on */

enum {
	COUNT = sizeof(languages) / sizeof(languages[0]),
	KANA_SHARE = 12, /* a text is Japanese if one of so many of its letters is kana */
	SAMPLE = 2000,   /* bytes whose words tell the language */
};

static const struct language *latin(void)
{
	return language_by_voice("en-us");
}

static void count_scripts(const char *text, size_t counts[COUNT])
{
	const uint8_t *at = (const uint8_t *)text;
	ucs4_t c;

	while ((at = u8_next(&c, at)) != NULL) {
		const uc_script_t *script;

		if (!uc_is_general_category(c, UC_CATEGORY_L))
			continue;
		script = uc_script(c);
		for (size_t i = 0; script && i < COUNT; i++)
			if (!strcmp(languages[i].script, script->name)) {
				counts[i]++;
				break;
			}
	}
}

static bool has_mark(const char *text, const char *marks)
{
	return marks && u8_strpbrk((const uint8_t *)text, (const uint8_t *)marks);
}

/* How many words of a folded text are among the alternatives. */
static size_t count_words(const char *folded, const char *alternatives)
{
	size_t count = 0;
	int at, len;

	while (*alternatives && (at = words_find_longest(folded, alternatives, &len)) >= 0) {
		count++;
		/* The space after a word is the one before the next. */
		folded += at + 1;
	}
	return count;
}

/* Of the rows with the script of `first`: the one whose common words are most frequent, if that is
 * clear; else by letters; else the last. */
static const struct language *among(const struct language *first, const char *text)
{
	const struct language *end = languages + COUNT, *best = NULL, *row;
	char *sample = strndup(text, SAMPLE), *folded = sample ? words_fold(sample) : NULL;
	size_t most = 0, last = 0;

	for (row = first; row < end && !strcmp(row->script, first->script); row++) {
		last = folded ? count_words(folded, row->stop) : 0;
		if (last > most) {
			most = last;
			best = row;
		}
	}
	free(folded);
	free(sample);
	if (most > 2 && most > last + last / 4)
		return best;
	for (; first + 1 < row; first++)
		if (has_mark(text, first->marks))
			return first;
	return first;
}

const struct language *language_of(const char *text)
{
	size_t counts[COUNT] = {0}, most = 0, kana = 0, han = 0;
	const struct language *found = NULL;

	count_scripts(text, counts);
	for (size_t i = 0; i < COUNT; i++) {
		if (languages[i].rule == WORDS_BY_KANA)
			kana += counts[i];
		else if (!strcmp(languages[i].script, "Han"))
			han += counts[i];
		if (counts[i] > most) {
			most = counts[i];
			found = &languages[i];
		}
	}
	if (kana && kana + han > most / 2 && kana * KANA_SHARE > han)
		return language_by_voice("ja");
	return found ? among(found, text) : latin();
}

const struct language *language_by_voice(const char *voice)
{
	size_t len = strcspn(voice, "-_");

	for (size_t i = 0; i < COUNT; i++)
		if (!strcmp(languages[i].voice, voice))
			return &languages[i];
	for (size_t i = 0; i < COUNT; i++)
		if (strcspn(languages[i].voice, "-") == len &&
		    !strncmp(languages[i].voice, voice, len))
			return &languages[i];
	return NULL;
}
