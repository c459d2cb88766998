/* bulk_pull.h - what another FHIR server exports in bulk (FHIR Bulk Data, $export), fetched. For fhir_pull.c.
 *
 *	asked      $export of what changed since the last time; its address of the job is remembered
 *	waited     until the server has its files; the manifest is remembered
 *	fetched    a file at a time, Patients first, to a file without a name here, then told line by line by
 *	           several threads; each file finished is remembered
 *	ended      the time of the export is remembered, and the server told that it may forget the job
 *
 * Every step is durable before the next, so that killed anywhere it goes on there; of a file that was on its way
 * what is in the record already costs one look. Memory: a few lines, however long the files.
 */
#ifndef FEED_BULK_PULL_H
#define FEED_BULK_PULL_H

#include "feed/remote.h"

/* As far as it goes without waiting: out->wait. */
NODISCARD enum err bulk_pull(struct ctx *c, struct remote *r, const struct progress *progress,
			     struct pull_count *out);

#endif
