/* limits.h - sizes that several modules must agree on. */
#ifndef OHM_LIMITS_H
#define OHM_LIMITS_H

enum { OHM_METRICS_MAX = 64 }; /* metrics of a study: columns m0 ... m63 of the run log */

#endif
