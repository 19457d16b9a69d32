#include "workers/motion/move.h"

#include "workers/common/paint.h"
#include "workers/common/words.h"

#include <math.h>
#include <stddef.h>

struct vocabulary {
	int value;
	const char *words;
};

static const struct vocabulary camera_words[] = {
	{CAMERA_ZOOM_IN, "zoom in|zooms in|zooming in|zoom into|zoom|push in|pushes in|close "
			 "up|closer|приближ*|наезд*"},
	{CAMERA_ZOOM_OUT,
	 "zoom out|zooms out|zooming out|pull back|pulls back|pull out|wider|отдал*|отъезд*"},
	{CAMERA_PAN_LEFT, "pan left|pans left|panning left|pan to the left|move left|влево|налево"},
	{CAMERA_PAN_RIGHT, "pan right|pans right|panning right|pan to the right|pan|panning|move "
			   "right|вправо|направо"},
	{CAMERA_TILT_UP, "tilt up|tilts up|tilting up|tilt|pan up|crane up|rise up|вверх"},
	{CAMERA_TILT_DOWN, "tilt down|tilts down|tilting down|pan down|crane down|вниз"},
	{CAMERA_DOLLY_IN,
	 "dolly in|dolly forward|dolly|track in|fly through|fly into|forward|вперёд|вперед"},
	{CAMERA_DOLLY_OUT, "dolly out|dolly back|dolly backward|track out|backward*|назад"},
	{CAMERA_ORBIT_LEFT, "orbit left|orbits left|counterclockwise"},
	{CAMERA_ORBIT_RIGHT, "orbit right|orbits right|camera orbits|orbit around|orbiting|circle "
			     "around|rotate around|вокруг"},
	{CAMERA_ROLL_LEFT, "roll left|rolls left|dutch angle"},
	{CAMERA_ROLL_RIGHT, "roll right|rolls right|barrel roll|camera roll"},
	{CAMERA_STATIC, "static|static shot|still camera|locked off|fixed camera|no camera "
			"movement|tripod|неподвижн*"},
};

static const struct vocabulary environment_words[] = {
	{ENVIRONMENT_RAIN, "rain*|drizzle|downpour|thunderstorm*|дожд*|ливень"},
	{ENVIRONMENT_SNOW, "snow*|blizzard|snowflake*|winter*|снег*|снеж*|метел*|зим*"},
	{ENVIRONMENT_FOG, "fog*|mist*|haze|hazy|smoke|steam|туман*|дым*"},
	{ENVIRONMENT_DUST,
	 "dust*|ember*|spark*|firefl*|pollen|sand storm|sandstorm|magic*|пыль|искр*"},
	{ENVIRONMENT_LIGHT_RAYS,
	 "light ray*|light rays|sunbeam*|sunray*|god ray*|rays of light|sun rays|лучи"},
};

static const struct vocabulary subject_words[] = {
	{SUBJECT_SWAY, "sway*|swing*|danc*|wav*|wind|windy|кача*|танц*"},
	{SUBJECT_BREATHE, "breath*|alive|come to life|gentle motion|дыш*|ожив*"},
	{SUBJECT_BOUNCE, "bounc*|jump*|hop|hops|hopping|прыг*"},
	{SUBJECT_FLOAT, "float*|hover*|levitat*|drift*|fly|flying|swim*|пар*т|лета*|лет*т"},
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* The entry whose words stand first; of two at the same place the longer, so that "pan left" is not
 * "pan". */
static int first_of(const char *folded, const struct vocabulary *words, size_t count,
		    const char *unwanted)
{
	int value = 0, first = -1, last_len = 0;

	for (size_t i = 0; i < count; i++) {
		int len = 0, at = words_find_longest(folded, words[i].words, &len);

		if (at < 0 || words_have(unwanted, words[i].words))
			continue;
		if (first < 0 || at < first || (at == first && len > last_len)) {
			first = at;
			last_len = len;
			value = words[i].value;
		}
	}
	return value;
}

enum camera move_from_words(const char *folded)
{
	return (enum camera)first_of(folded, camera_words, COUNT(camera_words), "");
}

enum environment environment_from_words(const char *folded, const char *unwanted)
{
	return (enum environment)first_of(folded, environment_words, COUNT(environment_words),
					  unwanted);
}

enum subject subject_from_words(const char *folded)
{
	return (enum subject)first_of(folded, subject_words, COUNT(subject_words), "");
}

/*
 * Each move is a straight way between two poses, but for the arc of an orbit.
 * zoom is what is added to 1; a pan needs some to have where to go.
 */
struct path {
	double x0, x1, y0, y1, zoom0, zoom1, roll; /* roll: degrees, from -roll to +roll */
	double arc;                                /* how far y bows, 0 for straight */
};

static const struct path paths[] = {
	[CAMERA_NONE] = {-0.15, 0.15, 0.05, -0.05, 0.02, 0.11, 0, 0},
	[CAMERA_STATIC] = {0, 0, 0, 0, 0, 0, 0, 0},
	[CAMERA_PAN_LEFT] = {1, -1, 0, 0, 0.16, 0.16, 0, 0},
	[CAMERA_PAN_RIGHT] = {-1, 1, 0, 0, 0.16, 0.16, 0, 0},
	[CAMERA_TILT_UP] = {0, 0, 1, -1, 0.16, 0.16, 0, 0},
	[CAMERA_TILT_DOWN] = {0, 0, -1, 1, 0.16, 0.16, 0, 0},
	[CAMERA_ZOOM_IN] = {0, 0, 0, 0, 0, 0.24, 0, 0},
	[CAMERA_ZOOM_OUT] = {0, 0, 0, 0, 0.24, 0, 0, 0},
	[CAMERA_DOLLY_IN] = {0, 0, 0, 0.25, 0, 0.36, 0, 0},
	[CAMERA_DOLLY_OUT] = {0, 0, 0.25, 0, 0.36, 0, 0, 0},
	[CAMERA_ORBIT_LEFT] = {0.9, -0.9, 0, 0, 0.18, 0.18, 1.5, 0.6},
	[CAMERA_ORBIT_RIGHT] = {-0.9, 0.9, 0, 0, 0.18, 0.18, -1.5, 0.6},
	/* The camera rolls, so the picture turns the other way, as it slides the other way in a
	   pan. */
	[CAMERA_ROLL_LEFT] = {0, 0, 0, 0, 0.02, 0.06, 5, 0},
	[CAMERA_ROLL_RIGHT] = {0, 0, 0, 0, 0.02, 0.06, -5, 0},
};

struct pose move_pose(enum camera move, double t, double amplitude)
{
	const struct path *path = &paths[move];
	/* Half eased: it starts and ends softly without hurrying in the middle. */
	double at = 0.4 * t + 0.6 * paint_ease(t);
	double zoom = path->zoom0 + (path->zoom1 - path->zoom0) * at;

	return (struct pose){
		.x = path->x0 + (path->x1 - path->x0) * at,
		.y = path->y0 + (path->y1 - path->y0) * at - path->arc * (sin(M_PI * at) - 0.5),
		.zoom = 1 + zoom * amplitude,
		.roll = path->roll * amplitude * (2 * at - 1) * M_PI / 180,
	};
}
