/* blend.h - what a message says goes into the Patient the place has.
 *
 * The newest statement wins, element by element, and nothing another organisation said is lost:
 *
 *	identifier   all of them, each once; a verified NHS number stands, one that conflicts with it is
 *	             kept with status 05 (conflict to be resolved)
 *	name, address  the new one comes first; the one it takes the place of stays, use old, with
 *	             period.end. An organisation that repeats what it said before says nothing new
 *	telecom      all of them; an organisation's own number of the same kind and use is replaced
 *	withdrawn    what the organisation said of an address or telecom goes, if nobody else says it; of
 *	             another member goes what there is
 *	birthDate, gender, deceased and the rest  the newest, unless it says less (a year for a day)
 *
 * Who said an element is told by an extension on it, so that repeating a message changes nothing.
 * Within identity/, by what unmerges, and by feeds that take something back.
 */
#ifndef IDENTITY_BLEND_H
#define IDENTITY_BLEND_H

#include "base/json.h"

/* Says of an element which organisation (valueUri) last said it. */
#define BLEND_SOURCE "https://causeway.example/fhir/StructureDefinition/said-by"

/* Put what `said` says into `known`, both Patients; `known` is changed and keeps its id and meta. Time
 * `now` in microseconds. Everything in `a`. */
void blend(struct arena *a, struct node *known, const struct node *said, struct str org,
	   int64_t now);
/* Say in a Patient that is to be blended that its sender takes `member` back ("telecom"). What the Patient says
 * of it besides is said anew. */
void blend_withdraw(struct arena *a, struct node *said, struct str member);
/* Mark what a new Patient's elements come from. */
void blend_first(struct arena *a, struct node *patient, struct str org);
/* Give an NHS number's identifier the verification status `code`. */
void nhs_identifier_mark(struct arena *a, struct node *identifier, const char *code);

#endif
