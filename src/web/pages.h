/* pages.h - the functions behind the addresses; routes.c lists them. */
#ifndef WEB_PAGES_H
#define WEB_PAGES_H

#include "web/page.h"

http_serve home_show, find_show, waiting_show, person_show, timeline_show, source_show,
<<<<<<< HEAD
	organisations_show, subscriptions_show, subscription_show, subscription_act,
	help_show, accessibility_show, static_show;
=======
	organisations_show, identity_show, identity_pair_show, identity_decide, identity_undo,
	identity_merges_show, identity_merges_undo, help_show, accessibility_show, static_show;
>>>>>>> 952ecb5 (web: who is who: pairs side by side, decided with a reason, taken back; merges)

#endif
