/* weight_map.h - how weights are cut, scaled, clipped and brought to the range of a tile.
 *
 * Matrices are [columns][rows]: the weights of an output of the tile lie side by side. Rules and their defaults are
 * those of aihwkit 1.1.0. */
#ifndef OHM_WEIGHT_MAP_H
#define OHM_WEIGHT_MAP_H

#include <stdbool.h>

/* Parts of a length of n under a limit (0: none), as equal as can be, the larger ones first. */
int ohm_parts(int n, int limit);
int ohm_part(int n, int limit, int index, int *first); /* length; where it begins */

/* scale = largest absolute weight / omega, of the whole or of each column; 1 where all are 0. w is divided by it. */
void ohm_scale_weights(float *w, float *scale, int columns, int rows, double omega, bool by_column);

/* ---- after a step of training ---- */

void ohm_clip_fixed(float *w, int n, double limit);
/* At `sigmas` standard deviations (of a sample) of all weights on both sides of 0. */
void ohm_clip_gaussian(float *w, int n, double sigmas);
/* At the mean over columns of their largest absolute weight. */
void ohm_clip_column_mean(float *w, int columns, int rows);
/* Brings the largest absolute weight to 1, of the whole or of each column; scale[columns] takes the factor. */
void ohm_remap_weights(float *w, float *scale, int columns, int rows, bool by_column);

#endif
