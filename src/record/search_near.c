/* search_near.c - Location?near=latitude|longitude|distance|unit.
 *
 * The index holds each Location's latitude and longitude. A box of both that holds the whole circle
 * is gathered, and each Location in it asked how far away it is, along the great circle of a sphere.
 * These are doubles, as nobody measures to the last digit of a decimal here.
 */
#include "record/search_part.h"

#include <math.h>

#define PI 3.14159265358979323846
#define EARTH_KM 6371.0088    /* mean radius */
#define DEGREE_KM 111.1950797 /* of latitude: PI * EARTH_KM / 180 */
#define DEFAULT_KM 50.0       /* when no distance is written */
#define FARTHEST_KM 20016.0   /* to the other side */
#define SLACK 1e-6            /* degrees that a box is larger, for what rounding takes */

static const struct unit {
	const char *name;
	double km;
} units[] = {
	{ "", 1 },
	{ "km", 1 },
	{ "m", 0.001 },
	{ "mi", 1.609344 },
	{ "[mi_i]", 1.609344 },
	{ "[mi_us]", 1.609347219 },
	{ "[ft_i]", 0.0003048 },
};

/* A number from -most to most; empty: `otherwise`. */
static bool parse_double(struct str text, double most, double *out)
{
	struct dec d;

	if (!dec_parse(text, &d))
		return false;
	*out = dec_to_double(d);
	return fabs(*out) <= most;
}

static bool parse_distance(struct str distance, struct str unit, double *out)
{
	*out = DEFAULT_KM;
	for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
		if (!str_is(unit, units[i].name))
			continue;
		if (distance.len == 0)
			return true;
		if (!parse_double(distance, 1e9, out))
			return false;
		*out *= units[i].km;
		return *out >= 0;
	}
	return false;
}

enum err near_value(struct ctx *c, const struct condition *condition, struct str text,
		    size_t at, struct value *out)
{
	struct str latitude = search_cut(&text, '|'), longitude = search_cut(&text, '|');
	struct str distance = search_cut(&text, '|');
	struct near near;

	if (parse_double(latitude, 90, &near.latitude) &&
	    parse_double(longitude, 180, &near.longitude) &&
	    parse_distance(distance, text, &near.km)) {
		out->near = near;
		return OK;
	}
	return fail(c, ERR_BAD_REQUEST,
		    "Value %zu of '" STR_FMT "' is not latitude|longitude|distance|unit with a "
		    "unit of km, m, mi, [mi_i], [mi_us] or [ft_i].",
		    at, STR_ARG(condition->as));
}

/* ---- how far ---- */

static double radians(double degrees)
{
	return degrees * (PI / 180);
}

/* By the haversine formula, which keeps its precision for what is close. */
static double distance_km(double lat1, double lon1, double lat2, double lon2)
{
	double lat = sin(radians(lat2 - lat1) / 2), lon = sin(radians(lon2 - lon1) / 2);
	double h = lat * lat + cos(radians(lat1)) * cos(radians(lat2)) * lon * lon;

	return 2 * EARTH_KM * asin(sqrt(h < 1 ? h : 1));
}

static enum err is_near(struct scope *sc, const struct node *resource, const void *arg,
			bool *out)
{
	const struct near *near = arg;
	double latitude, longitude;

	(void)sc;
	*out = parse_double(node_text(node_path(resource, "position.latitude")), 90,
			    &latitude) &&
	       parse_double(node_text(node_path(resource, "position.longitude")), 360,
			    &longitude) &&
	       distance_km(near->latitude, near->longitude, latitude, longitude) <= near->km;
	return OK;
}

/* ---- the box around the circle ---- */

static struct str key_of(struct arena *a, double d)
{
	unsigned char key[DEC_SORT_MAX];
	size_t len = dec_sort_key(dec_from_double(d, 12), key);

	return (struct str){ arena_dup(a, key, len), len };
}

static struct box box_of(struct arena *a, double south, double north, double west, double east)
{
	return (struct box){
		{ .key = key_of(a, south - SLACK) },
		{ .key = key_of(a, north + SLACK) },
		{ .key = key_of(a, west - SLACK) },
		{ .key = key_of(a, east + SLACK) },
	};
}

/* One box, or two where the circle lies across the 180th meridian. */
unsigned near_boxes(struct arena *a, const struct near *near, struct box boxes[2])
{
	double km = near->km < FARTHEST_KM ? near->km : FARTHEST_KM;
	double height = km / DEGREE_KM;
	double south = near->latitude - height, north = near->latitude + height;

	if (south <= -90 || north >= 90) { /* a pole is within: all meridians meet there */
		boxes[0] = box_of(a, south, north, -360, 360);
		return 1;
	}
	/* The circle's widest place is nearer to the pole than its middle. */
	double width =
		asin(fmin(1, sin(km / EARTH_KM) / cos(radians(near->latitude)))) * 180 / PI;
	double west = near->longitude - width, east = near->longitude + width;
	boxes[0] = box_of(a, south, north, west, east);
	if (west >= -180 && east <= 180)
		return 1;
	boxes[1] = west < -180 ? box_of(a, south, north, west + 360, 360)
			       : box_of(a, south, north, -360, east - 360);
	return 2;
}

struct stream *near_stream(struct arena *a, struct stream *box, const struct near *near)
{
	return stream_check(a, box, is_near, near);
}
