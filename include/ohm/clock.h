/* clock.h - how long things take. */
#ifndef OHM_CLOCK_H
#define OHM_CLOCK_H

/* Seconds since some moment in the past; never goes back. For differences only. */
double ohm_now_s(void);

#endif
