/* sound.h - names by how they sound, for the search parameter `phonetic`.
 *
 * The key is Metaphone (Lawrence Philips, "Hanging on the Metaphone", Computer Language 7(12),
 * December 1990), written from its published rules: consonants that sound alike share a letter,
 * vowels count only at the beginning. Catherine and Katherine, Steven and Stephen, Tredwell and
 * Treadwall agree. It is made for English; other languages' names fare worse, but no worse than
 * their spelling varies.
 */
#ifndef FHIR_SOUND_H
#define FHIR_SOUND_H

#include "fhir/param.h"

/* The key of the first word of `text` ("k0rn." for Katherine), in `a`; empty when there is no
 * letter a to z in it. It ends in a full stop, so that "begins with" means "is". */
struct str sound_key(struct arena *a, struct str text);
/* Is the parameter one that is kept by sound? */
bool param_sounds(const struct fhir_param *param);

#endif
