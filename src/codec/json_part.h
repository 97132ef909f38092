#ifndef PRISMFED_CODEC_JSON_PART_H
#define PRISMFED_CODEC_JSON_PART_H

#include "codec/json.h"

/* Parts of what json_render() writes. */

void json_part_string(struct bytes text, struct buf *out); /* UTF-8; with its quotes */
/* As it stands so deep in a document. */
void json_part_value(const json_t *value, unsigned depth, struct buf *out);

#endif
