/* Furniture, tools, food, toys. */
#include "subject.h"

static const struct part chair[] = {
	BOX(MAIN, 0, 0.42f, 0, 0.23f, 0.03f, 0.22f, 0.02f),
	BOX(SECOND, 0, 0.46f, 0.01f, 0.2f, 0.03f, 0.19f, 0.028f),
	CONE(MAIN, 0.19f, 0.2f, 0.18f, 0.024f, 0.21f, 0.032f, .mirror = true),
	CONE(MAIN, 0.19f, 0.2f, -0.18f, 0.024f, 0.21f, 0.032f, .mirror = true),
	BOX(MAIN, 0.2f, 0.7f, -0.2f, 0.026f, 0.3f, 0.026f, 0.015f, .mirror = true,
	    .turn = {-6, 0, 0}),
	BOX(MAIN, 0, 0.93f, -0.225f, 0.22f, 0.06f, 0.022f, 0.02f, .turn = {-6, 0, 0}),
	BOX(MAIN, 0, 0.7f, -0.2f, 0.018f, 0.2f, 0.014f, 0.01f, .turn = {-6, 0, 0}),
	BOX(MAIN, 0.09f, 0.7f, -0.2f, 0.018f, 0.2f, 0.014f, 0.01f, .mirror = true,
	    .turn = {-6, 0, 0}),
	TUBE(MAIN, -0.19f, 0.16f, 0.18f, 0.19f, 0.16f, 0.18f, 0.015f, 0.015f),
	TUBE(MAIN, 0.19f, 0.14f, 0.18f, 0.19f, 0.14f, -0.18f, 0.015f, 0.015f, .mirror = true),
};

static const struct part throne[] = {
	BOX(MAIN, 0, 0.2f, 0, 0.28f, 0.2f, 0.26f, 0.02f),
	BOX(SECOND, 0, 0.42f, 0.03f, 0.22f, 0.05f, 0.2f, 0.045f),
	BOX(MAIN, 0, 0.68f, -0.23f, 0.28f, 0.4f, 0.05f, 0.03f),
	BOX(SECOND, 0, 0.72f, -0.19f, 0.2f, 0.26f, 0.04f, 0.035f),
	BOX(MAIN, 0.27f, 0.5f, 0, 0.05f, 0.06f, 0.25f, 0.03f, .mirror = true),
	BALL(ACCENT, 0.27f, 0.56f, 0.22f, 0.055f, .mirror = true),
	BALL(ACCENT, 0.25f, 1.1f, -0.23f, 0.06f, .mirror = true),
	PRISM(ACCENT, 4, 0, 1.14f, -0.23f, 0.12f, 0.1f, 0.01f),
	BOX(MAIN, 0, 0.04f, 0.05f, 0.36f, 0.04f, 0.36f, 0.015f),
};

static const struct part table[] = {
	BOX(MAIN, 0, 0.5f, 0, 0.5f, 0.028f, 0.3f, 0.02f),
	BOX(MAIN, 0, 0.45f, 0, 0.44f, 0.03f, 0.24f, 0.008f),
	CONE(SECOND, 0.42f, 0.23f, 0.22f, 0.024f, 0.24f, 0.038f, .mirror = true),
	CONE(SECOND, 0.42f, 0.23f, -0.22f, 0.024f, 0.24f, 0.038f, .mirror = true),
	CONE(ACCENT, 0.12f, 0.57f, 0.05f, 0.045f, 0.05f, 0.06f),
	BALL(LEAF, 0.12f, 0.68f, 0.05f, 0.08f, .rough = 0.02f, .rough_size = 0.03f),
	BOX(RED, -0.2f, 0.54f, 0.02f, 0.1f, 0.018f, 0.075f, 0.005f, .turn = {0, 20, 0}),
};

static const struct part lamp[] = {
	CONE(SECOND, 0, 0.03f, 0, 0.2f, 0.03f, 0.17f),
	TUBE(SECOND, 0, 0.04f, 0, 0, 0.6f, 0, 0.022f, 0.018f),
	BALL(SECOND, 0, 0.16f, 0, 0.055f),
	BALL(SECOND, 0, 0.3f, 0, 0.04f),
	CONE(MAIN, 0, 0.72f, 0, 0.3f, 0.19f, 0.16f),
	TORUS(ACCENT, 0, 0.535f, 0, 0.297f, 0.012f),
	TORUS(ACCENT, 0, 0.905f, 0, 0.157f, 0.01f),
	CONE(MAIN, 0, 0.53f, 0, 0.26f, 0.08f, 0.22f, .cut = true),
	BALL(GLOW, 0, 0.62f, 0, 0.08f),
	TUBE(GOLD, 0.12f, 0.4f, 0, 0.12f, 0.6f, 0, 0.005f, 0.005f),
	BALL(GOLD, 0.12f, 0.39f, 0, 0.018f),
};

static const float cup_outline[][2] = {{0, 0.02f},    {0.2f, 0.02f},  {0.26f, 0.1f},
				       {0.3f, 0.3f},  {0.31f, 0.58f}, {0.27f, 0.58f},
				       {0.26f, 0.3f}, {0.2f, 0.1f},   {0, 0.08f}};
static const struct profile cup_profile = {cup_outline, 9};
static const struct part cup[] = {
	LATHE(MAIN, 0, 0, 0, cup_profile, .round = 0.014f),
	BEND(MAIN, 0.28f, 0.48f, 0, 0.62f, 0.5f, 0, 0.5f, 0.25f, 0, 0.035f, 0.032f, .blend = 0.02f),
	BEND(MAIN, 0.5f, 0.25f, 0, 0.42f, 0.14f, 0, 0.27f, 0.16f, 0, 0.032f, 0.034f,
	     .blend = 0.02f),
	CONE(SECOND, 0, 0.48f, 0, 0.27f, 0.02f, 0.27f),
	TORUS(ACCENT, 0, 0.14f, 0, 0.285f, 0.014f),
	HEART(ACCENT, -0.02f, 0.32f, 0.305f, 0.08f, 0.02f),
};

static const float vase_outline[][2] = {
	{0, 0},         {0.15f, 0},     {0.17f, 0.03f}, {0.27f, 0.25f}, {0.29f, 0.42f},
	{0.2f, 0.62f},  {0.09f, 0.74f}, {0.09f, 0.84f}, {0.15f, 0.92f}, {0.11f, 0.92f},
	{0.06f, 0.84f}, {0.05f, 0.7f},  {0, 0.68f}};
static const struct profile vase_profile = {vase_outline, 13};
static const struct part vase[] = {
	LATHE(MAIN, 0, 0, 0, vase_profile, .round = 0.012f),
	TORUS(SECOND, 0, 0.6f, 0, 0.213f, 0.014f),
	TORUS(SECOND, 0, 0.2f, 0, 0.262f, 0.014f),
	BEND(SECOND, 0.12f, 0.8f, 0, 0.36f, 0.86f, 0, 0.235f, 0.55f, 0, 0.024f, 0.022f,
	     .mirror = true, .blend = 0.02f),
	BALL(ACCENT, 0.28f, 0.4f, 0, 0.035f, .around = 8),
};

static const float teapot_outline[][2] = {{0, 0.02f},    {0.2f, 0.02f},  {0.3f, 0.14f},
					  {0.34f, 0.3f}, {0.28f, 0.46f}, {0.16f, 0.52f},
					  {0, 0.53f}};
static const struct profile teapot_profile = {teapot_outline, 7};
static const struct part teapot[] = {
	LATHE(MAIN, 0, 0, 0, teapot_profile, .round = 0.015f),
	ELLIPSOID(MAIN, 0, 0.52f, 0, 0.15f, 0.06f, 0.15f),
	TORUS(SECOND, 0, 0.52f, 0, 0.16f, 0.016f),
	BALL(SECOND, 0, 0.61f, 0, 0.042f),
	BEND(MAIN, 0.28f, 0.2f, 0, 0.5f, 0.22f, 0, 0.55f, 0.5f, 0, 0.075f, 0.04f, .blend = 0.04f),
	BEND(MAIN, -0.28f, 0.42f, 0, -0.68f, 0.46f, 0, -0.3f, 0.14f, 0, 0.03f, 0.03f,
	     .blend = 0.03f),
	TORUS(SECOND, 0, 0.3f, 0, 0.348f, 0.012f),
};

static const float bottle_outline[][2] = {
	{0, 0},         {0.17f, 0},     {0.18f, 0.05f}, {0.18f, 0.5f},  {0.13f, 0.62f},
	{0.065f, 0.7f}, {0.06f, 0.88f}, {0.08f, 0.9f},  {0.08f, 0.95f}, {0, 0.95f}};
static const struct profile bottle_profile = {bottle_outline, 10};
static const struct part bottle[] = {
	LATHE(MAIN, 0, 0, 0, bottle_profile, .round = 0.01f),
	CONE(SECOND, 0, 0.29f, 0, 0.194f, 0.13f, 0.194f),
	CONE(WOOD, 0, 0.97f, 0, 0.055f, 0.045f, 0.06f),
	STAR(ACCENT, 5, 0, 0.29f, 0.19f, 0.08f, 0.038f, 0.014f),
};

static const struct part sword[] = {
	PRISM(STEEL, 4, 0, 0.66f, 0, 0.075f, 0.36f, 0.062f),
	PRISM(STEEL, 4, 0, 1.09f, 0, 0.062f, 0.075f, 0.003f),
	BOX(ACCENT, 0, 0.3f, 0, 0.19f, 0.028f, 0.032f, 0.02f),
	BALL(ACCENT, 0.19f, 0.3f, 0, 0.042f, .mirror = true),
	TUBE(SECOND, 0, 0.12f, 0, 0, 0.28f, 0, 0.034f, 0.03f),
	TORUS(ACCENT, 0, 0.17f, 0, 0.034f, 0.01f),
	TORUS(ACCENT, 0, 0.23f, 0, 0.033f, 0.01f),
	BALL(ACCENT, 0, 0.075f, 0, 0.058f),
	ELLIPSOID(MAIN, 0, 0.3f, 0.035f, 0.035f, 0.035f, 0.018f),
};

static const struct part shield[] = {
	PRISM(MAIN, 8, 0, 0.5f, 0, 0.42f, 0.04f, 0.38f, .turn = {90, 0, 0}, .round = 0.02f),
	TORUS(SECOND, 0, 0.5f, 0.025f, 0.39f, 0.032f, .turn = {90, 0, 0}),
	BALL(SECOND, 0, 0.5f, 0.02f, 0.105f),
	BOX(SECOND, 0, 0.5f, 0.035f, 0.035f, 0.36f, 0.02f, 0.012f),
	BOX(SECOND, 0, 0.5f, 0.035f, 0.36f, 0.035f, 0.02f, 0.012f),
	BALL(ACCENT, 0.2f, 0.7f, 0.045f, 0.035f, .mirror = true),
	BALL(ACCENT, 0.2f, 0.3f, 0.045f, 0.035f, .mirror = true),
	TUBE(WOOD, 0.1f, 0.01f, -0.22f, 0.05f, 0.6f, -0.02f, 0.022f, 0.018f, .mirror = true),
};

static const struct part guitar[] = {
	ELLIPSOID(MAIN, 0, 0.24f, 0, 0.24f, 0.21f, 0.065f),
	ELLIPSOID(MAIN, 0, 0.46f, 0, 0.175f, 0.15f, 0.06f, .blend = 0.09f),
	CONE(INK, 0, 0.4f, 0.055f, 0.07f, 0.02f, 0.07f, .turn = {90, 0, 0}),
	TORUS(ACCENT, 0, 0.4f, 0.066f, 0.075f, 0.011f, .turn = {90, 0, 0}),
	BOX(SECOND, 0, 0.76f, 0.055f, 0.03f, 0.28f, 0.02f, 0.01f),
	BOX(SECOND, 0, 1.09f, 0.045f, 0.05f, 0.08f, 0.018f, 0.012f, .turn = {-8, 0, 0}),
	BOX(INK, 0, 0.19f, 0.07f, 0.08f, 0.018f, 0.012f, 0.006f),
	TUBE(STEEL, 0.009f, 0.19f, 0.085f, 0.009f, 1.04f, 0.08f, 0.0035f, 0.0035f, .mirror = true),
	TUBE(STEEL, 0.02f, 0.19f, 0.085f, 0.02f, 1.04f, 0.08f, 0.0035f, 0.0035f, .mirror = true),
	BALL(STEEL, 0.062f, 1.05f, 0.045f, 0.016f, .mirror = true),
	BALL(STEEL, 0.062f, 1.12f, 0.038f, 0.016f, .mirror = true),
};

static const struct part book[] = {
	BOX(MAIN, 0, 0.04f, 0, 0.34f, 0.018f, 0.26f, 0.008f),
	BOX(WHITE, 0.01f, 0.12f, 0, 0.31f, 0.08f, 0.24f, 0.006f),
	BOX(MAIN, 0, 0.205f, 0, 0.34f, 0.018f, 0.26f, 0.008f),
	BOX(MAIN, -0.33f, 0.12f, 0, 0.02f, 0.095f, 0.26f, 0.018f),
	BOX(ACCENT, 0.05f, 0.222f, 0, 0.18f, 0.006f, 0.03f, 0.003f),
	STAR(ACCENT, 5, 0.05f, 0.222f, 0.1f, 0.08f, 0.035f, 0.008f, .turn = {-90, 0, 0}),
	BOX(RED, 0.2f, 0.06f, 0.26f, 0.02f, 0.06f, 0.006f, 0.002f),
};

static const struct part crown[] = {
	CONE(MAIN, 0, 0.09f, 0, 0.3f, 0.09f, 0.32f),
	CONE(MAIN, 0, 0.14f, 0, 0.25f, 0.16f, 0.29f, .cut = true),
	TORUS(MAIN, 0, 0.03f, 0, 0.3f, 0.034f),
	CONE(MAIN, 0.3f, 0.24f, 0, 0.08f, 0.11f, 0.01f, .around = 7),
	BALL(ACCENT, 0.305f, 0.36f, 0, 0.036f, .around = 7),
	ELLIPSOID(SECOND, 0.322f, 0.12f, 0, 0.024f, 0.04f, 0.034f, .around = 7),
	ELLIPSOID(EXTRA, 0, 0.06f, 0, 0.27f, 0.16f, 0.27f),
};

static const struct part hat[] = {
	CONE(MAIN, 0, 0.016f, 0, 0.42f, 0.016f, 0.41f),
	CONE(MAIN, 0, 0.22f, 0, 0.25f, 0.21f, 0.27f),
	CONE(SECOND, 0, 0.075f, 0, 0.258f, 0.045f, 0.26f),
	BOX(ACCENT, 0, 0.075f, 0.258f, 0.05f, 0.05f, 0.012f, 0.006f),
};

static const struct part donut[] = {
	TORUS(MAIN, 0, 0.17f, 0, 0.28f, 0.16f),
	TORUS(SECOND, 0, 0.205f, 0, 0.28f, 0.145f, .rough = 0.012f, .rough_size = 0.1f),
	TUBE(ACCENT, 0.22f, 0.342f, 0.02f, 0.26f, 0.35f, 0.05f, 0.013f, 0.013f, .around = 9),
	TUBE(WHITE, 0.36f, 0.325f, 0.02f, 0.37f, 0.315f, -0.04f, 0.013f, 0.013f, .around = 8),
	TUBE(EXTRA, 0.3f, 0.352f, -0.06f, 0.33f, 0.346f, -0.08f, 0.013f, 0.013f, .around = 7),
};

static const struct part cake[] = {
	CONE(WHITE, 0, 0.015f, 0, 0.42f, 0.016f, 0.43f),
	CONE(MAIN, 0, 0.16f, 0, 0.34f, 0.14f, 0.34f, .round = 0.03f),
	CONE(SECOND, 0, 0.4f, 0, 0.23f, 0.11f, 0.23f, .round = 0.03f),
	BALL(WHITE, 0.33f, 0.04f, 0, 0.045f, .around = 18),
	BALL(WHITE, 0.225f, 0.31f, 0, 0.036f, .around = 13),
	ELLIPSOID(ACCENT, 0.315f, 0.27f, 0, 0.045f, 0.06f, 0.045f, .around = 12),
	BALL(RED, 0.17f, 0.53f, 0, 0.042f, .around = 7),
	TUBE(EXTRA, 0, 0.5f, 0, 0, 0.68f, 0, 0.02f, 0.02f),
	ELLIPSOID(GLOW, 0, 0.735f, 0, 0.02f, 0.042f, 0.02f),
};

static const struct part burger[] = {
	CONE(MAIN, 0, 0.09f, 0, 0.33f, 0.08f, 0.35f, .round = 0.05f),
	CONE(SECOND, 0, 0.2f, 0, 0.36f, 0.045f, 0.36f, .round = 0.035f, .rough = 0.012f,
	     .rough_size = 0.05f),
	BOX(GOLD, 0, 0.26f, 0, 0.3f, 0.014f, 0.3f, 0.01f, .turn = {0, 20, 0}),
	CONE(RED, 0, 0.295f, 0, 0.33f, 0.024f, 0.33f),
	TORUS(LEAF, 0, 0.325f, 0, 0.33f, 0.035f, .rough = 0.025f, .rough_size = 0.05f),
	ELLIPSOID(MAIN, 0, 0.35f, 0, 0.36f, 0.25f, 0.36f),
	ELLIPSOID(WHITE, 0.18f, 0.565f, 0, 0.016f, 0.011f, 0.026f, .around = 8,
		  .turn = {0, 0, -25}),
	ELLIPSOID(WHITE, 0.28f, 0.5f, 0.05f, 0.016f, 0.011f, 0.026f, .around = 10,
		  .turn = {0, 0, -45}),
};

static const struct part icecream[] = {
	CONE(MAIN, 0, 0.33f, 0, 0.03f, 0.27f, 0.19f),
	TORUS(MAIN, 0, 0.59f, 0, 0.18f, 0.032f),
	BALL(SECOND, 0, 0.72f, 0, 0.2f, .rough = 0.012f, .rough_size = 0.05f),
	BALL(ACCENT, 0.01f, 0.96f, 0, 0.165f, .rough = 0.012f, .rough_size = 0.05f),
	BALL(RED, 0.01f, 1.14f, 0, 0.06f),
	BEND(LEAF, 0.01f, 1.18f, 0, 0.02f, 1.26f, 0, 0.08f, 1.28f, 0, 0.009f, 0.007f),
	CONE(STEEL, 0, 0.03f, 0, 0.17f, 0.035f, 0.12f),
	TUBE(STEEL, 0, 0.05f, 0, 0, 0.12f, 0, 0.05f, 0.07f),
};

static const float trophy_outline[][2] = {{0, 0.4f},      {0.04f, 0.4f},  {0.17f, 0.5f},
					  {0.24f, 0.68f}, {0.26f, 0.92f}, {0.22f, 0.92f},
					  {0.19f, 0.68f}, {0.12f, 0.55f}, {0, 0.5f}};
static const struct profile trophy_profile = {trophy_outline, 9};
static const struct part trophy[] = {
	LATHE(MAIN, 0, 0, 0, trophy_profile, .round = 0.012f),
	BEND(MAIN, 0.24f, 0.86f, 0, 0.5f, 0.88f, 0, 0.19f, 0.56f, 0, 0.022f, 0.022f, .mirror = true,
	     .blend = 0.02f),
	CONE(MAIN, 0, 0.3f, 0, 0.1f, 0.12f, 0.035f),
	BALL(MAIN, 0, 0.4f, 0, 0.06f),
	BOX(SECOND, 0, 0.09f, 0, 0.18f, 0.09f, 0.18f, 0.012f),
	BOX(MAIN, 0, 0.09f, 0.178f, 0.1f, 0.045f, 0.01f, 0.004f),
	STAR(ACCENT, 5, 0, 0.73f, 0.23f, 0.09f, 0.042f, 0.02f),
};

static const struct part cube[] = {
	BOX(MAIN, 0, 0.4f, 0, 0.4f, 0.4f, 0.4f, 0.08f),
	BALL(SECOND, 0, 0.4f, 0.41f, 0.085f),
	BALL(SECOND, 0.41f, 0.6f, 0.2f, 0.075f),
	BALL(SECOND, 0.41f, 0.2f, -0.2f, 0.075f),
	BALL(SECOND, 0.2f, 0.81f, 0.2f, 0.075f),
	BALL(SECOND, -0.2f, 0.81f, -0.2f, 0.075f),
	BALL(SECOND, 0, 0.81f, 0, 0.075f),
	BALL(SECOND, -0.41f, 0.6f, 0.2f, 0.075f),
	BALL(SECOND, -0.41f, 0.2f, -0.2f, 0.075f),
};

static const struct part ball[] = {
	BALL(MAIN, 0, 0.4f, 0, 0.4f),
	TORUS(SECOND, 0, 0.4f, 0, 0.398f, 0.016f, .turn = {90, 0, 20}),
	TORUS(SECOND, 0, 0.4f, 0, 0.398f, 0.016f, .turn = {0, 0, 20}),
	CONE(ACCENT, 0, 0.02f, 0, 0.2f, 0.02f, 0.17f),
};

static const struct part camera[] = {
	BOX(MAIN, 0, 0.3f, 0, 0.4f, 0.25f, 0.14f, 0.05f),
	BOX(SECOND, 0, 0.5f, 0, 0.385f, 0.06f, 0.13f, 0.03f),
	BOX(SECOND, 0, 0.58f, 0, 0.13f, 0.06f, 0.1f, 0.025f, .blend = 0.02f),
	CONE(INK, 0, 0.29f, 0.2f, 0.2f, 0.1f, 0.18f, .turn = {90, 0, 0}),
	TORUS(SECOND, 0, 0.29f, 0.29f, 0.165f, 0.024f, .turn = {90, 0, 0}),
	ELLIPSOID(GLASS, 0, 0.29f, 0.29f, 0.14f, 0.14f, 0.05f),
	CONE(ACCENT, 0.28f, 0.59f, 0, 0.05f, 0.035f, 0.05f),
	CONE(SECOND, -0.27f, 0.59f, 0, 0.075f, 0.03f, 0.07f),
	BALL(RED, -0.3f, 0.44f, 0.13f, 0.024f),
	BOX(GLASS, 0, 0.59f, 0.1f, 0.07f, 0.03f, 0.01f, 0.006f),
};

static const struct part chest[] = {
	BOX(MAIN, 0, 0.19f, 0, 0.4f, 0.19f, 0.25f, 0.015f),
	CONE(MAIN, 0, 0.38f, 0, 0.25f, 0.4f, 0.25f, .turn = {0, 0, 90}),
	BOX(ACCENT, 0, 0.38f, 0, 0.412f, 0.022f, 0.262f, 0.008f),
	BOX(ACCENT, 0.26f, 0.19f, 0, 0.035f, 0.192f, 0.264f, 0.008f, .mirror = true),
	TORUS(ACCENT, 0.26f, 0.38f, 0, 0.248f, 0.018f, .mirror = true, .turn = {0, 0, 90}),
	BOX(ACCENT, 0, 0.36f, 0.26f, 0.06f, 0.075f, 0.022f, 0.012f),
	BALL(INK, 0, 0.36f, 0.285f, 0.018f),
	BOX(ACCENT, 0, 0.02f, 0, 0.412f, 0.022f, 0.262f, 0.008f),
};

static const struct part candle[] = {
	CONE(MAIN, 0, 0.32f, 0, 0.11f, 0.25f, 0.105f, .round = 0.02f),
	TUBE(MAIN, 0.1f, 0.55f, 0, 0.118f, 0.4f, 0, 0.022f, 0.026f, .around = 4, .blend = 0.02f),
	TUBE(INK, 0, 0.56f, 0, 0, 0.64f, 0, 0.009f, 0.007f),
	ELLIPSOID(GLOW, 0, 0.73f, 0, 0.045f, 0.1f, 0.045f),
	CONE(SECOND, 0, 0.05f, 0, 0.24f, 0.03f, 0.26f),
	CONE(SECOND, 0, 0.1f, 0, 0.13f, 0.05f, 0.13f),
	TORUS(SECOND, 0.3f, 0.08f, 0, 0.06f, 0.018f, .turn = {90, 0, 0}),
};

static const float bell_outline[][2] = {{0, 0.2f},      {0.34f, 0.16f}, {0.3f, 0.24f},
					{0.23f, 0.36f}, {0.2f, 0.56f},  {0.15f, 0.7f},
					{0, 0.76f}};
static const struct profile bell_profile = {bell_outline, 7};
static const struct part bell[] = {
	LATHE(MAIN, 0, -0.04f, 0, bell_profile, .round = 0.015f),
	TORUS(MAIN, 0, 0.13f, 0, 0.335f, 0.03f),
	TORUS(SECOND, 0, 0.8f, 0, 0.08f, 0.026f, .turn = {90, 0, 0}),
	TORUS(SECOND, 0, 0.33f, 0, 0.225f, 0.013f),
	BALL(SECOND, 0, 0.09f, 0, 0.085f),
};

static const float pawn_outline[][2] = {
	{0, 0},         {0.25f, 0},     {0.26f, 0.07f}, {0.18f, 0.12f}, {0.16f, 0.2f},
	{0.09f, 0.42f}, {0.08f, 0.56f}, {0.15f, 0.6f},  {0.08f, 0.64f}, {0, 0.64f}};
static const struct profile pawn_profile = {pawn_outline, 10};
static const struct part pawn[] = {
	LATHE(MAIN, 0, 0, 0, pawn_profile, .round = 0.012f),
	BALL(MAIN, 0, 0.77f, 0, 0.155f, .blend = 0.02f),
	TORUS(SECOND, 0, 0.08f, 0, 0.25f, 0.016f),
};

static const struct part gift[] = {
	BOX(MAIN, 0, 0.26f, 0, 0.33f, 0.26f, 0.33f, 0.015f),
	BOX(MAIN, 0, 0.53f, 0, 0.36f, 0.06f, 0.36f, 0.015f),
	BOX(SECOND, 0, 0.3f, 0, 0.06f, 0.3f, 0.37f, 0.01f),
	BOX(SECOND, 0, 0.3f, 0, 0.37f, 0.3f, 0.06f, 0.01f),
	TORUS(SECOND, 0.12f, 0.69f, 0, 0.1f, 0.032f, .mirror = true, .turn = {90, 0, 25}),
	BALL(SECOND, 0, 0.62f, 0, 0.06f),
};

static const struct part hammer[] = {
	TUBE(SECOND, 0, 0.05f, 0, 0, 0.72f, 0, 0.045f, 0.04f),
	BOX(MAIN, 0, 0.78f, 0, 0.26f, 0.12f, 0.13f, 0.025f),
	BOX(ACCENT, 0.2f, 0.78f, 0, 0.022f, 0.128f, 0.138f, 0.02f, .mirror = true),
	TORUS(ACCENT, 0, 0.1f, 0, 0.044f, 0.014f),
	TORUS(ACCENT, 0, 0.62f, 0, 0.042f, 0.014f),
	BALL(ACCENT, 0, 0.03f, 0, 0.055f),
};

static const struct part clock[] = {
	CONE(MAIN, 0, 0.5f, 0, 0.4f, 0.09f, 0.4f, .turn = {90, 0, 0}, .round = 0.03f),
	CONE(WHITE, 0, 0.5f, 0.085f, 0.33f, 0.014f, 0.33f, .turn = {90, 0, 0}),
	TUBE(INK, 0, 0.5f, 0.11f, -0.1f, 0.64f, 0.11f, 0.017f, 0.012f),
	TUBE(INK, 0, 0.5f, 0.11f, 0.19f, 0.6f, 0.11f, 0.014f, 0.01f),
	BALL(ACCENT, 0, 0.5f, 0.11f, 0.03f),
	BOX(INK, 0, 0.5f, 0.1f, 0.012f, 0.29f, 0.004f, 0.002f),
	BOX(INK, 0, 0.5f, 0.1f, 0.29f, 0.012f, 0.004f, 0.002f),
	CONE(WHITE, 0, 0.5f, 0.1f, 0.25f, 0.008f, 0.25f, .turn = {90, 0, 0}),
	ELLIPSOID(SECOND, 0.22f, 0.9f, 0, 0.13f, 0.09f, 0.1f, .mirror = true, .turn = {0, 0, -35}),
	TUBE(SECOND, 0.2f, 0.2f, 0, 0.3f, 0.03f, 0, 0.03f, 0.034f, .mirror = true),
	TUBE(SECOND, 0, 0.9f, 0, 0, 1.02f, 0, 0.024f, 0.03f),
};

static const struct subject things_list[] = {
	{.words = "throne|armchair|couch|sofa|bed",
	 SUBJECT_PARTS(throne),
	 .seat = 0.45f,
	 .paints = {{.srgb = 0xd9a33c, .rough = 0.25f, .metal = 0.9f},
		    {.srgb = 0xa3202f, .rough = 0.85f},
		    {.srgb = 0xc8324a, .rough = 0.1f}}},
	{.words = "chair|stool|seat|bench",
	 SUBJECT_PARTS(chair),
	 .seat = 0.48f,
	 .paints = {{.srgb = 0xa8713f, .second = 0x7c4e28, .rough = 0.6f, .pattern = GRAIN},
		    {.srgb = 0xc4504a, .rough = 0.85f}}},
	{.words = "table|desk|workbench|piano",
	 SUBJECT_PARTS(table),
	 .seat = 0.52f,
	 .paints = {{.srgb = 0xb27c48, .second = 0x85572e, .rough = 0.55f, .pattern = GRAIN},
		    {.srgb = 0x8d5c33, .rough = 0.6f},
		    {.srgb = 0xe9e4da, .rough = 0.4f}}},
	{.words = "lamp|light|lampshade|light bulb|torch|chandelier",
	 SUBJECT_PARTS(lamp),
	 .paints = {{.srgb = 0xf2dfb6, .rough = 0.8f, .glow = 0.12f},
		    {.srgb = 0xb58a45, .rough = 0.3f, .metal = 0.9f},
		    {.srgb = 0x8a5a33, .rough = 0.5f}}},
	{.words = "cup|mug|coffee|tea|glass cup|goblet|chalice",
	 SUBJECT_PARTS(cup),
	 .traits = TRAIT_HELD,
	 .paints = {{.srgb = 0x3f7f9c, .rough = 0.2f},
		    {.srgb = 0x4a2a17, .rough = 0.1f},
		    {.srgb = 0xf4efe6, .rough = 0.3f}},
	 .metres = 0.3f},
	{.words = "teapot|kettle|utah teapot",
	 SUBJECT_PARTS(teapot),
	 .paints = {{.srgb = 0xf1ede6, .rough = 0.15f}, {.srgb = 0x2f5fae, .rough = 0.2f}},
	 .metres = 0.4f},
	{.words = "vase|urn|pot|amphora|jar|pottery",
	 SUBJECT_PARTS(vase),
	 .paints = {{.srgb = 0xc56f46,
		     .second = 0xa85a36,
		     .rough = 0.5f,
		     .pattern = BANDS,
		     .size = 0.14f},
		    {.srgb = 0x2d2a2b, .rough = 0.4f},
		    {.srgb = 0xe8c890, .rough = 0.4f}}},
	{.words = "bottle|potion|flask|wine|perfume",
	 SUBJECT_PARTS(bottle),
	 .traits = TRAIT_HELD,
	 .paints = {{.srgb = 0x3f9a6a, .rough = 0.06f, .metal = 0.15f},
		    {.srgb = 0xf2e8cf, .rough = 0.7f},
		    {.srgb = 0xc93a3a, .rough = 0.5f}}},
	{.words = "sword|katana|blade|dagger|knife|lightsaber|excalibur|saber",
	 SUBJECT_PARTS(sword),
	 .traits = TRAIT_HELD,
	 .paints = {{.srgb = 0xc41f3a, .rough = 0.1f},
		    {.srgb = 0x5a3722, .rough = 0.7f},
		    {.srgb = 0xe0aa3c, .rough = 0.25f, .metal = 1}}},
	{.words = "shield|buckler",
	 SUBJECT_PARTS(shield),
	 .traits = TRAIT_HELD,
	 .paints = {{.srgb = 0x2f5aa8, .rough = 0.4f},
		    {.srgb = 0xc9a24a, .rough = 0.3f, .metal = 1},
		    {.srgb = 0xdedede, .rough = 0.3f, .metal = 1}}},
	{.words = "hammer|mjolnir|axe|mallet|tool|wrench",
	 SUBJECT_PARTS(hammer),
	 .traits = TRAIT_HELD,
	 .paints = {{.srgb = 0x8f979f, .rough = 0.4f, .metal = 0.9f},
		    {.srgb = 0x7b4b29, .rough = 0.7f},
		    {.srgb = 0xc9a24a, .rough = 0.3f, .metal = 1}}},
	{.words = "guitar|violin|ukulele|banjo|cello|electric guitar|lute",
	 SUBJECT_PARTS(guitar),
	 .traits = TRAIT_HELD,
	 .paints = {{.srgb = 0xc9823c, .second = 0xa5622a, .rough = 0.25f, .pattern = GRAIN},
		    {.srgb = 0x4f3020, .rough = 0.5f},
		    {.srgb = 0xf0e2c0, .rough = 0.5f}}},
	{.words = "book|tome|spellbook|notebook|laptop",
	 SUBJECT_PARTS(book),
	 .seat = 0.22f,
	 .traits = TRAIT_HELD,
	 .paints = {{.srgb = 0x7a2b34, .rough = 0.6f},
		    {.srgb = 0x7a2b34, .rough = 0.6f},
		    {.srgb = 0xe0b04a, .rough = 0.3f, .metal = 1}}},
	{.words = "crown|tiara|diadem",
	 SUBJECT_PARTS(crown),
	 .traits = TRAIT_WORN,
	 .paints = {{.srgb = 0xecb63c, .rough = 0.2f, .metal = 1},
		    {.srgb = 0xd0213f, .rough = 0.08f},
		    {.srgb = 0xf4f1ea, .rough = 0.2f},
		    {.srgb = 0x8c1f36, .rough = 0.9f}}},
	{.words = "hat|top hat|cap|fedora|cowboy hat|helmet|beanie",
	 SUBJECT_PARTS(hat),
	 .traits = TRAIT_WORN,
	 .paints = {{.srgb = 0x2a2b31, .rough = 0.6f},
		    {.srgb = 0xa32d3a, .rough = 0.6f},
		    {.srgb = 0xd9b04a, .rough = 0.3f, .metal = 1}}},
	{.words = "donut|doughnut|bagel|cookie|tire|pretzel",
	 SUBJECT_PARTS(donut),
	 .paints = {{.srgb = 0xd69a55, .rough = 0.7f},
		    {.srgb = 0xf07fb2, .rough = 0.2f},
		    {.srgb = 0x4fb7e8, .rough = 0.3f},
		    {.srgb = 0xf7d24a, .rough = 0.3f}},
	 .metres = 0.3f},
	{.words = "cake|birthday cake|cupcake|wedding cake|pie|muffin",
	 SUBJECT_PARTS(cake),
	 .paints = {{.srgb = 0xf5c3d2, .rough = 0.5f},
		    {.srgb = 0xfdeee6, .rough = 0.5f},
		    {.srgb = 0x6a3a24, .rough = 0.3f},
		    {.srgb = 0x57b7e0, .rough = 0.4f}}},
	{.words = "burger|hamburger|cheeseburger|sandwich|pizza|taco|food",
	 SUBJECT_PARTS(burger),
	 .paints = {{.srgb = 0xd9964a, .second = 0xc27d34, .rough = 0.45f, .pattern = MOTTLED},
		    {.srgb = 0x5a321f, .rough = 0.8f}},
	 .metres = 0.3f},
	{.words = "ice cream|icecream|gelato|cone|popsicle",
	 SUBJECT_PARTS(icecream),
	 .paints = {{.srgb = 0xd8a05a,
		     .second = 0xb57d3c,
		     .rough = 0.7f,
		     .pattern = CHECKS,
		     .size = 0.07f},
		    {.srgb = 0xf3a7c0, .rough = 0.6f},
		    {.srgb = 0xfbf0d2, .rough = 0.6f}},
	 .metres = 0.3f},
	{.words = "trophy|medal|award|prize|grail",
	 SUBJECT_PARTS(trophy),
	 .traits = TRAIT_HELD,
	 .paints = {{.srgb = 0xe9b53e, .rough = 0.18f, .metal = 1},
		    {.srgb = 0x2c2a2c, .rough = 0.3f},
		    {.srgb = 0xf8e19a, .rough = 0.2f, .metal = 1}}},
	{.words = "cube|dice|die|box|block|brick",
	 SUBJECT_PARTS(cube),
	 .paints = {{.srgb = 0xd93a3e, .rough = 0.2f}, {.srgb = 0xf8f6f1, .rough = 0.3f}},
	 .metres = 0.3f},
	{.words = "ball|sphere|football|basketball|orb|bowling ball|soccer ball|balloon",
	 SUBJECT_PARTS(ball),
	 .paints = {{.srgb = 0xe07a2f, .rough = 0.5f},
		    {.srgb = 0x2a2622, .rough = 0.6f},
		    {.srgb = 0x3d4148, .rough = 0.5f}},
	 .metres = 0.4f},
	{.words = "camera|phone|smartphone|television|tv|radio|computer|console|microphone",
	 SUBJECT_PARTS(camera),
	 .paints = {{.srgb = 0x2d3036, .rough = 0.7f},
		    {.srgb = 0xb9bec5, .rough = 0.3f, .metal = 0.9f},
		    {.srgb = 0xd9433a, .rough = 0.3f}},
	 .metres = 0.3f},
	{.words = "chest|treasure|treasure chest|coffin|trunk|loot|crate|barrel|suitcase",
	 SUBJECT_PARTS(chest),
	 .paints = {{.srgb = 0x8a572f, .second = 0x67401f, .rough = 0.65f, .pattern = GRAIN},
		    {.srgb = 0x8a572f},
		    {.srgb = 0xdba53c, .rough = 0.3f, .metal = 1}}},
	{.words = "candle|fire|flame|campfire",
	 SUBJECT_PARTS(candle),
	 .paints = {{.srgb = 0xf5ecd6, .rough = 0.5f},
		    {.srgb = 0xb98d45, .rough = 0.3f, .metal = 1}},
	 .metres = 0.3f},
	{.words = "bell|gong|chime",
	 SUBJECT_PARTS(bell),
	 .paints = {{.srgb = 0xd9a441, .rough = 0.22f, .metal = 1},
		    {.srgb = 0xa87a30, .rough = 0.3f, .metal = 1}}},
	{.words = "pawn|chess|chess piece|bishop|rook|chessboard",
	 SUBJECT_PARTS(pawn),
	 .paints = {{.srgb = 0xe9d9b8, .second = 0xcbb48a, .rough = 0.35f, .pattern = GRAIN},
		    {.srgb = 0x8a5a2e, .rough = 0.4f}},
	 .metres = 0.3f},
	{.words = "gift|present|package|parcel|giftbox",
	 SUBJECT_PARTS(gift),
	 .paints = {{.srgb = 0xc62f3b, .rough = 0.35f},
		    {.srgb = 0xf2c94c, .rough = 0.25f, .metal = 0.4f}}},
	{.words = "clock|alarm clock|watch|timer",
	 SUBJECT_PARTS(clock),
	 .paints = {{.srgb = 0xd8443c, .rough = 0.25f},
		    {.srgb = 0xcfd4da, .rough = 0.2f, .metal = 0.95f},
		    {.srgb = 0xe0aa3c, .rough = 0.25f, .metal = 1}}},
};
FAMILY(things);
