/* enter.h - how a server is entered: who asks, before anything else is done. */
#ifndef MAIN_ENTER_H
#define MAIN_ENTER_H

#include "access/sign_in.h"
#include "http/http.h"

/* For http_setup. place->entrance must be set. */
http_enter enter;
http_leave leave;
http_across across;

#endif
