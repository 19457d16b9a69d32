/*
 * The words for motion that clients send and the motion worker obeys: camera
 * moves, environmental effects and subject animations. The dialect checks with
 * the same tables that the worker reads, so nothing is accepted and then ignored.
 */
#ifndef KN_MOTION_TERMS_H
#define KN_MOTION_TERMS_H

#include <stdbool.h>

/* Value and the name to show. Read leniently: case, parentheses and dashes do not matter. */
#define CAMERA_TABLE(X)                        \
	X(CAMERA_NONE, "None")                 \
	X(CAMERA_STATIC, "Static")             \
	X(CAMERA_PAN_LEFT, "Pan (left)")       \
	X(CAMERA_PAN_RIGHT, "Pan (right)")     \
	X(CAMERA_TILT_UP, "Tilt (up)")         \
	X(CAMERA_TILT_DOWN, "Tilt (down)")     \
	X(CAMERA_ZOOM_IN, "Zoom (in)")         \
	X(CAMERA_ZOOM_OUT, "Zoom (out)")       \
	X(CAMERA_DOLLY_IN, "Dolly (in)")       \
	X(CAMERA_DOLLY_OUT, "Dolly (out)")     \
	X(CAMERA_ORBIT_LEFT, "Orbit (left)")   \
	X(CAMERA_ORBIT_RIGHT, "Orbit (right)") \
	X(CAMERA_ROLL_LEFT, "Roll (left)")     \
	X(CAMERA_ROLL_RIGHT, "Roll (right)")

#define ENVIRONMENT_TABLE(X)        \
	X(ENVIRONMENT_NONE, "None") \
	X(ENVIRONMENT_RAIN, "Rain") \
	X(ENVIRONMENT_SNOW, "Snow") \
	X(ENVIRONMENT_FOG, "Fog")   \
	X(ENVIRONMENT_DUST, "Dust") \
	X(ENVIRONMENT_LIGHT_RAYS, "Light rays")

#define SUBJECT_TABLE(X)              \
	X(SUBJECT_NONE, "None")       \
	X(SUBJECT_SWAY, "Sway")       \
	X(SUBJECT_BREATHE, "Breathe") \
	X(SUBJECT_BOUNCE, "Bounce")   \
	X(SUBJECT_FLOAT, "Float")

/* NONE asks for nothing: the prompt's words decide. CAMERA_STATIC asks for a camera that stands still. */
enum camera {
	CAMERA_NONE,
	CAMERA_STATIC,
	CAMERA_PAN_LEFT,
	CAMERA_PAN_RIGHT,
	CAMERA_TILT_UP,
	CAMERA_TILT_DOWN,
	CAMERA_ZOOM_IN,
	CAMERA_ZOOM_OUT,
	CAMERA_DOLLY_IN,
	CAMERA_DOLLY_OUT,
	CAMERA_ORBIT_LEFT,
	CAMERA_ORBIT_RIGHT,
	CAMERA_ROLL_LEFT,
	CAMERA_ROLL_RIGHT,
};

enum environment {
	ENVIRONMENT_NONE,
	ENVIRONMENT_RAIN,
	ENVIRONMENT_SNOW,
	ENVIRONMENT_FOG,
	ENVIRONMENT_DUST,
	ENVIRONMENT_LIGHT_RAYS,
};

enum subject { SUBJECT_NONE, SUBJECT_SWAY, SUBJECT_BREATHE, SUBJECT_BOUNCE, SUBJECT_FLOAT };

/* False for a word that is not in the table; *out is then untouched. The empty text is none. */
bool camera_parse(const char *text, enum camera *out);
bool environment_parse(const char *text, enum environment *out);
bool subject_parse(const char *text, enum subject *out);

/* The table's names, "None, Static, Pan (left), …", for error texts. Static. */
const char *camera_names(void);
const char *environment_names(void);
const char *subject_names(void);

#endif
