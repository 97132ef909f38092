#ifndef PRISMFED_BASE_MUTATE_H
#define PRISMFED_BASE_MUTATE_H

/* Planted defects (docs/decisions/0005). MUTATE(NAME, wrong, right) is `right`, and stands where a check or a step
 * matters; `wrong` is what a careless author might have written there. Both are compiled, so that neither rots, and
 * the compiler drops the wrong one: the build never defines PLANTED. `./dev mutants NAME` defines it in a copy of the
 * tree, and a test must notice. A name stands for one defect, which may take two such expressions in one file. */

#ifndef PLANTED
#define PLANTED ""
#endif

#define MUTATE(NAME, wrong, right) (__builtin_strcmp(PLANTED, #NAME) == 0 ? (wrong) : (right))

#endif
